"""What every test here starts from: S3 and Glue on this machine, a lake that the publisher fills and whose tables it moves, and the engines.

Run by `make athena`.
"""

import importlib.util
import itertools
import json
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
READERS = REPOSITORY / "tests" / "readers"
DDL = REPOSITORY / "infra" / "athena"
JARS = REPOSITORY / ".tools" / "trino" / "spark"


def the_readers_start():
    """`tests/readers/conftest.py`, for its programs, simulators and refreshes; the name `conftest` is ours here."""
    sys.path.append(str(READERS))
    spec = importlib.util.spec_from_file_location("readers", READERS / "conftest.py")
    module = sys.modules["readers"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


readers = the_readers_start()


def pytest_terminal_summary(terminalreporter):
    """Says what was measured."""
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        if getattr(report, "when", None) == "call":
            for name, value in report.user_properties:
                terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def java():
    if shutil.which("java") is None:
        pytest.skip("SKIPPED: the engines need Java 17 (Debian: openjdk-17-jdk-headless)")


@dataclass(frozen=True)
class Aws:
    """An emulated AWS account."""

    endpoint: str
    region: str = "eu-north-1"
    key: str = "testing"
    secret: str = "testing"

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
        )

    def settings(self):
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
        }


@contextmanager
def emulator(make):
    """Runs an emulator; the pipe to its input ends it with us, however we end."""
    command = [sys.executable, REPOSITORY / "tests" / "tools" / "serve.py", make]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield Aws(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="session")
def aws():
    with emulator("ministack") as aws:
        yield aws


@pytest.fixture(scope="session")
def engine(java, aws, tmp_path_factory):
    import engine

    if not engine.TRINO.is_dir():
        pytest.fail("Trino is not installed: run `make athena`", pytrace=False)
    with engine.running(aws, tmp_path_factory.mktemp("trino")) as trino:
        yield trino


@pytest.fixture(scope="session")
def spark(java, tmp_path_factory):
    """Spark with a metastore of its own. One for all tests: a second one in this process would meet the databases of the first."""
    from pyspark.sql import SparkSession

    home = tmp_path_factory.mktemp("spark")
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1")
    builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.sql.session.timeZone", "UTC")
    builder = builder.config("spark.sql.warehouse.dir", str(home / "warehouse")).config("spark.sql.shuffle.partitions", "2")
    # The table `runs` needs a reader that Spark does not bring.
    builder = builder.config("spark.jars", ",".join(map(str, JARS.glob("*.jar")))).config("spark.sql.variable.substitute", "false")
    builder = builder.config("spark.driver.extraJavaOptions", f"-Dderby.system.home={home} -Duser.timezone=UTC")
    session = builder.enableHiveSupport().getOrCreate()
    yield session
    session.stop()


def ddl(table, location, name=None):
    """The statement as it is in the repository, for a table at `location`. Spark knows no projection: it finds the partitions itself."""
    text = (DDL / f"{table}.sql").read_text("utf-8")
    text = re.sub(r"^--.*\n", "", text, flags=re.MULTILINE).rstrip().removesuffix(";")
    text = text.replace("${location}", f"file://{location}").replace(f"`{table}`", f"`{name or table}`", 1)
    assert f"`{name or table}`" in text
    return text


@dataclass(frozen=True)
class Lake:
    """A lake on S3 and the Glue database that follows it."""

    aws: Aws
    bucket: str
    database: str
    prefix: str = "lake"

    @property
    def url(self):
        return f"s3://{self.bucket}/{self.prefix}"

    def refresh(self, server, **settings):
        """Publishes what the server has, and returns the manifest of the snapshot."""
        settings = self.aws.settings() | {"GLUE_DATABASE": self.database} | settings
        # One lake for companies of all sizes, and for one without spend.
        report = readers.refresh(server, self.url, "--json", "--accept-shrink", **settings).report
        return self.manifest(report["snapshot"])

    def read(self, path):
        return self.aws.client("s3").get_object(Bucket=self.bucket, Key=f"{self.prefix}/{path}")["Body"].read()

    def manifest(self, snapshot):
        return json.loads(self.read(f"snapshots/{snapshot}/_manifest.json"))

    def download(self, manifest, directory):
        """The data files of a snapshot, as they lie in the lake."""
        for file in files(manifest):
            path = directory / file["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.read(f"snapshots/{manifest['snapshot']}/{file['path']}"))
        return directory

    def table(self, name):
        """A table's definition in Glue, as `UpdateTable` takes it."""
        table = self.aws.client("glue").get_table(DatabaseName=self.database, Name=name)["Table"]
        takes = ("Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
        return {key: table[key] for key in takes if table.get(key)}


def files(manifest):
    return [file for table in manifest["tables"].values() for file in table["files"]]


NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def new_lake(aws):
    """Makes an empty lake with a Glue database of its own."""

    def make():
        number = next(NUMBERS)
        lake = Lake(aws, f"lake-{number}", f"lake_{number}")
        aws.client("s3").create_bucket(Bucket=lake.bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
        aws.client("glue").create_database(DatabaseInput={"Name": lake.database})
        return lake

    return make
