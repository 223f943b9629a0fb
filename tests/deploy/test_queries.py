"""The saved queries: Athena's dialect, columns that there are, and answers that are right, found with DuckDB over a lake."""

import os
import subprocess
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify

REPOSITORY = Path(__file__).resolve().parents[2]
DDL = REPOSITORY / "infra" / "athena"
QUERIES = {file.stem: file for file in sorted((DDL / "queries").glob("*.sql"))}


def columns_of_tables():
    """The columns of each table with their types, from the DDL that is generated from the code."""
    tables = {}
    for file in DDL.glob("*.sql"):
        table = sqlglot.parse_one(file.read_text("utf-8"), dialect="athena")
        definitions = table.find_all(exp.ColumnDef)
        tables[file.stem] = {column.name: column.kind.sql("athena") for column in definitions}
    assert {name: len(columns) > 20 for name, columns in tables.items()} == {"spend": True, "supplier": True, "runs": True}
    return tables


TABLES = columns_of_tables()


def parse(sql):
    """One query in Athena's words, its columns looked up."""
    query, = sqlglot.parse(sql, dialect="athena")
    qualify(query.copy(), dialect="athena", schema=TABLES, quote_identifiers=False)
    return query


@pytest.mark.parametrize("name", QUERIES)
def test_it_is_athenas_dialect_and_names_columns_that_there_are(name):
    query = parse(QUERIES[name].read_text("utf-8"))
    assert isinstance(query, exp.Select)
    assert QUERIES[name].read_text("utf-8").startswith("-- "), "whoever opens it in the console reads first what it shows"


def test_a_column_that_is_not_there_is_noticed():
    with pytest.raises(OptimizeError, match="suplier_id"):
        parse("SELECT suplier_id FROM spend")


# ------------------------------------------------------------------------------------------------------------ the answers


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """DuckDB with the tables of a lake that was just made, and a day that is today for the queries: the lake's newest."""
    program = Path(os.environ.get("XLEDGER_BIN_DIR") or REPOSITORY / "target" / "debug") / "xledger-spend"
    assert program.is_file(), f"{program} is missing: run `cargo build --workspace`"
    directory = tmp_path_factory.mktemp("queries") / "lake"
    subprocess.run([program, "demo", "--lines", "20000", "--seed", "3", "--lake", directory], check=True, capture_output=True, timeout=120)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    types = {"spend": "{'year': INT, 'month': INT}", "supplier": "{'owner_id': BIGINT}"}
    for table, partitions in types.items():
        files = f"{directory}/current/{table}/**/*.parquet"
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}', hive_types = {partitions})")
    runs = {name: type.replace("STRING", "VARCHAR") for name, type in TABLES["runs"].items()}
    connection.execute(f"CREATE VIEW runs AS SELECT * FROM read_json('{directory}/runs/*.json', columns = {runs})")
    today, = connection.execute("SELECT max(posted_date) FROM spend").fetchone()
    return connection, today


