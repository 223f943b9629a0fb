"""The fastest Python that is still written as one would: urllib3, isal, msgspec and Polars.

With `ids` as third argument it asks as the program does: lists of ids, and one line for each id of a period or a document type.
"""

import sys
from typing import Generic, TypeVar

import polars as pl
import urllib3
from isal import igzip
from msgspec import Struct
from msgspec.json import Decoder

from xledger import AT_ONCE, OBJECTS, QUESTIONS, Xledger, table

Int, Text = int | None, str | None
Node = TypeVar("Node")


class Named(Struct, gc=False):
    dbId: Int = None
    code: Text = None
    description: Text = None
    name: Text = None
    companyNumber: Text = None


class Country(Struct, gc=False):
    country: Named | None = None


class Account(Struct, gc=False):
    dbId: int
    code: Text
    description: Text
    asset: bool | None
    liabilities: bool | None
    equity: bool | None
    revenue: bool | None
    cost: bool | None
    costWagesSalaries: bool | None
    costOfGoodsSold: bool | None
    costOtherOperating: bool | None
    finance: bool | None
    accountGroup: Named | None
    chartOfAccount: Named | None


class Supplier(Struct, gc=False):
    dbId: int
    ownerDbId: Int
    companyDbId: Int
    code: Text
    description: Text
    address: Country | None


class Period(Struct, gc=False):
    year: Int = None
    monthNumber: Int = None
    fiscalYear: Int = None
    fiscalPeriod: Int = None


class Voucher(Struct, gc=False):
    dbId: Int = None
    modifiedAt: Text = None
    transactionSource: Named | None = None


class Listed(Struct, gc=False):
    dbId: int
    ownerDbId: Int
    accountDbId: Int
    matchId: Int
    header: Voucher | None
    period: Period | None = None
    periodId: Int = None


class Reference(Struct, gc=False):
    periodId: Int
    period: Period | None
    header: Voucher | None


class ListedPayable(Struct, gc=False):
    dbId: int
    ownerDbId: Int
    matchId: Int
    headerTransactionSourceDbId: Int
    transactionHeader: Named | None


class Posted(Struct, gc=False):
    transactionNumber: Int = None
    postedDate: Text = None
    createdAt: Text = None


class Line(Struct, gc=False):
    dbId: int
    amount: Text
    invoiceAmount: Text
    taxAmount: Text
    companyDbId: Int
    glObject1DbId: Int
    glObject2DbId: Int
    glObject3DbId: Int
    glObject4DbId: Int
    glObject5DbId: Int
    currency: Named | None
    taxRule: Named | None
    header: Posted | None
    text: Text = None


class Payable(Struct, gc=False):
    dbId: int
    subledgerDbId: Int
    invoiceNumber: Text
    invoiceDate: Text
    dueDate: Text
    company: Named | None


class Object(Struct, gc=False):
    dbId: Int
    code: Text
    description: Text
    objectKind: Named | None


class Objects(Struct, gc=False):
    glObject1: Object | None
    glObject2: Object | None
    glObject3: Object | None
    glObject4: Object | None
    glObject5: Object | None


class Names(Struct, gc=False):
    owner: Named | None
    glDimension: Objects | None


class Edge(Struct, Generic[Node], gc=False):
    node: Node


class Connection(Struct, Generic[Node], gc=False):
    edges: list[Edge[Node]] | None


class Answer(Struct, Generic[Node], gc=False):
    data: dict[str, Connection[Node]]


NONE, NO_PERIOD, NO_VOUCHER, NO_POSTED, NO_COUNTRY = Named(), Period(), Voucher(), Posted(), Country()


def frames(node, columns):
    """What makes a frame of a page: the kind of its rows, and what makes columns of them."""
    decoder = Decoder(Answer[node], strict=False)

    def frame(body):
        [connection] = decoder.decode(body).data.values()
        return columns([edge.node for edge in connection.edges or ()])

    return frame


def numbers(values):
    return pl.Series(values, dtype=pl.Int64)


def texts(values):
    return pl.Series(values, dtype=pl.String)


