"""A guard against work that grows unseen: the instructions of the hot stages on fixed input, as valgrind counts them, and the memory of a million
lines. `UPDATE_GENERATED=1` records the figures anew, after a change that is meant or another compiler.

Counts are those of the tests' build. They tell a change from none, not how long a refresh takes: `make bench` does.
"""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from conftest import LONGEST_RUN_S, Order, program, serve, settings_alone

RECORDED = Path(__file__).parent / "performance.json"
ORDER = Order(5_000, 7)
MILLION = Order(1_000_000, 7)
MOST_MEMORY_MIB = 212
# The order of hash tables and how answers fall together differ from run to run, by less than a hundredth.
TOLERANCE = 0.05
STAGES = {
    "all of a refresh": "main",
    "inflating answers": "xledger::answer::inflate",
    "reading answers": "xledger::answer::read_edges",
    "screening lines": "refresh::lists::Lists::screen",
    "joining a row": "refresh::join::Joiner::row",
    "rows into columns": "table::spend::Builder::append",
    "columns into Parquet": "table::parquet_file::ParquetFile::push",
    "the end of a file": "table::parquet_file::ParquetFile::finish",
    "rows into the cache": "refresh::cache::encoding::encode",
    "rows out of the cache": "refresh::cache::encoding::decode_rows",
}


def command(server, lake):
    return [program("xledger-spend"), "refresh", "--lake", lake, "--xledger-endpoint", server.endpoint]


def compiler():
    return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


def counted(server, lake, out):
    """The instructions of each stage in one refresh, callees included."""
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command(server, lake)],
        env=settings_alone(token=server.token),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=10 * LONGEST_RUN_S,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    lines = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out], capture_output=True, text=True, check=True).stdout
    # `1,032,134 (50.70%)  ???:xledger_spend::xledger::answer::read_edges [target/debug/xledger-spend]`, with a file where there is debug information; what is
    # inlined from another file has a line of its own then, with less.
    calls = re.findall(r"^ *([\d,]+) [^\[]*?:xledger_spend::(\S.*?)(?: \[.*\])?$", lines, re.MULTILINE)
    of = lambda function: (int(count.replace(",", "")) for count, name in calls if name == function)
    return {stage: max(of(function), default=0) for stage, function in STAGES.items()}


@pytest.fixture(scope="module")
def counts(tmp_path_factory):
    """Of a full refresh, and of one that finds nothing changed."""
    if not (shutil.which("valgrind") and shutil.which("callgrind_annotate")):
        pytest.skip("there is no valgrind (Debian: valgrind), so no instructions are counted")
    directory = tmp_path_factory.mktemp("counts")
    with serve(ORDER) as server:
        return {run: counted(server, directory / "lake", directory / run) for run in ("full", "nothing changed")}


def differing(counts, recorded):
    """What takes more instructions than was recorded, and what takes so many fewer that the record is to be made anew."""
    told = []
    for run, stages in recorded.items():
        for stage, before in stages.items():
            now = counts[run][stage]
            if abs(now - before) > before * TOLERANCE:
                told.append(f"{run}: {stage}: {now:,} instructions, {now / max(before, 1) - 1:+.0%} on {before:,}")
    return told


def test_no_stage_takes_more_instructions(counts):
    if os.environ.get("UPDATE_GENERATED"):
        RECORDED.write_text(json.dumps({"rustc": compiler(), "instructions": counts}, indent=1) + "\n", "utf-8")
    recorded = json.loads(RECORDED.read_text("utf-8"))
    if recorded["rustc"] != compiler():
        pytest.skip(f"instructions were counted with rustc {recorded['rustc']}, and this is {compiler()}: UPDATE_GENERATED=1 counts them anew")
    assert not differing(counts, recorded["instructions"])


def test_every_stage_is_counted(counts):
    """A stage that was renamed or inlined would be held by nothing."""
    for run, without in (("full", "rows out of the cache"), ("nothing changed", "")):
        assert all(counts[run][stage] for stage in STAGES if stage != without), counts[run]


def test_a_million_lines_fit(tmp_path):
    peak_kib = 0
    with serve(MILLION) as server:
        environment = settings_alone(token=server.token)
        with subprocess.Popen(command(server, tmp_path / "lake"), env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            # Not as the system tells it in the end: that is no less than what the process of these tests has.
            while run.poll() is None:
                peak_kib = max([peak_kib, *map(int, re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{run.pid}/status").read_text()))])
                time.sleep(0.1)
    assert run.returncode == 0
    assert 0 < peak_kib < MOST_MEMORY_MIB * 1024, f"{peak_kib // 1024} MiB"


def test_a_slower_stage_is_told():
    recorded = {"full": {"reading answers": 1_000, "joining a row": 1_000}}
    assert differing({"full": {"reading answers": 1_051, "joining a row": 1_049}}, recorded) == [
        "full: reading answers: 1,051 instructions, +5% on 1,000"
    ]
    assert differing({"full": {"reading answers": 900, "joining a row": 1_000}}, recorded) != []
