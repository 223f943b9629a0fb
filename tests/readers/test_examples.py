"""What the command line tells people to do next works as printed, and what it prints holds no payroll either."""

import re
from collections import defaultdict
from decimal import Decimal

import duckdb
import pytest

import leaks
import oracle
from conftest import COMPANIES, export_books, refresh, spend_command


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    return export_books(COMPANIES["small"], tmp_path_factory.mktemp("books"))


def queries(summary):
    """The SQL in a summary, as somebody would copy it from a terminal."""
    return re.findall(r"^\s*((?:SELECT|FROM|WITH)\b.*?;)\s*$", summary, re.DOTALL | re.MULTILINE | re.IGNORECASE)


ODD = {"plain": "lake", "odd": "it's a lake/på Sør øya", "brackets": "lake [2026]", "glob": "*?", "slash": "a\\b", "hive": "owner_name=Z/amount=1/year=1999/lake", "terminal": "a\x1b\u202eb"}


@pytest.mark.parametrize("lake", ODD.values(), ids=ODD)
def test_the_query_of_the_summary_answers_with_the_sums_of_the_books(lake, books, small_server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / lake).parent.mkdir(parents=True, exist_ok=True)
    run = refresh(small_server, lake)
    [query] = queries(run.stdout)
    relation = duckdb.sql(query)
    rows = relation.fetchall()
    assert rows

    # Whatever the query groups by, its sums are those of the books in the same groups.
    *keys, counted, summed = relation.columns
    assert (counted, summed) == ("lines", "spend")
    totals = defaultdict(lambda: [0, Decimal(0)])
    for row in oracle.spend(books, oracle.screen(books)):
        total = totals[tuple(row[key] for key in keys)]
        total[0] += 1
        total[1] += row["amount"]
    largest = sorted(totals.items(), key=lambda item: -item[1][1])[: len(rows)]
    assert rows == [(*group, *total) for group, total in largest]


def test_nothing_of_payroll_or_the_token_is_printed_for_people(books, small_server, tmp_path):
    lake, ids = tmp_path / "lake", books.payroll_line_ids()
    said = [refresh(small_server, lake), refresh(small_server, lake, "--verbose")]
    remote = ("--xledger-endpoint", small_server.endpoint)
    for command in (["check", *remote], ["check", *remote, "--json"], ["show", "--lake", lake], ["show", "--lake", lake, "--json"]):
        run = spend_command(*command, token=small_server.token)
        assert run.status == 0, f"{command[0]}: status {run.status}\n{run.stdout}\n{run.stderr}"
        said.append(run)
    for run in said:
        assert run.stdout.strip()
        text = run.stdout + run.stderr
        assert leaks.payroll_in_text(text.encode(), ids) == []
        assert small_server.token not in text
