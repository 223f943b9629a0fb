"""The views of `infra/athena/views`: the query and the columns of each, and the definition by which Athena keeps it in Glue.

Athena says nowhere how it does; its own views, and Trino's code, show it: a table of the type VIRTUAL_VIEW, whose `ViewOriginalText` is a
comment that holds JSON in Base64.
"""

import base64
import json
import re
import textwrap
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

DDL = Path(__file__).resolve().parents[2] / "infra" / "athena"
FILES = sorted((DDL / "views").glob("*.sql"))
WIDTH = 130


def comment(sql):
    """What stands before a query, as a text."""
    lines = sql.splitlines()
    return " ".join(line.removeprefix("-- ") for line in lines[: next(number for number, line in enumerate(lines) if not line.startswith("-- "))])


def query(file):
    """The query of a view without the comment before it, on one line."""
    return " ".join(" ".join(line for line in file.read_text("utf-8").splitlines() if not line.startswith("-- ")).split())


def tables():
    """An empty table for each of ours, in DuckDB."""
    connection = duckdb.connect()
    for file in DDL.glob("*.sql"):
        table = sqlglot.parse_one(file.read_text("utf-8"), dialect="athena")
        columns = [f"{column.name} {column.kind.sql('duckdb')}" for column in table.find_all(exp.ColumnDef)]
        connection.execute(f"CREATE TABLE {file.stem} ({', '.join(columns)})")
    return connection


def columns(file):
    """The columns of a view with their types, as Glue writes them."""
    found = tables().execute("DESCRIBE " + sqlglot.transpile(query(file), read="athena", write="duckdb")[0]).fetchall()
    return [(name, {"VARCHAR": "string"}.get(kind, kind.lower())) for name, kind, *_ in found]


def lines_of_definition(file):
    """The definition as lines that are JSON with a blank between them. `${GlueDatabase}` is the database."""
    types = [(name, {"string": "varchar"}.get(kind, kind)) for name, kind in columns(file)]
    sql = query(file)
    # It stands as it is in a string of JSON and in a text of `Fn::Sub`.
    assert not re.search(r'["\\\x00-\x1f]|\$\{', sql) and sql.isascii()
    named = [f'{{"name": "{name}", "type": "{kind}"}}' for name, kind in types]
    return [
        '{"catalog": "awsdatacatalog", "schema": "${GlueDatabase}", "columns": [',
        *(f"{column}," for column in named[:-1]),
        f"{named[-1]}],",
        '"originalSql":',
        *textwrap.wrap(f'"{sql}"}}', WIDTH, break_long_words=False, break_on_hyphens=False),
    ]


def decoded(table_input):
    """What a table's definition says that is a view."""
    encoded = re.fullmatch(r"/\* Presto View: ([A-Za-z0-9+/]+=*) \*/", table_input["ViewOriginalText"])[1]
    return json.loads(base64.b64decode(encoded, validate=True))
