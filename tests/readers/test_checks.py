"""The checks of the data in a report, against the same checks worked out from the books."""

import json
from datetime import datetime
from pathlib import Path

import pytest

import checks
import oracle
from conftest import Order, refresh, refreshed

COMPANIES = {"spend": Order(2_000, 1, "spend-english"), "larger": Order(20_000, 6, "spend-norwegian"), "calm": Order(6_000, 3)}


@pytest.fixture(scope="module", params=COMPANIES)
def books_and_report(request, tmp_path_factory):
    with refreshed(COMPANIES[request.param], tmp_path_factory.mktemp("checks")) as company:
        again = refresh(company.server, company.lake, "--json").report
        rows = oracle.spend(company.books, oracle.screen(company.books))
        yield company.books, rows, company.run.report, again, company.lake


def found(report, name):
    [check] = [check for check in report["checks"] if check["name"] == name]
    return check


def test_what_is_kept(books_and_report):
    books, rows, report, _, _ = books_and_report
    months = checks.Months(report, rows)
    assert found(report, "supplier_invoices_without_kept_line") == checks.lost_invoices(books)
    assert found(report, "coverage") == checks.coverage(books, months)


def test_rates_of_vat(books_and_report):
    _, rows, report, _, _ = books_and_report
    assert found(report, "vat_rates") == checks.vat_rates(rows)


def test_suppliers_and_matches(books_and_report):
    books, rows, report, again, _ = books_and_report
    months = checks.Months(report, rows)
    measured = checks.measured(books, months, rows)
    assert report["measured"] == again["measured"] == measured
    assert found(report, "match_rates") == checks.match_rates(months, measured)
    assert found(again, "match_rates") == checks.match_rates(months, measured, measured)
    assert found(report, "dominant_suppliers") == checks.dominant_suppliers(months, rows)


def test_suppliers_numbers(books_and_report):
    books, rows, report, _, _ = books_and_report
    suppliers = oracle.supplier(books, rows, screened=oracle.screen(books))
    assert found(report, "supplier_numbers") == checks.supplier_numbers(rows, suppliers)
    assert found(report, "integrity") == checks.integrity(rows, suppliers)


def test_amounts_and_dates(books_and_report):
    _, rows, report, _, _ = books_and_report
    assert found(report, "exchange_rates") == checks.exchange_rates(checks.Months(report, rows), rows)
    assert found(report, "dates") == checks.dates(rows, report)
    assert found(report, "offsetting_pairs") == checks.offsetting_pairs(rows)


def test_accounts_and_what_moved(books_and_report):
    books, rows, report, again, _ = books_and_report
    assert found(report, "wage_accounts_outside") == checks.wage_accounts(books)
    began = datetime.fromisoformat(again["started_at"])
    months = {(row["year"], row["month"]) for row in checks.Months(report, rows).closed(rows)}
    closed = sum(year * 12 + month + 3 <= began.year * 12 + began.month for year, month in months)
    told = [found(run, "closed_months_moved") for run in (report, again)]
    assert [each["figure"] for each in told] == ["nothing to compare with", f"0 lines in 0 of {closed} months"]
    assert {each["status"] for each in told} == {"ok"}


def test_every_check_is_worked_out_here(books_and_report):
    _, _, report, _, _ = books_and_report
    tests = Path(__file__).read_text("utf-8")
    assert len(report["checks"]) == 12 and all(f'"{check["name"]}"' in tests for check in report["checks"])


def test_the_table_of_runs_names_them(books_and_report):
    _, _, report, again, lake = books_and_report
    for run in (report, again):
        [row] = [json.loads(file.read_text("utf-8")) for file in (lake / "runs").glob(f"*{run['run_id']}*.json")]
        to_see = [check["name"] for check in run["checks"] if check["status"] != "ok"]
        assert (row["checks_warned"], row["checks_failed"], row["checks"]) == (len(to_see), 0, ",".join(to_see) or None)


def test_the_books_have_what_is_looked_for(books_and_report):
    """The tests above prove little where every check is ok."""
    _, rows, report, _, _ = books_and_report
    if any(row["vat_code"] == "86" for row in rows):
        names = {check["name"] for check in report["checks"] if check["status"] == "warn"}
        assert {"supplier_invoices_without_kept_line", "vat_rates"} <= names
