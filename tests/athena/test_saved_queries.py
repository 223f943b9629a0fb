"""The saved queries and the view in Trino: each runs as it stands, and answers what `tests/deploy/answers.py` finds in the same rows."""

import sys
from datetime import timezone

import pytest

from conftest import REPOSITORY, readers

sys.path.append(str(REPOSITORY / "tests" / "deploy"))

import answers
import views
from cloudformation import Stack, load
from test_queries import QUERIES, TABLES, parse
from sqlglot.optimizer.qualify import qualify


@pytest.fixture(scope="module")
def published(new_lake):
    """A lake of the company whose purchases mislead, with the view as the template makes it."""
    lake = new_lake()
    with readers.serve(readers.Order(3_000, 13, "spend-english")) as server:
        lake.refresh(server)
    template = load((REPOSITORY / "template.yaml").read_text("utf-8"))
    template["Resources"]["InvoiceView"]["Properties"]["DatabaseName"] = lake.database
    stack = Stack(template)
    stack.values["GlueDatabase"] = lake.database
    view = stack.of(template["Resources"]["InvoiceView"])["Properties"]
    lake.aws.client("glue").create_table(DatabaseName=lake.database, TableInput=view["TableInput"])
    return lake


def rows_of(engine, lake, table):
    names = [row[0] for row in engine.query(f"DESCRIBE {table}", lake.database)]
    rows = [dict(zip(names, row)) for row in engine.query(f"SELECT * FROM {table}", lake.database)]
    for row in rows:
        if row.get("voucher_created_at"):
            row["voucher_created_at"] = int(row["voucher_created_at"].replace(tzinfo=timezone.utc).timestamp()) * 1_000_000
    return rows


@pytest.fixture(scope="module")
def books(engine, published):
    lines, suppliers = rows_of(engine, published, "spend"), rows_of(engine, published, "supplier")
    return lines, suppliers, max(line["posted_date"] for line in lines if line["posted_date"])


@pytest.mark.parametrize("name", QUERIES)
def test_a_saved_query_runs_as_it_stands(engine, published, name):
    engine.query(QUERIES[name].read_text("utf-8"), published.database)


@pytest.mark.parametrize("name", [name for name in QUERIES if name != "runs-and-freshness"])
def test_a_saved_query_answers_what_python_finds(engine, published, books, name):
    """On the newest day of the lake, as if that were today."""
    sql = QUERIES[name].read_text("utf-8").replace("current_date", f"DATE '{books[2]}'")
    columns = qualify(parse(sql), dialect="athena", schema=TABLES, quote_identifiers=False).named_selects
    found = [dict(zip(columns, row, strict=True)) for row in engine.query(sql, published.database)]
    answers.is_answered(found, getattr(answers, name.replace("-", "_"))(*books))


def test_the_view_is_read_by_its_name(engine, published, books):
    """By what stands in Glue, as CloudFormation puts it there: the columns with the stated types, and the rows."""
    [file] = views.FILES
    trino = {"string": "varchar"}
    described = [row[:2] for row in engine.query("DESCRIBE invoice", published.database)]
    assert described == [(name, trino.get(kind, kind)) for name, kind in views.columns(file)]
    found = rows_of(engine, published, "invoice")
    answers.is_answered(found, answers.invoice(*books))
    assert found and engine.query("SELECT count(*) FROM invoice WHERE days_late > 0", published.database) > [(0,)]


def test_the_query_of_the_view_runs_as_it_stands(engine, published):
    [file] = views.FILES
    assert len(engine.query(file.read_text("utf-8"), published.database)) == len(engine.query("SELECT * FROM invoice", published.database))
