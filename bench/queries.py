"""What typical queries read of a table `spend`, and how much CPU time they take, in DuckDB: `queries.py TABLE…` prints it for each."""

import json
import statistics
import sys
import time

import duckdb
from fsspec.implementations.local import LocalFileOpener, LocalFileSystem

ROUNDS = 25
QUERIES = {
    "top suppliers of a year": "SELECT supplier_name, sum(amount) FROM spend WHERE year = 2025 GROUP BY ALL ORDER BY 2 DESC LIMIT 10",
    "accounts by dimension in a month": "SELECT account_code, dimension_1_name, sum(amount), count(*) FROM spend WHERE year = 2025 AND month = 5 GROUP BY ALL",
    "a supplier's months": "SELECT year, month, sum(amount) FROM spend WHERE supplier_id = (SELECT max(supplier_id) FROM spend) GROUP BY ALL",
    "an invoice": "SELECT * FROM spend WHERE invoice_number = (SELECT max(invoice_number) FROM spend WHERE year = 2025 AND month = 5)",
}


class Counted(LocalFileSystem):
    """Files of this machine, of which is counted what is read."""

    protocol, cachable, bytes_read = "counted", False, 0

    def _open(self, path, mode="rb", **options):
        file, read = LocalFileOpener(path, mode, fs=self), None
        read = file.f.read

        def counted(*arguments):
            found = read(*arguments)
            self.bytes_read += len(found)
            return found

        file.read = counted
        return file


def measure(table):
    db, found = duckdb.connect(), {}
    db.sql("SET threads = 1; SET enable_progress_bar = false; SET enable_external_file_cache = false")
    files = Counted()
    db.register_filesystem(files)
    view = "CREATE OR REPLACE VIEW spend AS FROM read_parquet('{}/*/*/*.parquet', hive_types = {{'year': INT, 'month': INT}})"
    for name, query in QUERIES.items():
        db.sql(view.format(table))
        spent = []
        for _ in range(ROUNDS):
            began = time.process_time()
            db.execute(query).fetchall()
            spent.append(time.process_time() - began)
        db.sql(view.format(f"counted://{table}"))
        files.bytes_read = 0
        db.execute(query).fetchall()
        found[name] = {"cpu_ms": statistics.median(spent) * 1e3, "bytes": files.bytes_read}
    return found


if __name__ == "__main__":
    print(json.dumps([measure(table) for table in sys.argv[1:]]))
