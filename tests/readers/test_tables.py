"""Every row and column of both tables against the oracle, by pyarrow; and the same tables as DuckDB and Polars see them."""

import hashlib
import json
import re
from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal

import duckdb
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import pytest

import oracle
from columns import BIGINT, BOOLEAN, DATE, INT, MONEY, PARTITIONS, RATE, STRING, SPEND, SUPPLIER, TABLES, TIME, TOTAL
from conftest import COMPANIES, REPOSITORY, WITH_CURRENCIES, Company, export_books, refresh
from oracle import Rules

ARROW = {
    BIGINT: pyarrow.int64(),
    INT: pyarrow.int32(),
    STRING: pyarrow.string(),
    BOOLEAN: pyarrow.bool_(),
    DATE: pyarrow.date32(),
    TIME: pyarrow.timestamp("ms", "UTC"),
    MONEY: pyarrow.decimal128(18, 4),
    RATE: pyarrow.decimal128(5, 2),
    TOTAL: pyarrow.decimal128(38, 4),
}
DUCKDB = {
    BIGINT: "BIGINT",
    INT: "INTEGER",
    STRING: "VARCHAR",
    BOOLEAN: "BOOLEAN",
    DATE: "DATE",
    TIME: "TIMESTAMP WITH TIME ZONE",
    MONEY: "DECIMAL(18,4)",
    RATE: "DECIMAL(5,2)",
    TOTAL: "DECIMAL(38,4)",
}
POLARS = {
    BIGINT: polars.Int64,
    INT: polars.Int32,
    STRING: polars.String,
    BOOLEAN: polars.Boolean,
    DATE: polars.Date,
    TIME: polars.Datetime("ms", "UTC"),
    MONEY: polars.Decimal(18, 4),
    RATE: polars.Decimal(5, 2),
    TOTAL: polars.Decimal(38, 4),
}
COUNTS = ("listed", "excluded_payroll", "refused", "excluded_document_type", "excluded_account", "excluded_history", "kept")


class Expected:
    """What the oracle makes of a company's books."""

    def __init__(self, books, rules=Rules(), owner_currencies_known=False):
        self.screened = oracle.screen(books, rules)
        self.spend = oracle.spend(books, self.screened, owner_currencies_known)
        self.supplier = oracle.supplier(books, self.spend, owner_currencies_known, self.screened)

    def rows(self, table):
        return {"spend": self.spend, "supplier": self.supplier}[table]


@pytest.fixture(scope="module")
def expected(company):
    return Expected(company.books, owner_currencies_known=company.order.scenario == WITH_CURRENCIES)


def partition_of(company, table, file):
    """The values in a file's path, which are digits as the contract writes them."""
    parts = file.relative_to(company.snapshot / table).parent.parts
    names, values = zip(*(part.split("=") for part in parts), strict=True)
    assert names == PARTITIONS[table], file
    widths = {"year": 4, "month": 2}
    assert all(value == value.lstrip("0").zfill(widths.get(name, 1)) for name, value in zip(names, values, strict=True)), file
    return {name: int(value) for name, value in zip(names, values, strict=True)}


def read_rows(company, table):
    """All rows in the order of the paths and, in each file, as they stand there."""
    rows = []
    for file in company.files(table):
        partition = partition_of(company, table, file)
        rows += [row | partition for row in pyarrow.parquet.ParquetFile(file).read().to_pylist()]
    return rows


def assert_same_rows(found, expected, key):
    """The same rows in the same order; if not, says first what is missing, then what differs, column by column."""
    by_id = {row[key]: row for row in found}
    wanted = {row[key]: row for row in expected}
    assert len(by_id) == len(found), f"{key} repeats"
    missing, surplus = wanted.keys() - by_id.keys(), by_id.keys() - wanted.keys()
    assert not missing and not surplus, f"missing {sorted(missing)[:5]}, not expected {sorted(surplus)[:5]}"
    differences = defaultdict(list)
    for id, row in wanted.items():
        for column in row.keys() | by_id[id].keys():
            if row.get(column, "no such column") != by_id[id].get(column, "no such column"):
                differences[column].append((id, by_id[id].get(column), row.get(column)))
    summary = {column: (len(cases), cases[:3]) for column, cases in differences.items()}
    assert not summary, f"column: (how many, [(id, found, expected)]) {summary}"
    assert [row[key] for row in found] == [row[key] for row in expected], "the order differs"


