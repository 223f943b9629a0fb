"""pandas: requests, `json_normalize`, merges and `to_parquet`, with columns of Arrow's types, which keep ids and amounts exact."""

import json
import threading

import pandas as pd
import pyarrow as pa
import requests

from xledger import OBJECTS, QUESTIONS, Xledger, table

INT, TEXT, MONEY = pd.ArrowDtype(pa.int64()), pd.ArrowDtype(pa.string()), pd.ArrowDtype(pa.decimal128(18, 4))
SMALL, DAY, TIME, FLAG = pd.ArrowDtype(pa.int32()), pd.ArrowDtype(pa.date32()), pd.ArrowDtype(pa.timestamp("ms")), pd.ArrowDtype(pa.bool_())

FLAGS = "asset liabilities equity revenue cost costWagesSalaries costOfGoodsSold costOtherOperating finance".split()
LINES = {
    "dbId": ("line_id", INT),
    "text": ("text", TEXT),
    "amount": ("amount", MONEY),
    "invoiceAmount": ("invoice_amount", MONEY),
    "taxAmount": ("vat_amount", MONEY),
    "companyDbId": ("company", INT),
    **{f"{each}DbId": (f"object_{slot}", INT) for slot, each in enumerate(OBJECTS, 1)},
    "currency.code": ("invoice_currency_code", TEXT),
    "taxRule.code": ("vat_code", TEXT),
    "header.transactionNumber": ("voucher_number", INT),
    "header.postedDate": ("posted_date", DAY),
    "header.createdAt": ("voucher_created_at", TIME),
}
# By question: the columns of `json_normalize`, and what they become.
COLUMNS = {
    "accounts": {
        "dbId": ("account", INT),
        "code": ("account_code", TEXT),
        "description": ("account_name", TEXT),
        "accountGroup.description": ("account_group", TEXT),
        "chartOfAccount.dbId": ("chart", INT),
        **{flag: (flag, FLAG) for flag in FLAGS},
    },
    "suppliers": {
        "dbId": ("supplier_id", INT),
        "ownerDbId": ("supplier_owner", INT),
        "companyDbId": ("supplier_company", INT),
        "code": ("supplier_code", TEXT),
        "description": ("supplier_name", TEXT),
        "address.country.code": ("supplier_country_code", TEXT),
    },
    "ledger": {
        "dbId": ("line_id", INT),
        "ownerDbId": ("owner_id", INT),
        "accountDbId": ("account", INT),
        "matchId": ("match_id", INT),
        "period.year": ("year", SMALL),
        "period.monthNumber": ("month", SMALL),
        "period.fiscalYear": ("fiscal_year", SMALL),
        "period.fiscalPeriod": ("fiscal_period", SMALL),
        "header.dbId": ("voucher_id", INT),
        "header.modifiedAt": ("voucher_modified_at", TIME),
        "header.transactionSource.dbId": ("type", INT),
        "header.transactionSource.code": ("document_type", TEXT),
        "header.transactionSource.description": ("document_type_name", TEXT),
    },
    "payables": {
        "dbId": ("payable_id", INT),
        "ownerDbId": ("owner_id", INT),
        "matchId": ("match_id", INT),
        "headerTransactionSourceDbId": ("type", INT),
        "transactionHeader.dbId": ("voucher_id", INT),
    },
    "lines": LINES,
    "expense_lines": LINES,
    "payable_lines": {
        "dbId": ("payable_id", INT),
        "subledgerDbId": ("subledger", INT),
        "invoiceNumber": ("invoice_number", TEXT),
        "invoiceDate": ("invoice_date", DAY),
        "dueDate": ("due_date", DAY),
        "company.dbId": ("payable_company", INT),
    },
    "names": {
        f"{place}.{part}": (f"{place}.{name}", INT if name == "id" else TEXT)
        for place in ("owner", *(f"glDimension.{each}" for each in OBJECTS))
        for part, name in {"dbId": "id", "objectKind.name": "kind", "code": "code", "description": "name"}.items()
    },
}
REFERENCES = "owner_id account match_id voucher_id company subledger payable_company supplier_company".split() + [f"object_{slot}" for slot in range(1, 6)]
ORDER = (
    "line_id owner_id owner_code owner_name voucher_id voucher_number document_type document_type_name posted_date fiscal_year fiscal_period "
    "account_code account_name account_group account_kind supplier_id supplier_code supplier_name supplier_country_code supplier_match invoice_number "
    "invoice_date due_date amount invoice_amount invoice_currency_code vat_code vat_amount text "
    + " ".join(f"dimension_{slot}_{part}" for slot in range(1, 6) for part in ("kind", "code", "name"))
    + " match_id voucher_modified_at voucher_created_at year month"
).split()


