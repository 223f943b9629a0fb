"""What typical queries read of a table `spend`, and how much CPU time they take, in DuckDB: `queries.py TABLE…` prints it for each."""

import json
import statistics
import sys
import time

import duckdb

ROUNDS = 25
QUERIES = {
    "top suppliers of a year": "SELECT supplier_name, sum(amount) FROM spend WHERE year = 2025 GROUP BY ALL ORDER BY 2 DESC LIMIT 10",
    "accounts by dimension in a month": "SELECT account_code, dimension_1_name, sum(amount), count(*) FROM spend WHERE year = 2025 AND month = 5 GROUP BY ALL",
    "a supplier's months": "SELECT year, month, sum(amount) FROM spend WHERE supplier_id = (SELECT max(supplier_id) FROM spend) GROUP BY ALL",
    "an invoice": "SELECT * FROM spend WHERE invoice_number = (SELECT max(invoice_number) FROM spend WHERE year = 2025 AND month = 5)",
}


def measure(table):
    db, found = duckdb.connect(), {}
    db.sql("SET threads = 1; SET enable_progress_bar = false; SET enable_external_file_cache = false")
    db.sql(f"CREATE VIEW spend AS FROM read_parquet('{table}/*/*/*.parquet', hive_types = {{'year': INT, 'month': INT}})")
    for name, query in QUERIES.items():
        spent = []
        for _ in range(ROUNDS):
            began = time.process_time()
            db.execute(query).fetchall()
            spent.append(time.process_time() - began)
        db.execute("PRAGMA enable_profiling = 'no_output'")
        db.execute("""PRAGMA custom_profiling_settings = '{"TOTAL_BYTES_READ": "true"}'""")
        db.execute(query).fetchall()
        profile = json.loads(db.get_profiling_information("json"))
        db.execute("PRAGMA disable_profiling")
        found[name] = {"cpu_ms": statistics.median(spent) * 1e3, "bytes": profile["total_bytes_read"]}
    return found


if __name__ == "__main__":
    print(json.dumps([measure(table) for table in sys.argv[1:]]))