@pytest.mark.parametrize("table", TABLES)
def test_every_row_and_column_is_as_the_books_say(company, expected, table):
    assert_same_rows(read_rows(company, table), expected.rows(table), f"{'line' if table == 'spend' else table}_id")


def test_the_books_have_the_cases_that_matter(tmp_path):
    """The tests above prove little about a company in which nothing special happens."""
    books = export_books(COMPANIES["large"], tmp_path)
    expected = Expected(books)
    rows, counts = expected.spend, expected.screened.line_counts
    matches = Counter(row["supplier_match"] for row in rows)
    cases = {
        "every way to a supplier": min(matches[each] for each in ("voucher", "company", "ambiguous", "none", "not_a_supplier")),
        "several owners": len({row["owner_id"] for row in expected.supplier}) > 2,
        "a VAT code without a rate": any(row["vat_code"] and row["vat_rate"] is None for row in rows),
        "a line break": any("\n" in (row["text"] or "") for row in rows),
        "a foreign currency": any(row["invoice_currency_code"] not in ("NOK", None) for row in rows),
        "an invoice without a number": any(row["invoice_date"] and not row["invoice_number"] for row in rows),
        "a voucher that was never changed": any(not row["voucher_modified_at"] for row in rows),
        "summer and winter": len({_utc_offset(books, row) for row in rows if row["voucher_modified_at"]}) == 2,
        "a code twice": len({row["supplier_code"] for row in expected.supplier}) < len(expected.supplier),
        "a closed supplier": any(row["valid_to"] for row in expected.supplier),
        "payroll, refused, no account number": min(counts[each] for each in ("excluded_payroll", "refused", "without_account_number")),
    }
    assert not [case for case, there in cases.items() if not there]


def test_the_other_companies_have_what_they_are_for(tmp_path):
    """Charts of several countries, registers kept above, values that fit no column."""
    abroad = export_books(COMPANIES["abroad"], tmp_path / "abroad")
    rows = Expected(abroad).spend
    used = {(abroad.chart[line["account_id"]]["chart_id"], line["owner_id"]) for line in abroad.lines if line["account_id"]}
    kept = {row["account_code"] for row in rows}
    payroll = [line for line in abroad.lines if line["is_payroll_by_nature"] == "true" and line["account_id"]]
    on = {abroad.chart[line["account_id"]]["code"] for line in payroll if abroad.document_type(line)["code"] in ("AP", "BA")}
    above = export_books(COMPANIES["above"], tmp_path / "above")
    found = {row["supplier_id"] for row in Expected(above).spend} & {int(id) for id in above.suppliers_elsewhere}
    currencies = export_books(COMPANIES["currencies"], tmp_path / "currencies")
    bought = defaultdict(set)
    for row in Expected(currencies, owner_currencies_known=True).spend:
        bought[row["supplier_id"]].add((row["owner_id"], row["amount_currency_code"]))
    of_several = [len({currency for _, currency in by}) for supplier, by in bought.items() if supplier and len(by) > 1]
    odd = export_books(COMPANIES["odd-values"], tmp_path / "odd")
    odd_rows, suppliers = Expected(odd).spend, Expected(odd).supplier
    unfit = {line["line_id"] for line in odd.lines if line["invoice_amount"] and len(line["invoice_amount"]) > 15}
    cases = {
        "three charts": {chart for chart, _ in used} == {"2", "3", "12"},
        "rent and software of Sweden": {"5010", "5060", "5420", "3410"} <= kept,
        "pay of each chart in kept document types": {"7210", "7510", "3310", "5800", "5600"} <= on,
        "no account within reach": all(row["within_reach"] == "false" for row in above.chart.values()),
        "suppliers above that lines name": len(found) > 1,
        "sums of several owners, in one currency and in two": {1, 2} <= set(of_several),
        "twenty digits": any(str(row["line_id"]) in unfit and row["invoice_amount"] is None for row in odd_rows),
        "five decimals": any(line["tax_amount"] and len(line["tax_amount"].split(".")[1]) == 5 for line in odd.lines),
        "the last day": any(row["due_date"] == date.max for row in odd_rows) and any(row["valid_from"] == date.max for row in suppliers),
        "no fiscal year": any(row["fiscal_year"] is None for row in odd_rows),
    }
    assert not [case for case, there in cases.items() if not there]