def frame(name, nodes):
    wide, columns = pd.json_normalize(nodes), {}
    for path, (column, type_) in COLUMNS[name].items():
        values = wide[path] if path in wide else pd.Series([None] * len(wide), dtype=object)
        if type_ in (MONEY, DAY, TIME):
            values = pd.array(pa.array(values.astype(object).where(values.notna(), None), pa.string()).cast(type_.pyarrow_dtype), dtype=type_)
        columns[column] = pd.Series(values, dtype=type_)
        if type_ == TEXT:
            columns[column] = columns[column].mask(columns[column] == "")
    found = pd.DataFrame(columns)
    for column in found.columns.intersection(REFERENCES):
        found[column] = found[column].mask(found[column] == 0)
    return found


def in_ranges(number, *ranges):
    return pd.concat([number.between(*each) for each in ranges], axis=1).any(axis=1)


def judged_accounts(accounts):
    digits = accounts.account_code.str.replace("[^0-9]", "", regex=True)
    number = digits.mask(digits == "").str.lstrip("0").str[:4].replace("", "0").astype(SMALL)
    norwegian = in_ranges(number, (5000, 5499), (5600, 5899))
    is_payroll = norwegian | (accounts.costWagesSalaries & ~accounts.chart.isin([2, 3])).fillna(False)
    is_payroll = is_payroll.mask(accounts.chart == 3, in_ranges(number, (7000, 7599)))
    costs = accounts[["cost", "costWagesSalaries", "costOfGoodsSold", "costOtherOperating"]].any(axis=1)
    kind = pd.Series(pd.NA, index=accounts.index, dtype=TEXT)
    flags = {"finance": accounts.finance, "cost": costs, "revenue": accounts.revenue, "equity": accounts.equity}
    for word, flag in (flags | {"liability": accounts.liabilities, "asset": accounts.asset}).items():
        kind = kind.mask(flag.fillna(False).astype(bool), word)
    return accounts.assign(is_payroll_account=is_payroll, is_excluded=in_ranges(number, (1900, 3000)), account_kind=kind)


PAYROLL, REFUSED, LEFT_OUT, KEPT = 1, 2, 3, 4
TYPE = ["type", "document_type", "document_type_name"]


def treatment(kinds):
    code = kinds.document_type.str.strip().str.upper().fillna("")
    name = kinds.document_type_name.str.normalize("NFC").str.lower()
    letter = r"[^\W\d_]"
    words = f"lønn|payroll|feriepenge|(?<!{letter})(?:lonn|salar|wage|løn|löne|palk)|(?:lonn|lön|löner|løn)(?!{letter})"
    says_payroll = name.astype(object).str.contains(words, regex=True, na=False).astype(bool)
    found = pd.Series(LEFT_OUT, index=kinds.index).mask(code.isin(["AP", "BA", "ER"]), KEPT).mask(code == "", REFUSED)
    return found.mask(code.isin(["PR", "PY", "SA", "SAL", "LO", "LON", "LØ"]) | says_payroll, PAYROLL)


