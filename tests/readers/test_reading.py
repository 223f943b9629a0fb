"""The snippets of `docs/reading.md` and of `dbt/README.md`, each run as it stands in programs of their own (`.tools/reading`).

Each must find the lines of May 2025 that the books have. Lakes: a directory, and S3, Glue and Athena of an emulated account. Spark's snippet:
`tests/athena/test_spark.py`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal

import duckdb
import pyarrow
import pyarrow.feather
import pyarrow.parquet
import pytest

import oracle
from columns import PARTITIONS, TABLES
from conftest import COMPANIES, REPOSITORY, refresh, refreshed

sys.path.append(str(REPOSITORY / "tests" / "deploy"))
import cloud  # noqa: E402

PAGE = (REPOSITORY / "docs" / "reading.md").read_text("utf-8")
TOOLS = REPOSITORY / ".tools" / "reading" / "bin"
COLUMNS = ["line_id", "owner_id", "supplier_id", "year", "month", "amount"]


def section(head):
    return re.split(r"^## ", PAGE.split(f"\n## {head}\n")[1], flags=re.MULTILINE)[0]


def snippets(head, language="python"):
    return re.findall(rf"^```{language}\n(.*?)^```$", section(head), re.MULTILINE | re.DOTALL)


DIRECTORY, S3 = snippets("The snapshot")
[PANDAS], [POLARS], [SHELL] = snippets("pandas"), snippets("Polars"), snippets("DuckDB", "sql")
WRANGLER, WRANGLER_TABLE = snippets("Athena from Python")
# From what a snippet calls `may` to a table of Arrow, which the tools' own types show in.
OF_PANDAS = f"import pyarrow\nmay = pyarrow.Table.from_pandas(may[{COLUMNS}], preserve_index=False)"
OF_POLARS = f"may = may.select({COLUMNS}).to_arrow()"
# Not as Parquet, which makes whole numbers of categories.
WRITE = "\nimport pyarrow.feather\npyarrow.feather.write_feather(may, 'may.arrow')\n"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    assert TOOLS.is_dir(), f"{TOOLS} is missing: run `make tools`"
    # Some of its suppliers are in the register of an owner above the buyer.
    with refreshed(COMPANIES["above"], tmp_path_factory.mktemp("company")) as company:
        yield company


@pytest.fixture(scope="module")
def account(company, tmp_path_factory):
    """An account with the same company in the places that the page names."""
    with cloud.account(tmp_path_factory.mktemp("aws") / "account") as account:
        account.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.REGION})
        account.client("glue").create_database(DatabaseInput={"Name": "xledger_spend"})
        results = {"ResultConfiguration": {"OutputLocation": "s3://bucket/results/"}, "EnforceWorkGroupConfiguration": True}
        account.client("athena").create_work_group(Name="xledger-spend", Configuration=results)
        settings = {name: value for name, value in account.environment.items() if name.startswith("AWS_")}
        refresh(company.server, "s3://bucket/prefix", GLUE_DATABASE="xledger_spend", **settings)
        yield account


@pytest.fixture(scope="module")
def may(company):
    """The lines of the month by the books, and those of them that have a supplier."""
    rows = [row for row in oracle.spend(company.books, oracle.screen(company.books)) if (row["year"], row["month"]) == (2025, 5)]
    all_lines, with_supplier = ([{name: row[name] for name in COLUMNS} for row in each] for each in (rows, [r for r in rows if r["supplier_id"]]))
    assert len(all_lines) > len(with_supplier) > 10
    registers = {row["supplier_id"]: row["owner_id"] for row in oracle.supplier(company.books, rows)}
    assert any(registers[row["supplier_id"]] != row["owner_id"] for row in with_supplier)
    return {"all": all_lines, "joined": with_supplier}


class Desk:
    """A directory in which somebody has the lake and types."""

    def __init__(self, directory, lake):
        self.directory = directory
        (directory / "lake").symlink_to(lake)
        strange = ("AWS_", "XLEDGER_", "SPEND_", "LAKE_", "DBT_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
        # Without a way to the network.
        self.environment = inherited | {"HOME": str(directory), "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE} | cloud.AROUND_PROXIES

    def sign_in(self, account):
        # The last is for Polars, which otherwise wants TLS.
        self.environment |= {name: value for name, value in account.environment.items() if name.startswith("AWS_")} | {"AWS_ALLOW_HTTP": "true"}

    def run(self, program, *arguments, typed=None, status=0):
        done = subprocess.run(
            [TOOLS / program, *map(str, arguments)], cwd=self.directory, env=self.environment, input=typed, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == status, f"{program} {arguments}\n{typed}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def may(self):
        return pyarrow.feather.read_table(self.directory / "may.arrow")


@pytest.fixture
def desk(company, tmp_path):
    return Desk(tmp_path, company.lake)


@pytest.fixture
def signed_in(desk, account):
    desk.sign_in(account)
    return desk


def assert_found(found, expected):
    """The same lines; whole numbers for ids, year and month; amounts as exact decimals."""
    kinds = {name: found.schema.field(name).type for name in COLUMNS}
    assert all(pyarrow.types.is_integer(kinds[name]) for name in COLUMNS[:-1]), kinds
    assert pyarrow.types.is_decimal(kinds["amount"]), kinds
    order = lambda row: row["line_id"]
    assert sorted(found.select(COLUMNS).to_pylist(), key=order) == sorted(expected, key=order)


@pytest.mark.parametrize(("snippet", "told"), [(PANDAS, OF_PANDAS), (POLARS, OF_POLARS)], ids=["pandas", "polars"])
def test_a_directory_is_read(desk, may, snippet, told):
    desk.run("python", "-", typed=DIRECTORY + snippet + told + WRITE)
    assert_found(desk.may(), may["joined"])


@pytest.mark.parametrize(("snippet", "told"), [(PANDAS, OF_PANDAS), (POLARS, OF_POLARS)], ids=["pandas", "polars"])
def test_s3_is_read(signed_in, may, snippet, told):
    signed_in.run("python", "-", typed=S3 + snippet + told + WRITE)
    assert_found(signed_in.may(), may["joined"])


def test_the_shell_of_duckdb_reads_a_directory(desk, may):
    joined = "spend JOIN supplier USING (supplier_id) WHERE year = 2025 AND month = 5"
    assert joined in SHELL
    said = desk.run("duckdb", "-bail", "-csv", typed=f"{SHELL}\nCOPY (SELECT {', '.join(f'spend.{name}' for name in COLUMNS)} FROM {joined}) TO 'may.parquet';")
    assert_found(pyarrow.parquet.read_table(desk.directory / "may.parquet"), may["joined"])
    sums = [Decimal(line.rpartition(",")[2]) for line in said.splitlines()[1:]]
    assert len(sums) > 1 and sum(sums) == sum(row["amount"] for row in may["joined"])


@pytest.mark.parametrize(
    ("snippet", "told"), [(WRANGLER, OF_PANDAS), (WRANGLER_TABLE, OF_PANDAS)], ids=["awswrangler", "awswrangler-table"]
)
def test_athena_and_glue_are_asked(signed_in, may, snippet, told):
    signed_in.run("python", "-", typed=snippet + told + WRITE)
    assert_found(signed_in.may(), may["all"])


# --------------------------------------------------------------------------------------------------- what the page warns of


def test_what_is_not_told_is_guessed(desk):
    """Where a tool has learnt better, its warning can go from the page."""
    said = desk.run("python", "-", typed=DIRECTORY + LEFT_ALONE)
    assert said.split() == ["category", "category", "category", "TypeError", "object", "float64", "VARCHAR"]


LEFT_ALONE = """
import duckdb
import pandas

