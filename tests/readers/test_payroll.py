"""Payroll is nowhere: not in a table, a file, a log, and no line of it was ever answered. And proof that these checks can fail."""

import pytest

import leaks
from conftest import COMPANIES, Order, refreshed, spend_command

# Each switches off a rule and so lets payroll in that only this rule keeps out. Bank and salary accounts are asked for as well; not so
# payables: a debt less the other lines of its voucher is the pension that was left out, for vouchers balance.
EVERY_ACCOUNT = {"SPEND_EXCLUDED_ACCOUNTS": "2400-2400"}
LEAKING = {
    "accounts": EVERY_ACCOUNT | {"SPEND_PAYROLL_ACCOUNTS": ""},
    "matches": EVERY_ACCOUNT | {"SPEND_PAYROLL_MATCHES": "off"},
    "all that can be": EVERY_ACCOUNT
    | {
        "SPEND_PAYROLL_ACCOUNTS": "",
        "SPEND_PAYROLL_MATCHES": "off",
        "SPEND_PAYROLL_DOCUMENT_TYPES": "NONE",
        "SPEND_DOCUMENT_TYPES": "AP,BA,ER,LØ,PR,XV",
    },
}


def lake_files(company):
    return [file for file in company.lake.rglob("*") if file.is_file()]


def tables(company):
    return [*company.files("spend"), *company.files("supplier")]


def other_files(company):
    return [file for file in lake_files(company) if file.suffix != ".parquet"]


def findings(company):
    """What each check finds, by the check's name."""
    ids = company.books.payroll_line_ids()
    said = (company.run.stdout + company.run.stderr).encode()
    return {
        "markers in bytes": leaks.markers_in_bytes(lake_files(company)),
        "markers in columns": leaks.markers_in_columns(tables(company)),
        "salaries in columns": leaks.salaries_in_columns(tables(company)),
        "lines in spend": leaks.payroll_lines_in_spend(company.files("spend"), ids),
        "in what was said": leaks.payroll_in_text(said, ids),
        "in other files": [found for file in other_files(company) for found in leaks.payroll_in_text(leaks.read(file), ids)],
        "in the journal": company.journal["payroll_violations"],
    }


def test_payroll_is_nowhere(company):
    assert len(company.books.payroll_line_ids()) > 20, "a company without payroll proves nothing"
    assert {check: found for check, found in findings(company).items() if found} == {}


def test_no_payroll_root_is_asked(company):
    roots = {root for exchange in company.journal["exchanges"] for root in exchange["roots"]}
    assert "transactions" in roots
    assert not roots & {"payrollTransactions", "payrollRates", "employees", "recentTransactions"}


def test_the_token_is_nowhere(company):
    token = company.server.token
    assert token not in company.run.stdout + company.run.stderr
    assert [file for file in lake_files(company) if token.encode() in file.read_bytes()] == []


@pytest.mark.parametrize("which", LEAKING)
def test_the_checks_find_payroll_where_a_rule_is_off(which, tmp_path):
    with refreshed(COMPANIES["small"], tmp_path, **LEAKING[which]) as company:
        found = findings(company)
    assert found["in the journal"] and found["lines in spend"]
    assert found["markers in columns"] and found["salaries in columns"]
    # In the cache, too.
    assert {file.suffix for file in found["markers in bytes"]} >= {".rows"}
    # Even a run that is told to let payroll in says nothing of it.
    assert found["in what was said"] == []


def test_document_types_that_say_payroll_stay_out_whatever_the_settings(tmp_path):
    settings = {"SPEND_PAYROLL_DOCUMENT_TYPES": "NONE", "SPEND_DOCUMENT_TYPES": "AP,BA,ER,LØ,PR,XV"}
    with refreshed(COMPANIES["small"], tmp_path, **EVERY_ACCOUNT, **settings) as company:
        assert {check: found for check, found in findings(company).items() if found} == {}


def test_document_types_that_say_payroll_in_the_languages_of_the_north_stay_out(tmp_path):
    settings = EVERY_ACCOUNT | {"SPEND_DOCUMENT_TYPES": "AP,BA,ER,XL,XM,XT,XF,XS"}
    with refreshed(Order(2_000, 3, "nordic-payroll"), tmp_path, **settings) as company:
        names = {kind["name"] for kind in company.books.document_types.values()}
        assert {"Lön", "Timeløn og pension", "Palkat", "Semesterlöner"} < names
        assert {check: found for check, found in findings(company).items() if found} == {}


def test_the_checks_of_files_and_texts_can_fail(tmp_path):
    """The checks that no setting can make fail: what they look for is put before them."""
    leaky = tmp_path / "leaky.json"
    leaky.write_text(f'{{"text": "{leaks.MARKER}12"}}', "utf-8")
    assert leaks.markers_in_bytes([leaky]) == [leaky]
    assert leaks.payroll_in_text(b"amount=-7701345.10 id=109349000000468", {109349000000468}) == [b"-7701345", b"109349000000468"]
    assert leaks.payroll_in_text(b"rows=7701 sha256=ab7701345cd id=109349000000468", set()) == []


def test_a_failing_run_says_nothing_of_payroll(tmp_path):
    """Errors are written in haste: a refused token, a lake that is no directory, an address where nothing listens."""
    with refreshed(Order(1_000, 3), tmp_path / "good") as company:
        ids = company.books.payroll_line_ids()
        file = tmp_path / "file"
        file.write_text("")
        endpoint = company.server.endpoint
        token = company.server.token
        runs = [
            spend_command("refresh", "--lake", tmp_path / "a", "--xledger-endpoint", endpoint, token="wrong-token-4711", RUST_LOG="trace"),
            spend_command("refresh", "--lake", file, "--xledger-endpoint", endpoint, token=token, RUST_LOG="trace"),
            spend_command("refresh", "--lake", tmp_path / "b", "--xledger-endpoint", endpoint + "/no", token=token, RUST_LOG="trace"),
        ]
    for run in runs:
        said = run.stdout + run.stderr
        assert run.status in (1, 2), said
        assert leaks.payroll_in_text(said.encode(), ids) == []
        assert token not in said and "wrong-token-4711" not in said