def screen(ledger, payables, accounts):
    """The lines of both lists that may be asked for."""
    kinds = ledger[TYPE].drop_duplicates()
    kinds = kinds.assign(treatment=treatment(kinds))
    ledger = ledger.merge(kinds, on=TYPE, how="left").merge(judged_accounts(accounts), on="account", how="left")
    ledger["is_payroll"] = (ledger.treatment == PAYROLL) | ledger.is_payroll_account.fillna(False).astype(bool)
    payroll_vouchers = ledger.voucher_id[ledger.treatment == PAYROLL].dropna().unique()
    payables = payables.merge(kinds.groupby("type", as_index=False).treatment.min(), on="type", how="left")
    payables["is_payroll"] = (payables.treatment == PAYROLL) | payables.voucher_id.isin(payroll_vouchers)
    # One step: what is payroll by a match alone passes nothing on. A payroll line without an owner holds for every owner.
    matches = pd.concat([each.loc[each.is_payroll, ["owner_id", "match_id"]] for each in (ledger, payables)]).dropna(subset="match_id").drop_duplicates()
    of_any_owner = matches.match_id[matches.owner_id.isna()]

    def admitted(lines):
        lines = lines[(lines.treatment == KEPT) & ~lines.is_payroll & (lines.owner_id.notna() | lines.match_id.isna())]
        matched = lines.merge(matches.assign(is_matched=True), on=["owner_id", "match_id"], how="left").is_matched.notna().to_numpy()
        return lines[~(matched & lines.match_id.notna()) & ~lines.match_id.isin(of_any_owner.dropna())]

    kept = admitted(ledger)
    is_excluded = kept.is_excluded.fillna(True).astype(bool)
    kept = kept[(kept.account_code.fillna("") != "") & ~is_excluded & kept.month.between(1, 12) & kept.year.between(1000, 9999)]
    payables = admitted(payables)
    return kept, payables[payables.voucher_id.isin(kept.voucher_id.dropna())]


def only_one(frame, keys, *columns):
    """What the values that are not null agree on, in each group."""
    groups = frame.groupby(keys, dropna=False)[list(columns)]
    return groups.first().where(groups.nunique() == 1).reset_index()


def utc(wall):
    """Of a repeated hour the first, of a skipped one the instant that it would have been."""
    wall = wall.astype("datetime64[ms]")
    summer = (wall - pd.Timedelta(hours=2)).dt.tz_localize("UTC")
    is_summer = summer.dt.tz_convert("Europe/Oslo").dt.tz_localize(None) == wall
    return summer.where(is_summer, summer + pd.Timedelta(hours=1))


def spend(kept, lines, payables, suppliers, names):
    rows = kept.merge(lines, on="line_id")
    rows["owner"] = rows.owner_id.fillna(0)
    named = payables.dropna(subset="subledger")
    named = named.assign(owner=named.owner_id.fillna(0))
    voucher = ["owner", "voucher_id"]
    of_voucher = only_one(named, voucher, "subledger").rename(columns={"subledger": "of_voucher"}).assign(has_payables=True)
    of_company = only_one(named.dropna(subset="payable_company"), [*voucher, "payable_company"], "subledger")
    of_company = of_company.rename(columns={"payable_company": "company", "subledger": "of_company"})
    invoices = only_one(named, [*voucher, "subledger"], "invoice_number", "invoice_date", "due_date")
    companies = suppliers.dropna(subset="supplier_company").rename(columns={"supplier_company": "company", "supplier_owner": "owner"})
    here = only_one(companies, ["owner", "company"], "supplier_id").rename(columns={"supplier_id": "here"})
    anywhere = only_one(companies, ["company"], "supplier_id").rename(columns={"supplier_id": "anywhere"})
    rows = rows.merge(of_voucher, on=voucher, how="left").merge(of_company, on=[*voucher, "company"], how="left")
    rows = rows.merge(here, on=["owner", "company"], how="left").merge(anywhere, on="company", how="left")
    has_payables = rows.has_payables.notna()
    rows["subledger"] = rows.of_voucher.combine_first(rows.of_company).where(has_payables, rows.here.combine_first(rows.anywhere))
    rows = rows.merge(suppliers, left_on="subledger", right_on="supplier_id", how="left").merge(invoices, on=[*voucher, "subledger"], how="left")
    has_payables = rows.has_payables.notna()
    match = pd.Series("none", index=rows.index).mask(has_payables, "ambiguous").mask(rows.subledger.notna(), "company")
    match = match.mask(has_payables & rows.of_voucher.notna(), "voucher")
    rows["supplier_match"] = match.mask(rows.subledger.notna() & rows.supplier_id.isna(), "not_a_supplier")
    for column in ("invoice_number", "invoice_date", "due_date"):
        rows[column] = rows[column].where(has_payables & rows.supplier_id.notna())
    rows["voucher_modified_at"], rows["voucher_created_at"] = utc(rows.voucher_modified_at), utc(rows.voucher_created_at)
    owners = names.rename(columns={"id": "owner_id", "code": "owner_code", "name": "owner_name"}).drop(columns="kind")
    rows = rows.merge(owners, on="owner_id", how="left")
    for slot in range(1, 6):
        value = {"id": f"object_{slot}", **{part: f"dimension_{slot}_{part}" for part in ("kind", "code", "name")}}
        rows = rows.merge(names.rename(columns=value), on=f"object_{slot}", how="left")
    return rows[ORDER].sort_values(["posted_date", "line_id"], na_position="last")


