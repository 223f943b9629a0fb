"""`make bench`: the program and its peers on the same company of the simulator, one after the other, each in processes of its own.

SIZES, DELAYS (ms), ROUNDS, PEERS and MEMORY (MB) choose a part; RUN_SECONDS ends the program's runs, as Lambda does, so that a refresh takes several.
The whole writes bench/RESULTS.md and bench/results.svg; a part prints what it found, unless WRITE=1. A peer whose table is not the program's, or a question about payroll, ends it.
"""

import filecmp
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import function
import report
from processes import BEFORE_MS, DAY_MS, Failed, Run, Simulator, build, refresh, run
from report import PROGRAM

HERE = Path(__file__).resolve().parent

# By name: the script in bench/peers, what else it is told, and whether it is close enough to the program for noise to matter.
PEERS = {
    "Python, asking as the program": ("fast_python.py", ["ids"], True),
    "Python": ("fast_python.py", [], True),
    "DuckDB": ("with_duckdb.py", [], False),
    "pandas": ("with_pandas.py", [], False),
    "dlt": ("with_dlt.py", [], False),
}
SIZES, DELAYS, ROUNDS, MEMORY = "100000 1000000", "0 300", "3", "256 512 1024 1769"


def python(*arguments):
    return subprocess.run([sys.executable, *map(str, arguments)], stdout=subprocess.PIPE, check=True, text=True).stdout


def compared(program, peer):
    """What is the same in both tables."""
    done = subprocess.run([sys.executable, HERE / "compare.py", program, peer], capture_output=True, text=True)
    if done.returncode:
        raise Failed(done.stderr)
    return json.loads(done.stdout)


def floor(simulator, binary, directory):
    """What the answers of a full refresh and its tables cost at the very least."""
    bodies, lake = directory / "bodies", directory / "recorded"
    bodies.mkdir()
    between = subprocess.Popen(
        [sys.executable, HERE / "floor.py", "record", simulator.endpoint, bodies], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        refresh(simulator, binary, lake, BEFORE_MS, "full", endpoint=between.stdout.readline().strip())
    finally:
        between.stdin.close()
        between.wait()
    found = json.loads(python(HERE / "floor.py", "measure", bodies, (lake / "current").resolve()))
    shutil.rmtree(bodies), shutil.rmtree(lake)
    return found


def table_bytes(table):
    return sum(file.stat().st_size for file in table.glob("*/*/*.parquet"))


def same_files(one, other):
    """Whether two tables consist of the same bytes."""
    names = [sorted(str(path.relative_to(table)) for path in table.glob("*/*/*.parquet")) for table in (one, other)]
    return names[0] == names[1] and filecmp.cmpfiles(one, other, names[0], shallow=False)[1:] == ([], [])


def company(binary, lines, delay_ms, rounds, peers):
    """All runs over one company."""
    say = lambda *what: print(f"{lines:,} lines, {delay_ms} ms:", *what, flush=True)
    with tempfile.TemporaryDirectory() as name, Simulator(binary, lines, delay_ms) as simulator:
        directory = Path(name)
        lake = directory / "lake"
        runs = {PROGRAM: []} | {peer: [] for peer in peers}
        tables, found = {}, {"lines": lines, "delay_ms": delay_ms, "rounds": rounds}
        for round_ in range(rounds):
            shutil.rmtree(lake, ignore_errors=True)
            taken, told = refresh(simulator, binary, lake, BEFORE_MS, "full")
            runs[PROGRAM].append(taken)
            say(PROGRAM, f"{taken.cpu_s:.2f} s of CPU, {taken.peak_bytes / 2**20:.0f} MiB, {taken.wall_s:.0f} s")
            for peer in peers:
                script, arguments, is_close = PEERS[peer]
                if round_ and not is_close:
                    continue
                shutil.rmtree(directory / peer, ignore_errors=True)
                taken = run(simulator, [sys.executable, HERE / "peers" / script, simulator.endpoint, directory / peer, *arguments])
                runs[peer].append(taken)
                tables[peer] = compared(lake / "current" / "spend", directory / peer)
                say(peer, f"{taken.cpu_s:.2f} s of CPU, {taken.peak_bytes / 2**20:.0f} MiB, {taken.wall_s:.0f} s; its table is the program's")
        found["kept"] = told["lines"]["kept"]
        found["full"] = {peer: Run.median(each) for peer, each in runs.items()}
        found["table_bytes"] = {PROGRAM: table_bytes(lake / "current" / "spend")}
        found["tables"] = tables
        if not delay_ms:
            found["queries"] = dict(zip(runs, json.loads(python(HERE / "queries.py", lake / "current" / "spend", *(directory / peer for peer in peers)))))
            found["floor"] = floor(simulator, binary, directory)
            say("floor", found["floor"])

        unchanged, changed = [], []
        for round_ in range(rounds):
            unchanged.append(refresh(simulator, binary, lake, BEFORE_MS + 3 * DAY_MS, "incremental")[0])
        for round_ in range(rounds):
            simulator.change()
            changed.append(refresh(simulator, binary, lake, BEFORE_MS + (4 + round_) * 3 * DAY_MS, "incremental")[0])
        found["unchanged"], found["changed"] = Run.median(unchanged), Run.median(changed)
        refresh(simulator, binary, directory / "anew", BEFORE_MS + 30 * DAY_MS, "full")
        if not same_files(lake / "current" / "spend", directory / "anew" / "current" / "spend"):
            raise Failed("the tables of incremental refreshes are not those of a full one")
        say("incremental", f"{found['unchanged']['cpu_s']:.2f} and {found['changed']['cpu_s']:.2f} s of CPU; the tables are those of a full refresh")
        return found


def main():
    given = {name: os.environ.get(name, default) for name, default in (("SIZES", SIZES), ("DELAYS", DELAYS), ("ROUNDS", ROUNDS))}
    peers = [peer for peer in os.environ["PEERS"].split(",") if peer] if "PEERS" in os.environ else list(PEERS)
    if unknown := set(peers) - PEERS.keys():
        sys.exit(f"no such peer: {', '.join(sorted(unknown))}; PEERS is a part of {','.join(PEERS)}")
    is_whole = (given["SIZES"], given["DELAYS"], peers) == (SIZES, DELAYS, list(PEERS))
    memory_mb = [int(each) for each in os.environ.get("MEMORY", MEMORY if is_whole else "").split()]
    try:
        binary = build()
        # Where answers are late only the time differs: one round is enough.
        companies = [
            company(binary, int(lines), int(delay_ms), 1 if int(delay_ms) else int(given["ROUNDS"]), peers)
            for lines in given["SIZES"].split()
            for delay_ms in given["DELAYS"].split()
        ]
        on_lambda = function.measure(binary, memory_mb) if memory_mb else None
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
    if is_whole or "WRITE" in os.environ:
        report.write(companies, on_lambda)
    else:
        print(report.figures(companies, on_lambda))


if __name__ == "__main__":
    main()
