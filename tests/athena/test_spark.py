"""The DDL of `infra/athena` in Spark, which reads it as Hive does: local copies of the data files, partitions by `MSCK REPAIR`, every column."""

from datetime import UTC, datetime

import pyarrow
import pyarrow.parquet
import pytest

from columns import PARTITIONS, TABLES
from conftest import REPOSITORY, ddl, readers

PARTITION_TYPES = {"year": "int", "month": "int", "owner_id": "bigint"}


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    with readers.refreshed(readers.Order(2_000, 3), tmp_path_factory.mktemp("company")) as company:
        yield company


@pytest.fixture(scope="module")
def tables(spark, company):
    spark.sql("CREATE DATABASE lake")
    spark.sql("USE lake")
    for table in TABLES:
        spark.sql(ddl(table, company.snapshot / table))
        spark.sql(f"MSCK REPAIR TABLE {table}")
    spark.sql(ddl("runs", company.lake / "runs"))
    return spark


def columns(table):
    return TABLES[table] | {name: PARTITION_TYPES[name] for name in PARTITIONS[table]}


@pytest.mark.parametrize("table", TABLES)
def test_columns_have_the_types_that_are_stated(tables, table):
    assert dict(tables.table(table).dtypes) == columns(table)


@pytest.mark.parametrize("table", TABLES)
def test_each_column_is_read_as_it_was_written(tables, company, table):
    written = pyarrow.concat_tables(whole(company, table, file) for file in company.files(table)).to_pylist()
    read = tables.table(table).toArrow()
    assert read.column_names == list(columns(table))
    assert read.num_rows == company.run.report["tables"][table]["rows"] > 0
    order = "line_id" if table == "spend" else "supplier_id"
    assert sorted(read.to_pylist(), key=lambda row: row[order]) == sorted(written, key=lambda row: row[order])


def test_the_pages_recipe_reads_what_is_published(spark, company):
    """By path, as the page says: the catalogue has no partitions to go by."""
    recipe = (REPOSITORY / "docs" / "reading.md").read_text("utf-8").split("## Spark")[1].split("```python\n")[1].split("```")[0]
    assert '"s3://bucket/prefix"' in recipe
    made = {"spark": spark}
    exec(recipe.replace("s3://bucket/prefix", f"file://{company.lake}"), made)
    for table in TABLES:
        assert dict(made[table].dtypes) | PARTITION_TYPES == columns(table) | PARTITION_TYPES
        written = pyarrow.concat_tables(whole(company, table, file) for file in company.files(table)).to_pylist()
        order = "line_id" if table == "spend" else "supplier_id"
        read = made[table].toArrow().to_pylist()
        assert len(read) > 0
        assert sorted(read, key=lambda row: row[order]) == sorted(written, key=lambda row: row[order])
    assert {dict(made["spend"].dtypes)[name] for name in PARTITIONS["spend"]} == {"int"}
    assert dict(made["supplier"].dtypes)["owner_id"] in ("int", "bigint")
    spend = pyarrow.concat_tables(whole(company, "spend", file) for file in company.files("spend")).to_pylist()
    of_may = {row["line_id"] for row in spend if (row["year"], row["month"]) == (2025, 5) and row["supplier_id"]}
    assert {row["line_id"] for row in made["may"].toArrow().to_pylist()} == of_may != set()


@pytest.mark.parametrize("table", TABLES)
def test_projected_partitions_are_not_seen(tables, company, table):
    """What the page warns of: no rows, and no error."""
    tables.sql("DROP TABLE IF EXISTS projected")
    tables.sql(ddl(table, company.snapshot / table, name="projected"))
    assert tables.table("projected").count() == 0


def whole(company, table, file):
    """A file with the columns that are in its path alone."""
    held = pyarrow.parquet.ParquetFile(file).read()
    for part in file.relative_to(company.snapshot / table).parent.parts:
        name, value = part.split("=")
        kind = pyarrow.int32() if PARTITION_TYPES[name] == "int" else pyarrow.int64()
        held = held.append_column(name, pyarrow.repeat(pyarrow.scalar(int(value), kind), held.num_rows))
    return held


def test_runs_are_read_with_their_times(tables, company):
    assert {kind for name, kind in tables.table("runs").dtypes if name.endswith("_at")} == {"timestamp"}
    (run,) = tables.table("runs").toArrow().to_pylist()
    report = company.run.report
    assert (run["run_id"], run["snapshot"], run["lines_listed"]) == (report["run_id"], report["snapshot"], report["lines"]["listed"])
    assert run["started_at"].replace(tzinfo=UTC) == datetime.fromisoformat(report["started_at"])


@pytest.mark.parametrize(
    ("column", "stated", "wrong"),
    [
        ("line_id", "bigint", "int"),
        ("fiscal_year", "int", "string"),
        ("posted_date", "date", "string"),
        ("amount", "decimal(18,4)", "decimal(18,2)"),
        ("amount", "decimal(18,4)", "double"),
        ("voucher_modified_at", "timestamp", "date"),
        ("text", "string", "bigint"),
    ],
)
def test_a_wrong_type_would_be_noticed(tables, company, column, stated, wrong):
    right = ddl("spend", company.snapshot / "spend", name="wrong")
    statement = right.replace(f"`{column}` {stated} ", f"`{column}` {wrong} ")
    assert statement != right
    tables.sql("DROP TABLE IF EXISTS wrong")
    tables.sql(statement)
    tables.sql("MSCK REPAIR TABLE wrong")
    with pytest.raises(Exception, match="(?i)convert|type|parquet"):
        tables.sql(f"SELECT {column} FROM wrong").toArrow()