spend, supplier = pandas.read_parquet(f"{snapshot}/spend"), pandas.read_parquet(f"{snapshot}/supplier")
print(spend.year.dtype, spend.month.dtype, supplier.owner_id.dtype)
try:
    spend.year >= 2025
except TypeError:
    print("TypeError")
print(spend.merge(supplier, on="owner_id").owner_id.dtype, spend.supplier_id.dtype)
print(duckdb.sql(f"SELECT month FROM '{snapshot}/spend/*/*/*.parquet'").types[0])
"""


def test_what_aws_sdk_for_pandas_does_with_floats_and_filters(signed_in):
    told = WRANGLER.replace("ctas_approach=False", 'ctas_approach=False, dtype_backend="pyarrow"')
    told += WRANGLER_TABLE.replace('dtype_backend="pyarrow"', 'partition_filter=lambda values: values["year"] == "2025"')
    assert told.count("dtype_backend") == told.count("partition_filter") == 1
    said = signed_in.run("python", "-", typed=f"{told}\nprint(spend.year.nunique() > 1)".replace("spend = ", "print(may.amount.dtype)\nspend = "))
    assert said.split() == ["double[pyarrow]", "True"]


# ----------------------------------------------------------------------------------------------------------------------- dbt

DBT = (REPOSITORY / "dbt" / "README.md").read_text("utf-8")
PACKAGES, VARIABLES = re.findall(r"^```yaml\n(.*?)^```$", DBT, re.MULTILINE | re.DOTALL)
SOURCE = re.search(r"`(\{\{ source.*? \}\})`", DBT)[1]
PROJECT = """
name: mine
version: "1.0.0"
profile: mine
models:
  mine:
    +materialized: table
