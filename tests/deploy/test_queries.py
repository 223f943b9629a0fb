"""The saved queries and the view: Athena's dialect, columns that there are, and answers that are right, found with DuckDB over lakes.

`UPDATE_GENERATED=1` writes the page that lists them. `answers.py` works every answer out a second time, in Python; `made_books.py` has rows that no simulated company has.
"""

import os
import subprocess
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify

import answers
import made_books
import query_page
import views

REPOSITORY = Path(__file__).resolve().parents[2]
DDL = REPOSITORY / "infra" / "athena"
QUERIES = {file.stem: file for file in sorted((DDL / "queries").glob("*.sql"))}
VIEWS = {file.stem: file for file in views.FILES}
ALL = QUERIES | VIEWS


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


@pytest.mark.parametrize("name", ALL)
def test_it_is_athenas_dialect_and_names_columns_that_there_are(name):
    query = parse(ALL[name].read_text("utf-8"))
    assert isinstance(query, exp.Select)


@pytest.mark.parametrize("name", QUERIES)
def test_whoever_opens_it_in_the_console_reads_first_what_it_shows_and_by_which_date(name):
    sql = QUERIES[name].read_text("utf-8")
    said = views.comment(sql)
    dates = ("accounting month", "accounting year", "invoice date", "posted", "first day", "fiscal year", "by the time", "open today")
    assert any(word in said for word in dates)
    purchases = "Purchases are operating, capital, stock and prepaid lines, without owners that invoice each other."
    assert (purchases in said) == ("spend_class IN ('operating', 'capital', 'stock', 'prepaid')" in sql)


@pytest.mark.parametrize("name", ALL)
def test_it_keeps_to_what_trino_knows(name):
    """Words of DuckDB or of other dialects that the parser takes for Athena's."""
    query = parse(ALL[name].read_text("utf-8"))
    assert all(isinstance(node.expression, exp.Null) for node in query.find_all(exp.Is)), "Trino has no IS TRUE"
    assert not list(query.find_all(exp.ILike, exp.Qualify, exp.Pivot, exp.DateTrunc))


def test_a_column_that_is_not_there_is_noticed():
    with pytest.raises(OptimizeError, match="suplier_id"):
        parse("SELECT suplier_id FROM spend")


@pytest.mark.parametrize("name", ALL)
def test_no_purchases_are_added_up_by_the_kind_of_the_account(name):
    assert "account_kind" not in ALL[name].read_text("utf-8")


# -------------------------------------------------------------------------------------------------------------- the lakes

PURCHASES = """
about = "Purchases that mislead, of owners whose currency Xledger gives."
covers = []
company.shape = "spend"
dialect.owner_currency = true
"""


def program(name):
    path = Path(os.environ.get("XLEDGER_BIN_DIR") or REPOSITORY / "target" / "debug") / name
    assert path.is_file(), f"{path} is missing: run `make rust-build`"
    return path


def refresh_purchases(directory, scenario):
    """A lake of the company whose purchases mislead."""
    command = [program("xledger-sim"), "--listen", "127.0.0.1:0", "--no-limits", "--until-stdin-closes"]
    command += ["--lines", "3000", "--seed", "13", "--scenario", scenario]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as simulator:
        stop = threading.Timer(120, simulator.kill)
        stop.start()
        try:
            *_, endpoint, token = simulator.stdout.readline().split()
            inherited = {name: value for name, value in os.environ.items() if not name.startswith(("XLEDGER_", "SPEND_", "LAKE_", "AWS_"))}
            subprocess.run(
                [program("xledger-spend"), "refresh", "--lake", directory, "--xledger-endpoint", endpoint],
                env=inherited | {"XLEDGER_TOKEN": token.removeprefix("token=")},
                check=True,
                capture_output=True,
                timeout=120,
            )
        finally:
            stop.cancel()
            simulator.stdin.close()
            simulator.wait(10)