def _utc_offset(books, row):
    wall_time = datetime.fromisoformat(books.vouchers[str(row["voucher_id"])]["modified_at"])
    return wall_time - row["voucher_modified_at"].replace(tzinfo=None)


# ----------------------------------------------------------------------------------------------------------------- the report


def assert_counts(report, screened):
    lines, payables = report["lines"], report["payables"]
    names = (*COUNTS, "without_account_number", "excluded_on_kept_accounts")
    assert {name: lines[name] for name in names} == {name: screened.line_counts[name] for name in names}
    assert sum(lines[name] for name in COUNTS[1:]) == lines["listed"]
    assert payables == {name: screened.ap_counts[name] for name in ("listed", "excluded_payroll", "not_needed", "kept")}
    assert payables["excluded_payroll"] + payables["not_needed"] + payables["kept"] == payables["listed"]
    assert {kind["code"]: kind["lines"] for kind in report["document_types"]} == screened.lines_by_type
    assert (report["lines_fetched"], report["lines_gone"]) == (lines["kept"], 0)
    assert (report["payables_fetched"], report["payables_gone"]) == (payables["kept"], 0)


def test_the_report_counts_what_the_books_count(company, expected):
    report = company.run.report
    assert report["status"] == "succeeded" and report["error"] is None
    assert_counts(report, expected.screened)
    for table in TABLES:
        files = company.files(table)
        size = {"rows": len(expected.rows(table)), "files": len(files), "bytes": sum(file.stat().st_size for file in files)}
        assert report["tables"][table] == size


def test_the_report_says_how_each_document_type_is_treated(company):
    rules = Rules()
    for kind in company.run.report["document_types"]:
        named = {"code": kind["code"], "name": kind["description"]}
        if kind["code"] is None:
            assert kind["treatment"] == "refused"
        elif rules.is_payroll_type(named):
            assert kind["treatment"] == "payroll", named
        else:
            assert (kind["treatment"] == "kept") == rules.keeps_type(named), named


def test_the_report_counts_requests_and_bytes_as_the_server_does(company):
    api, totals = company.run.report["api"], company.journal["totals"]
    assert api["requests"] == totals["requests"]
    assert api["bytes_down"] == totals["bytes_down"]


# ------------------------------------------------------------------------------------------------------------------- the files


@pytest.mark.parametrize("table", TABLES)
def test_each_partition_has_one_file_with_rows(company, expected, table):
    found = Counter()
    for file in company.files(table):
        partition = tuple(partition_of(company, table, file).values())
        assert partition not in found, f"{file}: a second file of its partition"
        found[partition] = pyarrow.parquet.read_metadata(file).num_rows
    assert min(found.values()) > 0
    assert found == Counter(tuple(row[name] for name in PARTITIONS[table]) for row in expected.rows(table))


def test_a_snapshot_holds_nothing_but_its_tables_page_and_manifest(company):
    files = {file for file in company.snapshot.rglob("*") if file.is_file()}
    assert files == {company.snapshot / "_manifest.json", company.snapshot / "report.html", *company.files("spend"), *company.files("supplier")}


def test_the_manifest_lists_what_is_on_disk(company, expected):
    manifest = json.loads((company.snapshot / "_manifest.json").read_text("utf-8"))
    assert manifest["snapshot"] == company.snapshot.name
    for table in TABLES:
        listed = manifest["tables"][table]
        found = [
            {
                "path": file.relative_to(company.snapshot).as_posix(),
                "rows": pyarrow.parquet.read_metadata(file).num_rows,
                "bytes": file.stat().st_size,
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            }
            for file in company.files(table)
        ]
        assert listed["files"] == found
        assert listed["rows"] == sum(file["rows"] for file in found) == len(expected.rows(table))
        assert listed["bytes"] == sum(file["bytes"] for file in found)


