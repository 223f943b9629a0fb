"""A table moves to a snapshot with another set of columns in one `UpdateTable`: no query fails, or sees the rows of one under the columns of
the other."""

import copy
import itertools
import threading

import pytest

from columns import SPEND
from conftest import readers

QUERIES = 60
COMMENT = "Beløp på norsk: æ, ø, å – og «tegn»"


@pytest.fixture
def moves(new_lake):
    """A lake, and two definitions of its table: an older snapshot whose schema has a column fewer, and the newer with all of them."""
    lake = new_lake()
    with readers.serve(readers.Order(1_000, 1)) as server:
        older_manifest = lake.refresh(server, SPEND_HISTORY_FROM="2026-02")
        older = lake.table("spend")
        newer_manifest = lake.refresh(server, SPEND_HISTORY_FROM="2025-09")
        newer = lake.table("spend")
    older, newer = copy.deepcopy(older), copy.deepcopy(newer)
    columns = older["StorageDescriptor"]["Columns"]
    # From the middle: the files are read by names, not by places.
    columns.remove(next(column for column in columns if column["Name"] == "supplier_match"))
    next(column for column in newer["StorageDescriptor"]["Columns"] if column["Name"] == "amount")["Comment"] = COMMENT
    width = len(SPEND) + 2
    return lake, [(older, older_manifest, width - 1), (newer, newer_manifest, width)]


def test_a_column_comes_and_goes_while_queries_run(engine, moves):
    lake, definitions = moves
    glue = lake.aws.client("glue")
    possible = {(manifest["tables"]["spend"]["rows"], width) for _, manifest, width in definitions}
    assert len(possible) == 2
    done = threading.Event()

    def move():
        for definition, *_ in itertools.cycle(definitions):
            glue.update_table(DatabaseName=lake.database, TableInput=definition)
            if done.wait(0.05):
                return

    mover = threading.Thread(target=move)
    mover.start()
    try:
        seen = set()
        for _ in range(QUERIES):
            answer = engine.query("SELECT * FROM spend", lake.database)
            (width,) = {len(row) for row in answer}
            seen.add((len(answer), width))
    finally:
        done.set()
        mover.join()
    assert seen == possible


def test_comments_keep_every_letter(engine, moves):
    lake, [_, (newer, *_)] = moves
    lake.aws.client("glue").update_table(DatabaseName=lake.database, TableInput=newer)
    comments = {row[0]: row[3] for row in engine.query("DESCRIBE spend", lake.database)}
    assert comments["amount"] == COMMENT