class Lake:
    """The tables in DuckDB, and a day that is today for the queries: that of the newest posting."""

    def __init__(self, connection):
        self.connection = connection
        connection.execute("SET TimeZone = 'UTC'")
        self.today, = connection.execute("SELECT max(posted_date) FROM spend").fetchone()
        # A time that Python gets as a number, for DuckDB needs another package for times with a zone.
        exact = "* EXCLUDE voucher_modified_at REPLACE (epoch_us(voucher_created_at) AS voucher_created_at)"
        self.lines = self.rows(f"SELECT {exact} FROM spend")
        self.suppliers = self.rows("SELECT * EXCLUDE modified_at FROM supplier")

    @staticmethod
    def of_files(directory):
        connection = duckdb.connect()
        types = {"spend": "{'year': INT, 'month': INT}", "supplier": "{'owner_id': BIGINT}"}
        for table, partitions in types.items():
            files = f"{directory}/current/{table}/**/*.parquet"
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}', hive_types = {partitions})")
        runs = {name: type.replace("STRING", "VARCHAR") for name, type in TABLES["runs"].items()}
        connection.execute(f"CREATE VIEW runs AS SELECT * FROM read_json('{directory}/runs/*.json', columns = {runs})")
        return Lake(connection)

    @staticmethod
    def of_rows(books):
        connection = duckdb.connect()
        for table, rows in {"spend": books.spend, "supplier": books.supplier}.items():
            types = {column: "TIMESTAMPTZ" if kind == "TIMESTAMP" else kind.replace("STRING", "VARCHAR") for column, kind in TABLES[table].items()}
            connection.execute(f"CREATE TABLE {table} ({', '.join(f'{column} {kind}' for column, kind in types.items())})")
            for row in rows:
                connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
        return Lake(connection)

    def rows(self, sql):
        """An answer as dictionaries."""
        found = self.connection.execute(sql)
        columns = [column[0] for column in found.description]
        assert len(set(columns)) == len(columns)
        return [dict(zip(columns, row)) for row in found.fetchall()]

    def ask(self, name):
        """Runs a saved query in DuckDB's words, on the lake's newest day."""
        query = parse(ALL[name].read_text("utf-8"))
        for node in list(query.find_all(exp.CurrentDate)):
            node.replace(exp.cast(exp.Literal.string(self.today.isoformat()), "date"))
        return self.rows(query.sql("duckdb"))

    def expected(self, name):
        return getattr(answers, name.replace("-", "_"))(self.lines, self.suppliers, self.today)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    directory = tmp_path_factory.mktemp("queries") / "lake"
    subprocess.run([program("xledger-spend"), "demo", "--lines", str(query_page.LINES), "--lake", directory], check=True, capture_output=True, timeout=120)
    return Lake.of_files(directory)


@pytest.fixture(scope="module")
def purchases(tmp_path_factory):
    directory = tmp_path_factory.mktemp("purchases") / "lake"
    refresh_purchases(directory, "spend-english")
    return Lake.of_files(directory)


@pytest.fixture(scope="module")
def with_currencies(tmp_path_factory):
    directory = tmp_path_factory.mktemp("currencies")
    (directory / "purchases.toml").write_text(PURCHASES, "utf-8")
    refresh_purchases(directory / "lake", directory / "purchases.toml")
    return Lake.of_files(directory / "lake")


@pytest.fixture(scope="module")
def made():
    return Lake.of_rows(made_books.books())


LAKES = ["demo", "purchases", "with_currencies", "made"]


@pytest.fixture(params=LAKES)
def lake(request):
    return request.getfixturevalue(request.param)


# ------------------------------------------------------------------------------------------------------------ the answers


@pytest.mark.parametrize("name", [name for name in ALL if name != "runs-and-freshness"])
def test_the_answer_is_the_one_that_python_finds(name, lake):
    answers.is_answered(lake.ask(name), lake.expected(name))


@pytest.mark.parametrize("name", [name for name in ALL if name != "runs-and-freshness"])
def test_there_is_something_to_find(name, made):
    assert made.ask(name)


def test_no_sum_is_of_two_currencies(made):
    """The same amounts by owners of two currencies are in no one row. Owners of one currency are, where a supplier is asked for."""
    assert {row["currency"] for row in made.ask("concentration")} == {"NOK", "EUR"}
    [row] = [row for row in made.ask("payment-terms") if row["supplier_key"] == "NO:101"]
    assert (row["currency"], row["invoices"], row["amount"]) == ("NOK", 2, Decimal("10001.00"))
    assert {row["currency"] for row in made.ask("payment-terms") if row["supplier_key"] == "NO:107"} == {"NOK", "EUR"}


def test_an_owner_whose_currency_is_not_given_has_rows_of_its_own(purchases):
    owners = {line["owner_id"] for line in purchases.lines}
    assert {line["amount_currency_code"] for line in purchases.lines} == {None} and len(owners) > 2
    for name in ("concentration", "tail-suppliers", "suppliers-per-category", "payment-terms"):
        found = {row["currency"] for row in purchases.ask(name)}
        assert len(found) > 1 and found <= {f"of owner {owner}" for owner in owners}, name