def test_the_control_totals_are_those_of_the_books(company, expected):
    """Totals by month and owner, wherever in the manifest's control totals they stand."""
    manifest = json.loads((company.snapshot / "_manifest.json").read_text("utf-8"))
    totals = defaultdict(lambda: [0, Decimal(0)])
    for row in expected.spend:
        total = totals[row["year"], row["month"], row["owner_id"]]
        total[0] += 1
        total[1] += row["amount"]
    found = {}
    for entry in control_totals(manifest["control_totals"]):
        found[entry["year"], entry["month"], entry["owner_id"]] = [entry["lines"], Decimal(entry["amount"])]
    assert found == totals


def control_totals(value):
    if isinstance(value, dict) and {"year", "month", "owner_id", "lines", "amount"} <= value.keys():
        yield value
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from control_totals(each)


def test_current_json_the_link_and_the_report_name_one_snapshot(company):
    current = json.loads((company.lake / "CURRENT.json").read_text("utf-8"))
    manifest = (company.snapshot / "_manifest.json").read_bytes()
    assert current["manifest_sha256"] == hashlib.sha256(manifest).hexdigest()
    assert current["snapshot"] == company.run.report["snapshot"]
    link = company.lake / "current"
    assert link.is_symlink() and link.resolve() == company.snapshot.resolve()
    assert not link.readlink().is_absolute(), "a lake that is moved would lose its newest snapshot"
    assert [entry.name for entry in (company.lake / "snapshots").iterdir()] == [current["snapshot"]]


def test_the_run_has_its_line_in_runs(company, expected):
    [file] = (company.lake / "runs").glob("*.json")
    [line] = file.read_text("utf-8").splitlines()
    row, counts, report = json.loads(line), expected.screened.line_counts, company.run.report
    wanted = {
        "run_id": report["run_id"],
        "snapshot": company.snapshot.name,
        "action": "refresh",
        "mode": report["mode"],
        "status": "succeeded",
        "lines_listed": counts["listed"],
        "lines_kept": counts["kept"],
        "lines_fetched": counts["kept"],
        "lines_without_account_number": counts["without_account_number"],
        **{name: counts[name] for name in COUNTS if name not in ("listed", "kept")},
        "suppliers": len(expected.supplier),
        "api_requests": company.journal["totals"]["requests"],
        "api_bytes_down": company.journal["totals"]["bytes_down"],
        "api_waited_ms": report["api"]["waited_ms"],
        "error_kind": None,
        "error_message": None,
        "refresh_id": report["run_id"],
    }
    assert {name: row.get(name) for name in wanted} == wanted
    # Of the checks: test_checks.py.
    assert set(row) - set(wanted) == {"started_at", "finished_at", "checks_warned", "checks_failed", "checks"}


# ----------------------------------------------------------------------------------------------------------------- the readers


def comments(table):
    """What each column means, as Athena is told."""
    ddl = (REPOSITORY / "infra" / "athena" / f"{table}.sql").read_text("utf-8")
    return dict(re.findall(r"^  `(\w+)` .* COMMENT '(.*)'", ddl, re.MULTILINE))


@pytest.mark.parametrize("table", TABLES)
def test_each_file_has_the_exact_schema(company, table):
    wanted = [(name, ARROW[type]) for name, type in TABLES[table].items()]
    meant = comments(table)
    for file in company.files(table):
        schema = pyarrow.parquet.read_schema(file)
        assert list(zip(schema.names, schema.types, strict=True)) == wanted, file
        assert all(meant[field.name].startswith(field.metadata[b"description"].decode()) for field in schema), file


def duckdb_table(company, table):
    path = str(company.lake / "current" / table / "**" / "*.parquet").replace("'", "''")
    types = ", ".join(f"'{name}': {'BIGINT' if name == 'owner_id' else 'INTEGER'}" for name in PARTITIONS[table])
    # Left alone, DuckDB reads a month as text, for its leading zero.
    return f"read_parquet('{path}', hive_partitioning = true, hive_types = {{{types}}})"


def polars_table(company, table):
    return polars.scan_parquet(company.snapshot / table / "**" / "*.parquet", hive_partitioning=True)


