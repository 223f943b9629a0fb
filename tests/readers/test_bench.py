"""What the bench holds of its peers: a table that is not the program's is found out."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

COMPARE = Path(__file__).resolve().parents[2] / "bench" / "compare.py"
LINES = (
    "SELECT line AS line_id, line * 1.25::DECIMAL(18,4) AS amount, 2025 AS year, 5 + line % 2 AS month, TIMESTAMP '2025-05-01' AS posted "
    "FROM range(10) AS lines(line)"
)


def compared(directory, peer):
    for name, rows in (("program", LINES), ("peer", peer)):
        duckdb.sql(f"COPY ({rows}) TO '{directory / name}' (FORMAT parquet, PARTITION_BY (year, month))")
    return subprocess.run([sys.executable, COMPARE, directory / "program", directory / "peer"], capture_output=True, text=True)


def test_the_same_table_is_the_same(tmp_path):
    done = compared(tmp_path, f"SELECT * EXCLUDE posted FROM ({LINES}) ORDER BY random()")
    assert done.returncode == 0 and '"lines": 10, "columns": 4' in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("peer", "found"),
    [
        (f"SELECT * REPLACE (CASE WHEN line_id = 3 THEN NULL ELSE amount END AS amount) FROM ({LINES})", "amount: 1"),
        (f"SELECT * REPLACE (posted + INTERVAL 1 HOUR AS posted) FROM ({LINES})", "posted: 10"),
        (f"FROM ({LINES}) WHERE line_id <> 7", "lines that are missing: 1"),
        (f"FROM ({LINES}) UNION ALL SELECT * REPLACE (99 AS line_id) FROM ({LINES}) WHERE line_id = 7", "lines too many: 1"),
        (f"SELECT * REPLACE (amount::DOUBLE AS amount) FROM ({LINES})", "amount is DOUBLE"),
        (f"SELECT *, 1 AS more FROM ({LINES})", "more is INTEGER"),
        (f"SELECT * REPLACE (6 AS month) FROM ({LINES})", "month: 5"),
    ],
)
def test_another_table_is_not(tmp_path, peer, found):
    done = compared(tmp_path, peer)
    assert done.returncode == 1 and found in done.stderr