def test_one_company_under_two_owners_is_one_supplier(with_currencies):
    """Suppliers 29001 and 29002: their numbers are written in two ways, their owners keep one currency."""
    keys = {row["supplier_code"]: row["supplier_key"] for row in with_currencies.suppliers}
    assert keys["29001"] == keys["29002"] == "NO:914286018"
    lines = [line for line in answers.purchases(with_currencies.lines) if line["supplier_key"] == keys["29001"]]
    assert len({line["owner_id"] for line in lines}) == 2 and len({line["amount_currency_code"] for line in lines}) == 1
    for name in ("payment-terms", "tail-suppliers"):
        assert len([row for row in with_currencies.ask(name) if row["supplier_key"] == keys["29001"]]) <= 1, name
    assert keys["29001"] not in {row["supplier_key"] for row in with_currencies.ask("one-off-suppliers")}


PLANTED = ("29012", "29015", "29020")


def planted(number):
    """The number that an invoice of the planted suppliers has, however they write it: 2023/004711."""
    return number and number.rpartition("/")[2].lstrip("0")


def test_what_is_taken_back_comes_every_year_or_is_rent_is_no_duplicate(purchases, with_currencies):
    """Invoices 4711, 4712, 1001 and 7001 to 7024 of the company of pitfalls."""
    numbers = {"1001", "4711", "4712", *map(str, range(7001, 7025))}
    for lake in (purchases, with_currencies):
        of = {line["supplier_key"] for line in lake.lines if line["supplier_code"] in PLANTED}
        assert numbers <= {planted(line["invoice_number"]) for line in lake.lines if line["supplier_key"] in of}
        found = [row["invoice_number"] for row in lake.ask("invoices-posted-twice") if row["supplier_key"] in of]
        for row in lake.ask("possible-duplicates-by-amount"):
            found += (row["invoice_numbers"] or "").split(", ") if row["supplier_key"] in of else []
        assert numbers & set(map(planted, found)) == set()


def test_what_was_posted_twice_is_found_however_its_number_is_written(made):
    found = {row["supplier_key"]: row for row in made.ask("invoices-posted-twice")}
    assert found.keys() == {"NO:101", "NO:103"}
    assert (found["NO:101"]["vouchers"], found["NO:101"]["owners"], found["NO:101"]["amount"]) == (2, 2, Decimal("10001.00"))
    assert found["NO:101"]["same_amount"] and not found["NO:103"]["same_amount"]
    assert (found["NO:103"]["first_invoice_date"], found["NO:103"]["last_invoice_date"]) == (date(2026, 4, 1), date(2026, 9, 1))


def test_duplicates_by_amount_are_near_each_other_and_not_taken_back(made):
    found = {row["supplier_key"]: (row["amount"], row["currency"], row["vouchers"]) for row in made.ask("possible-duplicates-by-amount")}
    assert found == {"NO:101": (Decimal("5000.50"), "NOK", 2), "NO:104": (1234, "NOK", 2)}


def test_an_invoice_may_be_posted_in_the_year_before_its_date():
    """Asked in January, when the twelve months begin with a year."""
    books = made_books.Books()
    books.line(date(2025, 12, 31), 114, "444", invoice_number="J1", invoice_date=date(2026, 1, 10), due_date=date(2026, 2, 9))
    books.line(date(2026, 1, 31), 114, "600", invoice_number="J2", invoice_date=date(2026, 1, 10))
    books.line(date(2027, 1, 5), 114, "10", invoice_number="J3")
    lake = Lake.of_rows(books)
    found = lake.ask("invoices-to-match")
    assert {row["invoice_number"]: row["amount"] for row in found} == {"J1": 444, "J2": 600, "J3": 10}
    answers.is_answered(found, lake.expected("invoices-to-match"))


