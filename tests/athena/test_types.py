"""The tables as Trino sees them: every column, type, comment and row, over the definitions that the publisher puts into Glue."""

import json
import subprocess
from datetime import datetime

import pyarrow
import pyarrow.dataset
import pytest
import trino.exceptions

from conftest import readers
from columns import TABLES

PARTITION_TYPES = {"spend": {"year": "int", "month": "int"}, "supplier": {"owner_id": "bigint"}}
TRINO = {"string": "varchar", "int": "integer", "timestamp": "timestamp(3)"}


@pytest.fixture(scope="module")
def published(new_lake, tmp_path_factory):
    lake = new_lake()
    with readers.serve(readers.Order(2_000, 3)) as server:
        manifest = lake.refresh(server)
    return lake, manifest, lake.download(manifest, tmp_path_factory.mktemp("snapshot"))


def stated():
    said = subprocess.run([readers.program("xledger-spend"), "schema", "--json"], check=True, capture_output=True, timeout=60)
    return {table["table"]: table for table in json.loads(said.stdout)}


@pytest.mark.parametrize("table", TABLES)
def test_columns_have_the_types_and_comments_that_are_stated(engine, published, table):
    lake, *_ = published
    columns = TABLES[table] | PARTITION_TYPES[table]
    description = stated()[table]
    comments = [column["comment"] for column in description["columns"] + description["partitions"]]
    seen = engine.query(f"DESCRIBE {table}", lake.database)
    assert [row[:2] for row in seen] == [(name, TRINO.get(kind, kind)) for name, kind in columns.items()]
    assert [row[3] for row in seen] == comments


@pytest.mark.parametrize("table", TABLES)
def test_every_value_is_that_of_the_files(engine, published, table):
    lake, manifest, directory = published
    partitions = pyarrow.dataset.partitioning(
        pyarrow.schema([(name, {"int": pyarrow.int32(), "bigint": pyarrow.int64()}[kind]) for name, kind in PARTITION_TYPES[table].items()]),
        flavor="hive",
    )
    held = pyarrow.dataset.dataset(directory / table, partitioning=partitions).to_table()
    names = [*TABLES[table], *PARTITION_TYPES[table]]
    assert held.column_names == names
    assert held.num_rows == manifest["tables"][table]["rows"] > 0
    expected = [tuple(map(as_trino_gives_it, row.values())) for row in held.to_pylist()]
    seen = engine.query(f"SELECT * FROM {table}", lake.database)
    assert sorted(seen) == sorted(expected)


def as_trino_gives_it(value):
    """A timestamp of Athena has no time zone; ours are in UTC."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def test_runs_are_read_with_their_times(engine, published):
    lake, manifest, _ = published
    (kind,) = {row[1] for row in engine.query("DESCRIBE runs", lake.database) if row[0].endswith("_at")}
    assert kind == "timestamp(3)"
    ((snapshot, status, started, finished, listed, suppliers, error),) = engine.query(
        "SELECT snapshot, status, started_at, finished_at, lines_listed, suppliers, error_kind FROM runs", lake.database
    )
    report = manifest["report"]
    assert (snapshot, status, listed, error) == (manifest["snapshot"], "succeeded", 2_000, None)
    assert suppliers == manifest["tables"]["supplier"]["rows"]
    assert started == datetime.fromisoformat(report["started_at"]).replace(tzinfo=None)
    assert started < finished


def test_filters_on_partitions_read_these_partitions_alone(engine, published):
    lake, manifest, _ = published
    months = {(total["year"], total["month"]): 0 for total in manifest["control_totals"]["spend"]}
    for total in manifest["control_totals"]["spend"]:
        months[total["year"], total["month"]] += total["lines"]
    for (year, month), lines in sorted(months.items())[:3]:
        answer = engine.query(
            f'SELECT count(*), count(DISTINCT "$path"), min("$path") FROM spend WHERE year = {year} AND month = {month}', lake.database
        )
        directory = f"{lake.url}/snapshots/{manifest['snapshot']}/spend/year={year}/month={month:02}"
        assert answer == [(lines, 1, f"{directory}/part-00000.parquet")]
    projected = engine.query('SELECT year, month FROM "spend$partitions"', lake.database)
    assert set(months) <= set(projected)


def test_a_month_without_a_file_is_no_error(engine, published):
    """Projection makes up each month of each year between the first and the last; not all of them have rows."""
    lake, manifest, _ = published
    held = {(total["year"], total["month"]) for total in manifest["control_totals"]["spend"]}
    projected = engine.query('SELECT year, month FROM "spend$partitions"', lake.database)
    year, month = next(month for month in projected if month not in held)
    assert engine.query(f"SELECT count(*) FROM spend WHERE year = {year} AND month = {month}", lake.database) == [(0,)]


def test_tables_without_a_row_are_empty(engine, new_lake):
    lake = new_lake()
    with readers.serve(readers.Order(500, 3)) as server:
        manifest = lake.refresh(server, SPEND_HISTORY_FROM="2099-01")
    assert manifest["tables"]["spend"]["rows"] == 0
    assert engine.query("SELECT count(*), sum(amount) FROM spend", lake.database) == [(0, None)]
    assert engine.query("SELECT count(*) FROM spend WHERE year = 2026 AND month = 5", lake.database) == [(0,)]
    rows = manifest["tables"]["supplier"]["rows"]
    assert engine.query("SELECT count(*), sum(line_count), sum(spend_amount) FROM supplier", lake.database) == [(rows, 0, 0)]


# What `src/table/glue.rs` may write for whole numbers, and what it may not: Trino's own limits, of which Athena's pages say nothing.
@pytest.mark.parametrize(
    ("projection", "refusal"),
    [
        ({"type": "integer", "range": "4242,4263"}, None),
        ({"type": "integer", "range": "4242,4263", "interval": "3"}, None),
        ({"type": "integer", "range": "4239,4266", "interval": "3"}, None),
        ({"type": "integer", "range": "0,2147483648", "interval": "4242"}, "2147483648"),
        ({"type": "enum", "values": "4242,4251,4257,4263"}, "Unsupported column type: bigint"),
    ],
    ids=lambda value: value and "-".join(value.values()) if isinstance(value, dict) else None,
)
def test_what_projection_takes_for_a_bigint(engine, published, projection, refusal):
    lake, manifest, _ = published
    table = lake.table("supplier")
    table["Name"] = "projected"
    others = {key: value for key, value in table["Parameters"].items() if not key.startswith("projection.owner_id.")}
    table["Parameters"] = others | {f"projection.owner_id.{key}": value for key, value in projection.items()}
    glue = lake.aws.client("glue")
    glue.create_table(DatabaseName=lake.database, TableInput=table)
    try:
        if refusal:
            with pytest.raises(trino.exceptions.TrinoQueryError, match=refusal):
                engine.query("SELECT count(*) FROM projected", lake.database)
        else:
            owners = {int(file["path"].split("=")[1].split("/")[0]) for file in manifest["tables"]["supplier"]["files"]}
            expected = [(manifest["tables"]["supplier"]["rows"], len(owners))]
            assert engine.query("SELECT count(*), count(DISTINCT owner_id) FROM projected", lake.database) == expected
            assert engine.query(f"SELECT count(DISTINCT owner_id) FROM projected WHERE owner_id > {min(owners)}", lake.database) == [(len(owners) - 1,)]
    finally:
        glue.delete_table(DatabaseName=lake.database, Name="projected")