def accounts(rows):
    kinds = [
        "asset" if row.asset
        else "liability" if row.liabilities
        else "equity" if row.equity
        else "revenue" if row.revenue
        else "cost" if row.cost or row.costWagesSalaries or row.costOfGoodsSold or row.costOtherOperating
        else "finance" if row.finance
        else None
        for row in rows
    ]  # fmt: skip
    return pl.DataFrame({
        "account": numbers([row.dbId for row in rows]),
        "account_code": texts([row.code for row in rows]),
        "account_name": texts([row.description for row in rows]),
        "account_group": texts([(row.accountGroup or NONE).description for row in rows]),
        "account_kind": texts(kinds),
        "chart": numbers([(row.chartOfAccount or NONE).dbId for row in rows]),
        "is_wages": pl.Series([row.costWagesSalaries for row in rows], dtype=pl.Boolean),
    })


def suppliers(rows):
    return pl.DataFrame({
        "supplier_id": numbers([row.dbId for row in rows]),
        "supplier_owner": numbers([row.ownerDbId or 0 for row in rows]),
        "supplier_company": numbers([row.companyDbId or None for row in rows]),
        "supplier_code": texts([row.code for row in rows]),
        "supplier_name": texts([row.description for row in rows]),
        "supplier_country_code": texts([((row.address or NO_COUNTRY).country or NONE).code for row in rows]),
    })


def listed(rows):
    """Without periods and the names of types, which other functions add."""
    vouchers = [row.header or NO_VOUCHER for row in rows]
    return pl.DataFrame({
        "line_id": numbers([row.dbId for row in rows]),
        "owner_id": numbers([row.ownerDbId or None for row in rows]),
        "account": numbers([row.accountDbId or None for row in rows]),
        "match_id": numbers([row.matchId or None for row in rows]),
        "voucher_id": numbers([voucher.dbId or None for voucher in vouchers]),
        "voucher_modified_at": texts([voucher.modifiedAt for voucher in vouchers]),
        "type": numbers([(voucher.transactionSource or NONE).dbId for voucher in vouchers]),
    })


def periods(rows):
    found = [row.period or NO_PERIOD for row in rows]
    return pl.DataFrame({
        "year": pl.Series([period.year for period in found], dtype=pl.Int32),
        "month": pl.Series([period.monthNumber for period in found], dtype=pl.Int32),
        "fiscal_year": pl.Series([period.fiscalYear for period in found], dtype=pl.Int32),
        "fiscal_period": pl.Series([period.fiscalPeriod for period in found], dtype=pl.Int32),
    })


def types(rows):
    kinds = [(row.header or NO_VOUCHER).transactionSource or NONE for row in rows]
    return pl.DataFrame({
        "document_type": texts([kind.code for kind in kinds]),
        "document_type_name": texts([kind.description for kind in kinds]),
    })


def listed_in_full(rows):
    return pl.concat([listed(rows), periods(rows), types(rows)], how="horizontal")


def listed_by_id(rows):
    return listed(rows).with_columns(numbers([row.periodId or None for row in rows]).alias("period"))


def references(rows):
    ids = pl.DataFrame({
        "period": numbers([row.periodId or None for row in rows]),
        "type": numbers([((row.header or NO_VOUCHER).transactionSource or NONE).dbId for row in rows]),
    })
    return pl.concat([ids, periods(rows), types(rows)], how="horizontal")


def payables(rows):
    return pl.DataFrame({
        "payable_id": numbers([row.dbId for row in rows]),
        "owner_id": numbers([row.ownerDbId or None for row in rows]),
        "match_id": numbers([row.matchId or None for row in rows]),
        "type": numbers([row.headerTransactionSourceDbId for row in rows]),
        "voucher_id": numbers([(row.transactionHeader or NONE).dbId or None for row in rows]),
    })


def lines(rows):
    posted = [row.header or NO_POSTED for row in rows]
    money = lambda values: texts(values).cast(pl.Decimal(18, 4))
    return pl.DataFrame({
        "line_id": numbers([row.dbId for row in rows]),
        "text": texts([row.text or None for row in rows]),
        "amount": money([row.amount for row in rows]),
        "invoice_amount": money([row.invoiceAmount for row in rows]),
        "vat_amount": money([row.taxAmount for row in rows]),
        "company": numbers([row.companyDbId or None for row in rows]),
        "object_1": numbers([row.glObject1DbId or None for row in rows]),
        "object_2": numbers([row.glObject2DbId or None for row in rows]),
        "object_3": numbers([row.glObject3DbId or None for row in rows]),
        "object_4": numbers([row.glObject4DbId or None for row in rows]),
        "object_5": numbers([row.glObject5DbId or None for row in rows]),
        "invoice_currency_code": texts([(row.currency or NONE).code for row in rows]),
        "vat_code": texts([(row.taxRule or NONE).code for row in rows]),
        "voucher_number": numbers([each.transactionNumber for each in posted]),
        "posted_date": texts([each.postedDate for each in posted]).str.to_date(),
        "voucher_created_at": texts([each.createdAt for each in posted]),
    })