def main():
    local = threading.local()

    def post(url, question, headers):
        if not hasattr(local, "session"):
            local.session = requests.Session()
        answer = local.session.post(url, json=question, headers=headers, timeout=300)
        answer.raise_for_status()
        return answer.content

    xledger = Xledger(post)

    def take(name):
        root, _ = QUESTIONS[name]
        return lambda body: frame(name, [edge["node"] for edge in json.loads(body)["data"][root]["edges"] or ()])

    def list_(name):
        return pd.concat(xledger.list(name, take(name)), ignore_index=True)

    def fetch(name, ids, owner_set="MINE"):
        return xledger.fetch(name, sorted(ids.tolist()), take(name), owner_set)

    def with_unknown(known, name, ids, column):
        unknown = ids[~ids.isin(known[column])].dropna().drop_duplicates()
        return pd.concat([known, *fetch(name, unknown, "ALL")], ignore_index=True)

    accounts, ledger, payables, suppliers = map(list_, ("accounts", "ledger", "payables", "suppliers"))
    suppliers["supplier_owner"] = suppliers.supplier_owner.fillna(0)
    accounts = with_unknown(accounts, "accounts", ledger.account, "account")
    kept, payables = screen(ledger, payables, accounts)
    del ledger
    is_expense = kept.document_type == "ER"
    lines = pd.concat([*fetch("lines", kept.line_id[~is_expense]), *fetch("expense_lines", kept.line_id[is_expense])], ignore_index=True)
    payables = payables.merge(pd.concat(fetch("payable_lines", payables.payable_id)), on="payable_id")
    suppliers = with_unknown(suppliers, "suppliers", payables.subledger, "supplier_id")

    places = kept[["line_id", "owner_id"]].merge(lines[["line_id", *(f"object_{slot}" for slot in range(1, 6))]], on="line_id")
    examples = places.melt(id_vars="line_id", value_name="id").dropna(subset="id").drop_duplicates("id").line_id.drop_duplicates()
    carried = pd.concat(fetch("names", examples))
    parts = [carried.filter(regex=rf"^{place}\.").set_axis(["id", "kind", "code", "name"], axis=1) for place in ("owner", *(f"glDimension.{each}" for each in OBJECTS))]
    names = pd.concat(parts).dropna(subset="id").drop_duplicates("id")
    for (year, month), part in spend(kept, lines, payables, suppliers, names).groupby(["year", "month"]):
        directory = table() / f"year={year}" / f"month={month:02}"
        directory.mkdir(parents=True)
        part.drop(columns=["year", "month"]).to_parquet(directory / "part.parquet", compression="zstd", index=False)


if __name__ == "__main__":
    main()