@pytest.mark.parametrize("table", TABLES)
def test_duckdb_describes_the_exact_schema(company, table):
    described = duckdb.sql(f"DESCRIBE SELECT * FROM {duckdb_table(company, table)}").fetchall()
    found = [(name, type) for name, type, *_ in described]
    wanted = [(name, DUCKDB[type]) for name, type in TABLES[table].items()]
    assert found[: len(wanted)] == wanted
    # In whatever order DuckDB puts the partitions.
    partitions = {"year": "INTEGER", "month": "INTEGER"} if table == "spend" else {"owner_id": "BIGINT"}
    assert dict(found[len(wanted) :]) == partitions


@pytest.mark.parametrize("table", TABLES)
def test_polars_reads_the_exact_schema(company, table):
    wanted = [(name, POLARS[type]) for name, type in TABLES[table].items()]
    found = list(polars_table(company, table).collect_schema().items())
    assert found == wanted + [(name, polars.Int64()) for name in PARTITIONS[table]]


def test_all_readers_find_the_same_sums(company, expected):
    """By month and supplier, of the three columns of money and by each reader's own arithmetic."""
    columns, keys = ("amount", "invoice_amount", "vat_amount"), ("year", "month", "supplier_id")
    wanted = defaultdict(lambda: [0, None, None, None])
    for row in expected.spend:
        sums = wanted[tuple(row[key] for key in keys)]
        sums[0] += 1
        for place, column in enumerate(columns, 1):
            if row[column] is not None:
                sums[place] = (sums[place] or 0) + row[column]

    sums = ", ".join(f"sum({column})" for column in columns)
    query = f"SELECT year, month, supplier_id, count(*), {sums} FROM {duckdb_table(company, 'spend')} GROUP BY ALL"
    by_duckdb = {row[:3]: list(row[3:]) for row in duckdb.sql(query).fetchall()}
    assert by_duckdb == wanted

    dataset = pyarrow.dataset.dataset(company.snapshot / "spend", partitioning="hive")
    totals = [("line_id", "count"), *((column, "sum") for column in columns)]
    groups = dataset.to_table().group_by(list(keys)).aggregate(totals).to_pylist()
    by_pyarrow = {
        tuple(group[key] for key in keys): [group["line_id_count"], *(group[f"{column}_sum"] for column in columns)]
        for group in groups
    }
    assert by_pyarrow == wanted

    # Polars sums nothing to 0, where the others say null.
    a_sum = [polars.when(polars.col(c).count() > 0).then(polars.col(c).sum()).alias(c) for c in columns]
    groups = polars_table(company, "spend").group_by(*keys).agg(polars.len(), *a_sum).collect()
    by_polars = {row[:3]: list(row[3:]) for row in groups.iter_rows()}
    assert by_polars == wanted


def test_duckdb_and_polars_read_the_values_of_the_books(company, expected):
    """All rows once more: pyarrow alone could be wrong in the same way as the writer, whose library it shares an ancestor with."""
    for table, columns in (("spend", SPEND), ("supplier", SUPPLIER)):
        names = [*columns, *PARTITIONS[table]]
        key = names[0]
        wanted = [tuple(row[name] for name in names) for row in sorted(expected.rows(table), key=lambda row: row[key])]
        # An instant as text, so that no session's time zone has a say in it.
        times = [name for name, type in columns.items() if type == TIME]
        wanted = [tuple(_milliseconds(value) if name in times else value for name, value in zip(names, row)) for row in wanted]
        selection = ", ".join(f"epoch_ms({name})" if name in times else name for name in names)
        found = duckdb.sql(f"SELECT {selection} FROM {duckdb_table(company, table)} ORDER BY {key}").fetchall()
        assert found == wanted
        instants = [polars.col(name).dt.epoch("ms") for name in times]
        found = polars_table(company, table).with_columns(*instants).select(names).sort(key).collect()
        assert found.rows() == wanted


def _milliseconds(instant):
    return None if instant is None else int(instant.timestamp()) * 1_000