def payable_lines(rows):
    return pl.DataFrame({
        "payable_id": numbers([row.dbId for row in rows]),
        "subledger": numbers([row.subledgerDbId or None for row in rows]),
        "invoice_number": texts([row.invoiceNumber or None for row in rows]),
        "invoice_date": texts([row.invoiceDate for row in rows]).str.to_date(),
        "due_date": texts([row.dueDate for row in rows]).str.to_date(),
        "payable_company": numbers([(row.company or NONE).dbId or None for row in rows]),
    })


def names(rows):
    """Owners and dimension values, in one frame."""
    found = [(row.owner.dbId, None, row.owner.code, row.owner.description) for row in rows if row.owner]
    for row in rows:
        for each in OBJECTS:
            if row.glDimension and (value := getattr(row.glDimension, each)):
                found.append((value.dbId, (value.objectKind or NONE).name, value.code, value.description))
    return pl.DataFrame(found, schema={"id": pl.Int64, "kind": pl.String, "code": pl.String, "name": pl.String}, orient="row")


TAKE = {
    "accounts": frames(Account, accounts),
    "suppliers": frames(Supplier, suppliers),
    "ledger": frames(Listed, listed_in_full),
    "ledger_ids": frames(Listed, listed_by_id),
    "references": frames(Reference, references),
    "payables": frames(ListedPayable, payables),
    "lines": frames(Line, lines),
    "expense_lines": frames(Line, lines),
    "payable_lines": frames(Payable, payable_lines),
    "names": frames(Names, names),
}


# ------------------------------------------------------------------------------------------------------------------- the rules


def in_ranges(*ranges):
    return pl.any_horizontal(pl.col("number").is_between(*each) for each in ranges)


def judged_accounts(accounts):
    digits = pl.col("account_code").str.replace_all("[^0-9]", "")
    number = pl.when(digits != "").then(digits.str.strip_chars_start("0").str.head(4).replace("", "0").cast(pl.Int32))
    norwegian = in_ranges((5000, 5499), (5600, 5899))
    is_payroll = (
        pl.when(pl.col("chart") == 2).then(norwegian)
        .when(pl.col("chart") == 3).then(in_ranges((7000, 7599)))
        .otherwise(norwegian | pl.col("is_wages"))
    )  # fmt: skip
    return accounts.with_columns(number=number).with_columns(
        is_payroll_account=is_payroll.fill_null(False), is_excluded=in_ranges((1900, 3000)).fill_null(False)
    )


def treatment():
    code, name = pl.col("document_type").str.strip_chars().str.to_uppercase(), pl.col("document_type_name").str.normalize("NFC").str.to_lowercase()
    says_payroll = name.str.contains(r"lønn|payroll|feriepenge|(^|\PL)(lonn|salar|wage|løn|löne|palk)|(lonn|lön|löner|løn)(\PL|$)")
    return (
        pl.when(code.is_in(["PR", "PY", "SA", "SAL", "LO", "LON", "LØ"]) | says_payroll).then(1)
        .when(code.fill_null("") == "").then(2)
        .when(code.is_in(["AP", "BA", "ER"])).then(4)
        .otherwise(3)
    )  # fmt: skip


PAYROLL, KEPT = 1, 4
TYPE = ["type", "document_type", "document_type_name"]


