"""Whether a peer's table `spend` is the program's: the same lines, and in each column that the peer makes the same types and values.

`compare.py PROGRAM PEER` prints what was compared, and how many bytes these columns take in the files of each; it fails where anything differs.
"""

import json
import sys

import duckdb


class Differs(Exception):
    """What is not the same, and in how many rows."""


def files(table):
    return f"'{table}/*/*/*.parquet'"


def rows(table):
    return f"read_parquet({files(table)}, hive_types = {{'year': INT, 'month': INT}})"


def kind(type_):
    """A time may be written with or without its zone, and in any unit."""
    return "TIMESTAMP" if type_.startswith("TIMESTAMP") else type_


def compare(program, peer):
    db = duckdb.connect()
    db.sql("SET timezone = 'UTC'")
    types, theirs = (dict(db.sql(f"SELECT column_name, column_type FROM (DESCRIBE FROM {rows(table)})").fetchall()) for table in (program, peer))
    wrong = [f"{name} is {type_} and not {types.get(name)}" for name, type_ in theirs.items() if kind(type_) != kind(types.get(name, ""))]
    if wrong:
        raise Differs("; ".join(wrong))
    of = lambda table, column: f"{table}.{column}" + ("::TIMESTAMP" if kind(types[column]) == "TIMESTAMP" else "")
    counts = [f"count(*) FILTER (program.line_id = peer.line_id AND {of('program', name)} IS DISTINCT FROM {of('peer', name)})" for name in theirs]
    only = "count(*), count(*) FILTER (peer.line_id IS NULL), count(*) FILTER (program.line_id IS NULL)"
    joined = f"{rows(program)} AS program FULL JOIN {rows(peer)} AS peer ON program.line_id = peer.line_id"
    lines, missing, extra, *differ = db.sql(f"SELECT {only}, {', '.join(counts)} FROM {joined}").fetchone()
    faults = {"lines that are missing": missing, "lines too many": extra} | dict(zip(theirs, differ))
    if lines == 0 or any(faults.values()):
        raise Differs(", ".join(f"{what}: {count:,}" for what, count in faults.items() if count) or "no lines")
    columns = tuple(theirs)
    size = lambda table: db.execute(
        f"SELECT sum(total_compressed_size) FROM parquet_metadata({files(table)}) WHERE path_in_schema IN (SELECT unnest(?))", [columns]
    ).fetchone()[0]
    return {"lines": lines, "columns": len(columns), "program_bytes": int(size(program)), "peer_bytes": int(size(peer))}


if __name__ == "__main__":
    try:
        print(json.dumps(compare(*sys.argv[1:])))
    except Differs as differs:
        sys.exit(f"{sys.argv[2]} is not {sys.argv[1]}: {differs}")
