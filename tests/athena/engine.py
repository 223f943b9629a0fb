"""Trino, set up as Athena's engine is: tables from Glue, files from S3, partitions by projection, nothing remembered between queries."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trino.dbapi

HERE = Path(__file__).resolve().parent
TRINO = HERE.parents[1] / ".tools" / "trino"
LONGEST_START_S = 240

CONFIG = """\
node.environment=test
node.bind-ip=127.0.0.1
node.internal-address=127.0.0.1
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
http-server.log.enabled=false
discovery.uri=http://127.0.0.1:{port}
plugin.dir={plugins}
catalog.config-dir={catalogs}
"""

# Athena projects partitions wherever a table asks for it, reads the directories below a table's location, finds Parquet columns by
# their names, and gives timestamps in milliseconds. Statistics of columns, which there are none of, Trino would ask Glue for partition by
# partition.
CATALOG = """\
connector.name=hive
hive.metastore=glue
hive.metastore.glue.region={region}
hive.metastore.glue.endpoint-url={endpoint}
hive.metastore.glue.aws-access-key={key}
hive.metastore.glue.aws-secret-key={secret}
hive.metastore-cache-ttl=0s
hive.partition-projection-enabled=true
hive.recursive-directories=true
hive.parquet.use-column-names=true
hive.timestamp-precision=MILLISECONDS
hive.table-statistics-enabled=false
fs.hadoop.enabled=false
fs.native-s3.enabled=true
s3.endpoint={endpoint}
s3.region={region}
s3.path-style-access=true
s3.aws-access-key={key}
s3.aws-secret-key={secret}
"""


@dataclass(frozen=True)
class Engine:
    """A running Trino."""

    port: int

    def query(self, sql, database):
        """All rows of the answer, as tuples."""
        until = time.monotonic() + LONGEST_START_S
        while True:
            try:
                return self.ask(sql, database)
            except trino.exceptions.TrinoQueryError as error:
                # On a busy machine its only node is announced with its catalogs a while after it says that it has started, and
                # goes missing for a moment when it is late with a heartbeat. No part of the query has run then.
                if error.error_name != "NO_NODES_AVAILABLE" or time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def ask(self, sql, database):
        with trino.dbapi.connect(
            host="127.0.0.1", port=self.port, user="test", catalog="awsdatacatalog", schema=database, max_attempts=1
        ) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]


@contextmanager
def running(aws, directory):
    """Starts Trino over the Glue and the S3 of `aws`, with its files in `directory`."""
    catalogs = directory / "catalog"
    catalogs.mkdir(parents=True)
    (catalogs / "awsdatacatalog.properties").write_text(
        CATALOG.format(endpoint=aws.endpoint, region=aws.region, key=aws.key, secret=aws.secret)
    )
    # Trino has to be told its own address, so it cannot pick a port by itself.
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = directory / "config.properties"
    config.write_text(CONFIG.format(port=port, plugins=TRINO / "plugin", catalogs=catalogs))
    command = ["java", "-Xmx2G", "-Dfile.encoding=UTF-8", "-Djdk.attach.allowAttachSelf=true", f"-Dconfig={config}"]
    command += [f"-Dnode.data-dir={directory / 'data'}", "-cp", f"{TRINO / 'lib'}/*", HERE / "TrinoServer.java", "435"]
    log = directory / "log"
    with log.open("w") as output, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output) as process:
        try:
            until = time.monotonic() + LONGEST_START_S
            while not started(port):
                assert process.poll() is None, f"Trino did not start:\n{log.read_text()[-4000:]}"
                assert time.monotonic() < until, f"Trino took more than {LONGEST_START_S} s to start:\n{log.read_text()[-4000:]}"
                time.sleep(0.5)
            yield Engine(port)
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def started(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/info", timeout=5) as answer:
            return not json.load(answer)["starting"]
    except (urllib.error.URLError, OSError):
        return False