def screen(ledger, payables, accounts):
    """The lines of both lists that may be asked for."""
    kinds = ledger.select(TYPE).unique().with_columns(treatment=treatment())
    ledger = ledger.join(kinds, on=TYPE, how="left", nulls_equal=True).join(judged_accounts(accounts), on="account", how="left")
    ledger = ledger.with_columns(is_payroll=(pl.col("treatment") == PAYROLL) | pl.col("is_payroll_account").fill_null(False))
    payroll_vouchers = ledger.filter(pl.col("treatment") == PAYROLL)["voucher_id"].drop_nulls().unique()
    payables = payables.join(kinds.group_by("type").agg(pl.col("treatment").min()), on="type", how="left")
    payables = payables.with_columns(
        is_payroll=(pl.col("treatment") == PAYROLL).fill_null(False) | pl.col("voucher_id").is_in(payroll_vouchers.implode()).fill_null(False)
    )
    # One step: what is payroll by a match alone passes nothing on. A payroll line without an owner holds for every owner.
    matches = pl.concat([each.filter("is_payroll").select("owner_id", "match_id") for each in (ledger, payables)]).drop_nulls("match_id").unique()
    of_any_owner = matches.filter(pl.col("owner_id").is_null())["match_id"]

    def admitted(lines):
        lines = lines.filter((pl.col("treatment") == KEPT) & ~pl.col("is_payroll") & (pl.col("owner_id").is_not_null() | pl.col("match_id").is_null()))
        lines = lines.join(matches, on=["owner_id", "match_id"], how="anti")
        return lines.filter(~pl.col("match_id").is_in(of_any_owner.implode()).fill_null(False))

    kept = admitted(ledger).filter(
        (pl.col("account_code").fill_null("") != "") & ~pl.col("is_excluded") & pl.col("month").is_between(1, 12) & pl.col("year").is_between(1000, 9999)
    )
    return kept, admitted(payables).join(kept.select("voucher_id").unique(), on="voucher_id", how="semi")


# ------------------------------------------------------------------------------------------------------------------- the table


def only_one(column):
    return pl.when(pl.col(column).n_unique() - pl.col(column).has_nulls().cast(pl.UInt32) == 1).then(pl.col(column).max())


def utc(column):
    """Of a repeated hour the first, of a skipped one the instant that it would have been."""
    wall = pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="ms")
    summer = (wall - pl.duration(hours=2)).dt.replace_time_zone("UTC")
    is_summer = summer.dt.convert_time_zone("Europe/Oslo").dt.replace_time_zone(None) == wall
    return pl.when(is_summer).then(summer).otherwise(summer + pl.duration(hours=1))


def spend(kept, lines, payables, suppliers, names):
    rows = kept.join(lines, on="line_id").with_columns(owner=pl.col("owner_id").fill_null(0))
    named = payables.drop_nulls("subledger").with_columns(owner=pl.col("owner_id").fill_null(0))
    voucher = ["owner", "voucher_id"]
    by_voucher = named.group_by(voucher).agg(only_one("subledger").alias("of_voucher"), has_payables=True)
    by_company = named.drop_nulls("payable_company").group_by(*voucher, company="payable_company").agg(only_one("subledger").alias("of_company"))
    invoices = named.group_by(*voucher, "subledger").agg(only_one(column) for column in ("invoice_number", "invoice_date", "due_date"))
    of_a_company = suppliers.drop_nulls("supplier_company").rename({"supplier_company": "company"})
    here = of_a_company.group_by("company", owner="supplier_owner").agg(only_one("supplier_id").alias("here"))
    anywhere = of_a_company.group_by("company").agg(only_one("supplier_id").alias("anywhere"))
    rows = (
        rows.join(by_voucher, on=voucher, how="left")
        .join(by_company, on=[*voucher, "company"], how="left")
        .join(here, on=["owner", "company"], how="left")
        .join(anywhere, on="company", how="left")
    )
    has_payables = pl.col("has_payables").fill_null(False)
    rows = rows.with_columns(
        subledger=pl.when(has_payables).then(pl.coalesce("of_voucher", "of_company")).otherwise(pl.coalesce("here", "anywhere")),
        has_payables=has_payables,
    )
    registered = suppliers.with_columns(subledger="supplier_id")
    rows = rows.join(registered, on="subledger", how="left").join(invoices, on=[*voucher, "subledger"], how="left")
    match = (
        pl.when(pl.col("subledger").is_not_null() & pl.col("supplier_id").is_null()).then(pl.lit("not_a_supplier"))
        .when(pl.col("of_voucher").is_not_null()).then(pl.lit("voucher"))
        .when(pl.col("subledger").is_not_null()).then(pl.lit("company"))
        .when("has_payables").then(pl.lit("ambiguous"))
        .otherwise(pl.lit("none"))
    )  # fmt: skip
    of_supplier = pl.col("has_payables") & pl.col("supplier_id").is_not_null()
    rows = rows.with_columns(
        match.alias("supplier_match"),
        utc("voucher_modified_at"),
        utc("voucher_created_at"),
        *(pl.when(of_supplier).then(pl.col(column)).alias(column) for column in ("invoice_number", "invoice_date", "due_date")),
    )
    rows = rows.join(names.select(owner_id="id", owner_code="code", owner_name="name"), on="owner_id", how="left")
    for slot in range(1, 6):
        value = {"id": f"object_{slot}", **{part: f"dimension_{slot}_{part}" for part in ("kind", "code", "name")}}
        rows = rows.join(names.rename(value), on=f"object_{slot}", how="left")
    return rows.select(COLUMNS).sort("posted_date", "line_id", nulls_last=True)