def test_payments_are_late_and_early(with_currencies, made):
    """Invoice 4740 is paid 47 days late, 4741 27 days early; 4730 in part."""
    codes = {row["supplier_id"]: row["supplier_code"] for row in with_currencies.suppliers}
    view = {planted(row["invoice_number"]): row for row in with_currencies.ask("invoice") if codes[row["supplier_id"]] == "29020"}
    assert [(view[number]["days_to_pay"], view[number]["days_late"]) for number in ("4740", "4741")] == [(77, 47), (3, -27)]
    assert view["4730"]["last_payment_date"] is not None and view["4730"].keys() & {"gross", "open_amount"} == set()
    [terms] = [row for row in with_currencies.ask("payment-terms") if row["supplier_key"] == view["4740"]["supplier_key"]]
    assert terms["late_invoices"] >= 1 and terms["paid_invoices"] > terms["late_invoices"] and 14 < terms["used_days"] < 30
    [terms] = [row for row in made.ask("payment-terms") if row["supplier_key"] == "NO:108"]
    assert (terms["invoices"], terms["paid_invoices"], terms["late_invoices"]) == (3, 2, 1)
    assert (terms["used_days"], terms["paid_days"], terms["percent_paid_late"]) == (30, 38.5, 90)


def test_what_owners_buy_from_each_other_is_apart(with_currencies):
    rows = with_currencies.ask("intercompany")
    assert rows and all(row["supplier_name"].startswith("Skarvøyfjord") for row in rows)
    keys = {row["supplier_key"] for row in rows}
    for name in ("spend-by-supplier-and-month", "top-suppliers", "tail-suppliers", "payment-terms", "one-off-suppliers"):
        assert keys & {row["supplier_key"] for row in with_currencies.ask(name)} == set(), name


def test_stock_prepaid_and_capital_are_purchases_of_their_supplier(purchases):
    """Invoices 4750, 4751 and 4752, each on an asset account."""
    of_supplier = [line for line in purchases.lines if line["supplier_code"] == "29020"]
    classes = {planted(line["invoice_number"]): line["spend_class"] for line in of_supplier}
    assert {number: classes[number] for number in ("4750", "4751", "4752")} == {"4750": "stock", "4751": "prepaid", "4752": "capital"}
    rows = purchases.ask("spend-outside-cost-accounts")
    assert {"stock", "prepaid", "capital"} == {row["spend_class"] for row in rows}


def test_a_rate_is_that_of_the_month_else_of_the_year(made):
    rows = {(row["owner_code"], row["year"], row["month"]): (row["rate"], row["rate_of"]) for row in made.ask("spend-in-group-currency")}
    assert rows["30", 2026, 3] == (11.4667, "month") and rows["30", 2026, 4] == (11.4667, "year")
    assert rows["30", 2025, 4] == (None, "none") and rows["10", 2026, 3] == (1, "same currency")


def test_a_thirteenth_period_is_apart_and_no_month_is_late_for_it(made):
    [row] = made.ask("closing-entries")
    assert (row["fiscal_period"], row["amount"]) == (13, 1111)
    [row] = [row for row in made.ask("late-postings") if row["late_vouchers"]]
    assert (row["year"], row["month"], row["vouchers"], row["latest_days"], row["late_amount"]) == (2025, 11, 2, 45, 2222)


def test_the_view_has_a_row_for_each_voucher_and_supplier(lake):
    rows = lake.ask("invoice")
    assert len({(row["voucher_id"], row["supplier_id"]) for row in rows}) == len(rows) > 10


def test_amounts_of_invoices_are_of_several_currencies(demo):
    assert len({row["invoice_currency_code"] for row in demo.ask("spend-by-currency")}) > 1, "a company with one currency proves nothing"


def test_tax_rules_have_a_rate_or_none(demo):
    rates = [row["vat_rate"] for row in demo.ask("vat-by-month")]
    assert {rate is None for rate in rates} == {True, False}


def test_the_largest_suppliers_come_first(demo):
    for owner in {row["owner_code"] for row in demo.ask("top-suppliers")}:
        amounts = [row["amount"] for row in demo.ask("top-suppliers") if row["owner_code"] == owner]
        assert amounts == sorted(amounts, reverse=True)


def test_the_newest_run_says_how_fresh_the_tables_are(demo):
    row, = demo.ask("runs-and-freshness")
    assert (row["action"], row["status"], row["hours_since_last_success"]) == ("refresh", "succeeded", 0)
    assert row["lines_kept"] > 0 and row["error_kind"] is None


# ---------------------------------------------------------------------------------------------------------------- the page


def test_the_page_of_the_queries_is_up_to_date(demo):
    file = DDL / "README.md"
    assert sorted(name for names in query_page.GROUPS.values() for name in names) == sorted(ALL)
    page = query_page.page(ALL, demo)
    if os.environ.get("UPDATE_GENERATED"):
        file.write_text(page, "utf-8")
    assert file.read_text("utf-8") == page, "to write it anew: UPDATE_GENERATED=1 .tools/venv/bin/pytest -q tests/deploy/test_queries.py"