"""
PROFILES = """
mine:
  target: duckdb
  outputs:
    duckdb: {type: duckdb, path: mine.duckdb}
    athena:
      type: athena
      region_name: eu-north-1
      database: awsdatacatalog
      schema: xledger_spend
      work_group: xledger-spend
      s3_staging_dir: s3://bucket/staging/
      threads: 8
      poll_interval: 0.1
"""


class Dbt:
    """A dbt project that uses the package."""

    def __init__(self, desk):
        self.desk = desk
        desk.environment |= {"DBT_SEND_ANONYMOUS_USAGE_STATS": "0", "DO_NOT_TRACK": "1", "DBT_VERSION_CHECK": "0", "DBT_USE_COLORS": "0"}
        package = re.sub(r"- git: .*\n +subdirectory: (.*)\n", lambda found: f"- local: {REPOSITORY / found[1]}\n", PACKAGES)
        files = {
            "packages.yml": package,
            "dbt_project.yml": PROJECT + VARIABLES,
            "profiles.yml": PROFILES,
            "models/may.sql": f"select {', '.join(COLUMNS)} from {SOURCE} where year = 2025 and month = 5",
        }
        (desk.directory / "models").mkdir()
        for name, text in files.items():
            (desk.directory / name).write_text(text, "utf-8")
        desk.run("dbt", "deps")

    def ended(self):
        """How each model and test ended, by its name."""
        results = json.loads((self.desk.directory / "target" / "run_results.json").read_text("utf-8"))["results"]
        return {result["unique_id"].split(".")[2]: result["status"] for result in results}


@pytest.fixture(scope="module")
def dbt(company, tmp_path_factory):
    return Dbt(Desk(tmp_path_factory.mktemp("dbt"), company.lake))


def test_dbt_builds_on_duckdb(dbt, may):
    dbt.desk.run("dbt", "build")
    ended = dbt.ended()
    assert len(ended) > 30 and set(ended.values()) == {"success", "pass"}, ended
    with duckdb.connect(str(dbt.desk.directory / "mine.duckdb"), read_only=True) as built:
        assert_found(built.sql("FROM may").to_arrow_table(), may["all"])

    manifest = json.loads((dbt.desk.directory / "target" / "manifest.json").read_text("utf-8"))
    sources = {source["name"]: source for source in manifest["sources"].values()}
    for table, columns in TABLES.items():
        assert list(sources[table]["columns"]) == [*columns, *PARTITIONS[table]]
    described = [each["description"] for source in sources.values() for each in (source, *source["columns"].values())]
    assert len(described) > 90 and all(described)


def test_dbt_notices_a_snapshot_that_is_not_whole(dbt, company):
    """Suppliers of one owner are missing. The snapshot is named as it is on S3, where there is no link."""
    broken = dbt.desk.directory / "broken"
    snapshot = broken / "snapshots" / company.snapshot.name
    shutil.copytree(company.snapshot, snapshot)
    shutil.rmtree(next((snapshot / "supplier").iterdir()))
    lake = json.dumps({"xledger_spend_lake": str(broken), "xledger_spend_snapshot": f"snapshots/{snapshot.name}"})
    dbt.desk.run("dbt", "test", "--vars", lake, "--select", "source:xledger_spend.spend", status=1)
    failed = [name for name, status in dbt.ended().items() if status == "fail"]
    assert len(failed) == 1 and failed[0].startswith("source_relationships_xledger_spend_spend_supplier_id"), failed


def test_dbt_asks_athena(dbt, account, may):
    dbt.desk.sign_in(account)
    # Of one table, for each takes a second; there are tests of each kind.
    dbt.desk.run("dbt", "test", "--target", "athena", "--select", "source:xledger_spend.supplier")
    ended = dbt.ended()
    assert {name.split("_xledger")[0] for name in ended} == {f"source_{kind}" for kind in ("unique", "not_null", "accepted_values", "relationships")}
    assert set(ended.values()) == {"pass"}, ended
    said = dbt.desk.run("dbt", "--quiet", "show", "--target", "athena", "--select", "may", "--limit", "-1", "--output", "json")
    rows = json.loads(said)["show"]
    # Exact decimals have no other form in JSON.
    assert all(isinstance(row["amount"], str) for row in rows)
    assert_found(pyarrow.Table.from_pylist([row | {"amount": Decimal(row["amount"])} for row in rows]), may["all"])