class Answer:
    """What a query answers: rows as dictionaries."""

    def __init__(self, connection, sql):
        found = connection.execute(sql)
        self.columns = [column[0] for column in found.description]
        self.rows = [dict(zip(self.columns, row)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def ask(lake):
    """Runs a saved query in DuckDB's words, on the lake's newest day."""
    connection, today = lake

    def ask(name):
        query = parse(QUERIES[name].read_text("utf-8"))
        for node in list(query.find_all(exp.CurrentDate)):
            node.replace(exp.cast(exp.Literal.string(today.isoformat()), "date"))
        return Answer(connection, query.sql("duckdb")).rows

    return ask


@pytest.fixture(scope="module")
def lines(lake):
    """Every row of `spend`, without the time that DuckDB needs another package for."""
    return Answer(lake[0], "SELECT * EXCLUDE voucher_modified_at FROM spend").rows


@pytest.fixture(scope="module")
def today(lake):
    return lake[1]


def totals(rows, count=lambda row: row["lines"]):
    """Lines, amount, and VAT where there is one, by owner and currency: never over two currencies."""
    found = defaultdict(lambda: [0, Decimal(0)])
    for row in rows:
        sums = found[row["owner_code"], row["amount_currency_code"]]
        sums[0] += count(row)
        sums[1] += row["amount"] or 0
    return dict(found)


WANTED = {
    "spend-by-supplier-and-month": lambda line, year: line["year"] >= year - 2 and line["account_kind"] == "cost" and line["supplier_id"],
    "spend-by-account-and-dimension": lambda line, year: line["year"] >= year - 1 and line["account_kind"] == "cost",
    "spend-by-currency": lambda line, year: line["account_kind"] == "cost",
    "lines-without-supplier": lambda line, year: line["year"] >= year - 1 and line["account_kind"] == "cost" and not line["supplier_id"],
    "vat-by-month": lambda line, year: line["year"] >= year - 1 and line["vat_code"] is not None,
}


@pytest.mark.parametrize("name", WANTED)
def test_the_rows_add_up_to_the_lines(name, ask, lines, today):
    rows = ask(name)
    wanted = totals([line for line in lines if WANTED[name](line, today.year)], count=lambda _: 1)
    assert totals(rows) == wanted and len(wanted) > 1
    keys = [tuple(value for column, value in row.items() if "amount" not in column and column not in ("lines", "invoices")) for row in rows]
    assert len(set(keys)) == len(keys) < sum(lines for lines, _ in wanted.values())


def test_amounts_of_invoices_are_added_up_by_their_currency(ask, lines):
    wanted = defaultdict(Decimal)
    for line in lines:
        if line["account_kind"] == "cost":
            wanted[line["owner_code"], line["year"], line["invoice_currency_code"]] += line["invoice_amount"] or 0
    found = defaultdict(Decimal)
    for row in ask("spend-by-currency"):
        found[row["owner_code"], row["year"], row["invoice_currency_code"]] += row["invoice_amount"] or 0
    assert found == wanted
    assert len({currency for *_, currency in wanted}) > 1, "a company with one currency proves nothing"


def test_the_largest_suppliers_come_first_with_their_share(ask, lines, today):
    month = today.year * 12 + today.month
    recent = [line for line in lines if line["account_kind"] == "cost" and month - 11 <= line["year"] * 12 + line["month"] <= month]
    by_owner, by_supplier = defaultdict(Decimal), defaultdict(Decimal)
    for line in recent:
        by_owner[line["owner_code"]] += line["amount"]
        if line["supplier_id"]:
            by_supplier[line["owner_code"], line["supplier_code"], line["supplier_name"]] += line["amount"]
    rows = ask("top-suppliers")
    found = {(row["owner_code"], row["supplier_code"], row["supplier_name"]): row["amount"] for row in rows}
    assert found.items() <= by_supplier.items() and len(found) == len(rows) > 10
    for owner in by_owner:
        amounts = [row["amount"] for row in rows if row["owner_code"] == owner]
        assert amounts == sorted((sum for (of, *_), sum in by_supplier.items() if of == owner), reverse=True)[:100]
        assert [row["place"] for row in rows if row["owner_code"] == owner] == list(range(1, len(amounts) + 1))
    for row in rows:
        share = float(row["amount"] * 100 / by_owner[row["owner_code"]])
        assert abs(row["percent_of_owner"] - share) <= 0.051


def year_before(day):
    return date(day.year - 1, day.month, min(day.day, 28) if day.month == 2 else day.day)


def test_an_invoice_is_a_row(ask, lines, today):
    wanted = defaultdict(Decimal)
    for line in lines:
        if line["supplier_id"] and line["invoice_number"] and line["invoice_date"] and line["invoice_date"] >= year_before(today):
            wanted[line["supplier_code"], line["invoice_number"], line["invoice_date"], line["voucher_number"]] += line["amount"]
    rows = ask("invoices-to-match")
    found = {(row["supplier_code"], row["invoice_number"], row["invoice_date"], row["voucher_number"]): row["amount"] for row in rows}
    assert found == wanted and len(found) == len(rows) > 10
    for row in rows:
        assert (row["document_amount"] is None) == (row["document_currency_code"] is None)


def test_what_was_posted_twice_is_in_several_vouchers(ask, lines):
    def posted_twice(lines):
        vouchers = defaultdict(set)
        for line in lines:
            if line["supplier_id"] and line["invoice_number"]:
                company = line["supplier_company_number"] or str(line["supplier_id"])
                vouchers[company, line["invoice_number"], line["amount_currency_code"]].add(line["voucher_id"])
        return {key: len(found) for key, found in vouchers.items() if len(found) > 1}

    rows = ask("invoices-posted-twice")
    found = {(row["company"], row["invoice_number"], row["amount_currency_code"]): row["vouchers"] for row in rows}
    assert found == posted_twice(lines) and found
    assert all(len(row["voucher_numbers"].split(", ")) >= 1 for row in rows)


def test_vat_is_beside_what_its_rate_gives(ask):
    rows = ask("vat-by-month")
    known = [row for row in rows if row["vat_rate"] is not None]
    assert known and len(known) < len(rows), "tax rules with a rate, and some without"
    for row in known:
        assert abs(row["expected_vat_amount"] - row["amount"] * row["vat_rate"] / 100) <= Decimal("0.005")
        if row["vat_amount"] is not None:
            assert row["difference"] == row["vat_amount"] - row["expected_vat_amount"]
    assert all(row["expected_vat_amount"] is None for row in rows if row["vat_rate"] is None)


def test_the_newest_run_says_how_fresh_the_tables_are(ask):
    row, = ask("runs-and-freshness")
    assert (row["action"], row["status"], row["hours_since_last_success"]) == ("refresh", "succeeded", 0)
    assert row["lines_kept"] > 0 and row["error_kind"] is None