def test_the_suppliers_totals_are_those_of_spend(company):
    """In one query over both tables, as a user would check it."""
    query = f"""
        SELECT supplier.supplier_id, supplier.owner_id,
            line_count, spend_amount, first_posted_date, last_posted_date,
            count(spend.line_id), coalesce(sum(spend.amount), 0), min(spend.posted_date), max(spend.posted_date),
            count(DISTINCT spend.owner_id), count(DISTINCT amount_currency_code)
        FROM {duckdb_table(company, 'supplier')} AS supplier
        LEFT JOIN {duckdb_table(company, 'spend')} AS spend USING (supplier_id)
        GROUP BY ALL
    """
    rows = duckdb.sql(query).fetchall()
    assert len(rows) == company.run.report["tables"]["supplier"]["rows"]
    for id, _, lines, amount, first, last, counted, summed, earliest, latest, owners, currencies in rows:
        assert (lines, first, last) == (counted, earliest, latest), id
        assert amount == (summed if owners < 2 or currencies == 1 else None), id


def test_every_supplier_of_a_line_is_in_the_supplier_table(company):
    query = f"""
        SELECT count(*) FROM {duckdb_table(company, 'spend')}
        WHERE supplier_id IS NOT NULL AND supplier_id NOT IN (SELECT supplier_id FROM {duckdb_table(company, 'supplier')})
    """
    assert duckdb.sql(query).fetchall() == [(0,)]


# --------------------------------------------------------------------------------------------------------------- other settings


OTHER_RULES = {
    "history": (
        {"SPEND_HISTORY_FROM": "2025-02"},
        Rules(history_from=(2025, 2)),
    ),
    "journals, whose 13th period falls into its month": (
        {"SPEND_DOCUMENT_TYPES": " ap ,Gl,ar", "SPEND_EXCLUDED_ACCOUNTS": "1920-1920,2400-2400"},
        Rules(document_types=("ap", "gl", "ar"), excluded_accounts=((1920, 1920), (2400, 2400))),
    ),
    "no payroll but by its descriptions": (
        {
            "SPEND_PAYROLL_DOCUMENT_TYPES": "NONE",
            "SPEND_PAYROLL_ACCOUNTS": "",
            "SPEND_PAYROLL_MATCHES": "off",
            "SPEND_EXCLUDED_ACCOUNTS": "",
            "SPEND_DOCUMENT_TYPES": "AP,BA,ER,LØ,PR,XV,OS",
        },
        Rules(
            document_types=("AP", "BA", "ER", "LØ", "PR", "XV", "OS"),
            excluded_accounts=(),
            payroll_document_types=("NONE",),
            payroll_accounts=(),
            payroll_matches=False,
        ),
    ),
    "another type and other accounts are payroll, and what is matched with them": (
        {"SPEND_PAYROLL_DOCUMENT_TYPES": "ER,ocr", "SPEND_PAYROLL_ACCOUNTS": "2400-2400,6000-6499", "SPEND_EXCLUDED_ACCOUNTS": "1-1"},
        Rules(
            payroll_document_types=("ER", "OCR"),
            payroll_accounts=((2400, 2400), (6000, 6499)),
            excluded_accounts=((1, 1),),
        ),
    ),
}


@pytest.fixture(scope="module")
def small_books(tmp_path_factory):
    return export_books(COMPANIES["small"], tmp_path_factory.mktemp("books"))


@pytest.mark.parametrize("which", OTHER_RULES)
def test_the_rules_follow_the_settings(which, small_server, small_books, tmp_path):
    settings, rules = OTHER_RULES[which]
    run = refresh(small_server, tmp_path, "--json", **settings)
    company = Company(small_books, tmp_path, small_server, run, {})
    expected = Expected(small_books, rules)
    assert_counts(run.report, expected.screened)
    assert_same_rows(read_rows(company, "spend"), expected.spend, "line_id")
    assert_same_rows(read_rows(company, "supplier"), expected.supplier, "supplier_id")
    if "13th" in which:
        assert any(row["fiscal_period"] == 13 for row in expected.spend)


def test_an_empty_ledger_gives_a_lake_without_files_of_spend(small_server, small_books, tmp_path):
    """No line is of this type: the suppliers are there all the same, without lines."""
    run = refresh(small_server, tmp_path, "--json", SPEND_DOCUMENT_TYPES="ZZ")
    company = Company(small_books, tmp_path, small_server, run, {})
    assert company.files("spend") == []
    expected = Expected(small_books, Rules(document_types=("ZZ",)))
    assert expected.spend == []
    assert_same_rows(read_rows(company, "supplier"), expected.supplier, "supplier_id")