COLUMNS = (
    "line_id owner_id owner_code owner_name voucher_id voucher_number document_type document_type_name posted_date fiscal_year fiscal_period "
    "account_code account_name account_group account_kind supplier_id supplier_code supplier_name supplier_country_code supplier_match invoice_number "
    "invoice_date due_date amount invoice_amount invoice_currency_code vat_code vat_amount text "
    + " ".join(f"dimension_{slot}_{part}" for slot in range(1, 6) for part in ("kind", "code", "name"))
    + " match_id voucher_modified_at voucher_created_at year month"
).split()


def main():
    pool = urllib3.PoolManager(maxsize=AT_ONCE)

    def post(url, question, headers):
        answer = pool.request("POST", url, json=question, headers=headers, decode_content=False, timeout=300)
        return igzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data

    xledger = Xledger(post)

    def list_(name):
        return pl.concat(xledger.list(name, TAKE[name]))

    def fetch(name, ids, owner_set="MINE"):
        return xledger.fetch(name, ids.to_list(), TAKE[name], owner_set)

    accounts, payables, suppliers = list_("accounts"), list_("payables"), list_("suppliers")
    if "ids" in sys.argv[3:]:
        ledger = list_("ledger_ids")
        examples = [ledger.drop_nulls(id).unique(id, keep="first")["line_id"] for id in ("period", "type")]
        found = pl.concat(fetch("references", pl.concat(examples).unique().sort()))
        ledger = ledger.join(found.select("period", "year", "month", "fiscal_year", "fiscal_period").unique("period"), on="period", how="left")
        ledger = ledger.join(found.select(TYPE).unique("type"), on="type", how="left")
    else:
        ledger = list_("ledger")
    unknown = ledger["account"].drop_nulls().unique()
    accounts = pl.concat([accounts, *fetch("accounts", unknown.filter(~unknown.is_in(accounts["account"].implode())).sort(), "ALL")])
    kept, payables = screen(ledger, payables, accounts)
    del ledger
    kept = kept.sort("line_id")
    is_expense = kept["document_type"] == "ER"
    rows = pl.concat([*fetch("lines", kept.filter(~is_expense)["line_id"]), *fetch("expense_lines", kept.filter(is_expense)["line_id"])])
    payables = payables.join(pl.concat(fetch("payable_lines", payables["payable_id"].sort())), on="payable_id")
    unknown = payables["subledger"].drop_nulls().unique()
    suppliers = pl.concat([suppliers, *fetch("suppliers", unknown.filter(~unknown.is_in(suppliers["supplier_id"].implode())).sort(), "ALL")])
    carriers = kept.select("line_id", "owner_id").join(rows.select("line_id", pl.col("^object_.*$")), on="line_id")
    carriers = carriers.unpivot(index="line_id", variable_name="place", value_name="id").drop_nulls("id")
    examples = carriers.unique("id", keep="first")["line_id"].unique().sort()
    found = pl.concat(fetch("names", examples)).unique("id")
    result = spend(kept, rows, payables, suppliers, found)
    for (year, month), part in result.partition_by("year", "month", as_dict=True, include_key=False).items():
        directory = table() / f"year={year}" / f"month={month:02}"
        directory.mkdir(parents=True)
        part.write_parquet(directory / "part.parquet", compression="zstd")


if __name__ == "__main__":
    main()
