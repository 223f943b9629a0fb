"""The same books and rules give the same bytes: again, with other pages and paces, over other wires, in whatever order answers come."""

import hashlib
import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import Order, refresh, serve
from wire import wire

ORDER = Order(2_000, 13)


@pytest.fixture(scope="module")
def server():
    with serve(ORDER) as server:
        yield server


def data_files(lake):
    """The checksum of each data file of the newest snapshot, by its path in the snapshot."""
    snapshot = lake / "snapshots" / json.loads((lake / "CURRENT.json").read_text("utf-8"))["snapshot"]
    return {
        file.relative_to(snapshot).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in snapshot.rglob("*.parquet")
    }


@pytest.fixture(scope="module")
def once(server, tmp_path_factory):
    """What one refresh makes of the books."""
    lake = tmp_path_factory.mktemp("once") / "lake"
    refresh(server, lake)
    files = data_files(lake)
    assert len(files) > 40
    return files


def test_again_into_the_same_lake(server, once, tmp_path):
    refresh(server, tmp_path)
    first = json.loads((tmp_path / "CURRENT.json").read_text("utf-8"))
    refresh(server, tmp_path)
    second = json.loads((tmp_path / "CURRENT.json").read_text("utf-8"))
    assert second["previous"] == first["snapshot"] < second["snapshot"]
    assert data_files(tmp_path) == once
    assert (tmp_path / "current").resolve().name == second["snapshot"]
    assert len(list((tmp_path / "runs").glob("*.json"))) == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"XLEDGER_MAX_IN_FLIGHT": "1"},
        {"XLEDGER_MAX_IN_FLIGHT": "12", "XLEDGER_PAGE_ROWS": "400"},
        {"XLEDGER_PAGE_ROWS": "700"},
    ],
    ids=lambda settings: " ".join(f"{name}={value}" for name, value in settings.items()),
)
def test_with_other_pages_and_paces(settings, server, once, tmp_path):
    refresh(server, tmp_path, **settings)
    assert data_files(tmp_path) == once


@pytest.mark.parametrize("scenario", ["odd-wire", "dotted", "wide-ids", "small-pages"])
def test_over_other_wires(scenario, once, tmp_path):
    """The simulator's scenarios change how rows come, not which: null nodes, repeats, other orders, ids of other types."""
    with serve(Order(ORDER.lines, ORDER.seed, scenario)) as server:
        refresh(server, tmp_path)
    assert data_files(tmp_path) == once


def test_in_whatever_order_answers_come(server, once, tmp_path):
    def run(seed):
        dice = random.Random(seed)
        with wire(server, delay_s=lambda _: dice.choice((0, 0.02, 0.1, 0.25))) as slow:
            refresh(server, tmp_path / str(seed), endpoint=slow.endpoint, XLEDGER_PAGE_ROWS="200")
        return slow.requests

    with ThreadPoolExecutor() as both:
        first, second = both.map(run, (1, 2))
    assert data_files(tmp_path / "1") == once
    assert data_files(tmp_path / "2") == once
    assert sorted(first) == sorted(second), "the same requests"
    assert first != second, "answered in another order; if not, this test proves nothing"


def test_the_bytes_follow_the_books(once, tmp_path):
    """The checks above can fail: other books, other bytes."""
    with serve(Order(ORDER.lines, ORDER.seed + 1)) as server:
        refresh(server, tmp_path)
    assert data_files(tmp_path) != once
