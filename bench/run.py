"""`make bench`: the program and its peers on the same company of the simulator, one after the other, each in processes of its own.

SIZES, DELAYS (ms), ROUNDS and PEERS choose a part. The whole writes bench/RESULTS.md and bench/results.svg; a part prints what it found. A peer whose table
is not the program's, a question about payroll, or a refusal by Xledger's limits ends it.
"""

import filecmp
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import report

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent

PROGRAM = "this program"
# By name: what runs, and whether it is close enough to the program for noise to matter.
PEERS = {
    "Python, asking as the program": (["fast_python.py"], ["ids"], True),
    "Python": (["fast_python.py"], [], True),
    "DuckDB": (["with_duckdb.py"], [], False),
    "pandas": (["with_pandas.py"], [], False),
    "dlt": (["with_dlt.py"], [], False),
}
SIZES, DELAYS = "100000 1000000", "0 300"

BEFORE_MS = 1_793_448_000_000
"""When the first refresh runs: what is changed then says 2026-10-31, in the evening."""
DAY_MS = 24 * 3_600_000
BURST_WINDOW_S = 6
"""Xledger counts requests for 5 s: what one run asked is not to be held against the next."""


class Failed(Exception):
    """Why there are no figures."""


# ----------------------------------------------------------------------------------------------------------------- processes


def build():
    """The program of bench/refresh.rs, in the profile of a release."""
    command = ["cargo", "bench", "--locked", "--no-run", "--quiet", "--bench", "refresh", "--message-format", "json-render-diagnostics"]
    lines = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    [binary] = [found["executable"] for found in map(json.loads, lines) if found.get("target", {}).get("name") == "refresh" and found.get("executable")]
    return binary


def environment(**values):
    """What a process needs of this one's environment, so that no setting of the program comes along."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | values


class Simulator:
    """A company, served by a process until the block ends."""

    def __init__(self, binary, lines, delay_ms):
        self.command = [binary, "simulate", str(lines), str(delay_ms)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), text=True)
        self.endpoint, self.token = self.process.stdout.readline().split()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def change(self):
        """Half a percent of the lines."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "changed\n"

    def journal(self):
        with urllib.request.urlopen(self.endpoint.replace("/graphql", "/journal")) as answer:
            journal = json.load(answer)
        if journal["payroll_violations"]:
            raise Failed(f"{len(journal['payroll_violations'])} answers held payroll")
        return journal["totals"]


@dataclass
class Run:
    """What one run took. Memory is that of the largest process, CPU time that of all."""

    cpu_s: float
    peak_bytes: int
    wall_s: float
    requests: int
    bytes_down: int
    said: str

    @staticmethod
    def median(runs):
        return {name: statistics.median(getattr(run, name) for run in runs) for name in ("cpu_s", "peak_bytes", "wall_s", "requests", "bytes_down")}


def run(simulator, command, **values):
    """Runs a command against the simulator, and measures it."""
    time.sleep(BURST_WINDOW_S)
    before = simulator.journal()
    env = environment(XLEDGER_ENDPOINT=simulator.endpoint, XLEDGER_TOKEN=simulator.token, **values)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=errors, env=env)
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), errors.seek(0)
        said = out.read().decode()
        if process.returncode:
            raise Failed(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{errors.read().decode()[-3_000:]}")
    after = simulator.journal()
    if after["faulted"] != before["faulted"]:
        raise Failed(f"{command[1]} met Xledger's limits {after['faulted'] - before['faulted']} times")
    # Of a process the kernel also counts what it was before it became the command: a copy of this one.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert used.ru_maxrss > own, "this process is larger than what it measures"
    asked = {name: after[name] - before[name] for name in ("requests", "bytes_down")}
    return Run(used.ru_utime + used.ru_stime, used.ru_maxrss * 1_024, wall_s, said=said, **asked)


def refresh(simulator, binary, lake, at_ms, mode, endpoint=None):
    """One refresh of the program. It is told the time, for its company's books end on a day."""
    endpoint = {"XLEDGER_ENDPOINT": endpoint} if endpoint else {}
    taken = run(simulator, [binary, "refresh", str(at_ms), "7200"], LAKE_URL=str(lake), **endpoint)
    told = json.loads(taken.said)
    if told["status"] != "succeeded" or told["mode"] != mode:
        raise Failed(f"a {mode} refresh ended so: {told['status']}, {told['mode']}, {told['error']}")
    return taken, told


# ------------------------------------------------------------------------------------------------------------------ a company


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
                [script], arguments, is_close = PEERS[peer]
                if round_ and not is_close:
                    continue
                table = directory / "peer"
                shutil.rmtree(table, ignore_errors=True)
                table.mkdir()
                taken = run(simulator, [sys.executable, HERE / "peers" / script, simulator.endpoint, table / "spend", *arguments])
                runs[peer].append(taken)
                tables[peer] = compared(lake / "current" / "spend", table / "spend")
                say(peer, f"{taken.cpu_s:.2f} s of CPU, {taken.peak_bytes / 2**20:.0f} MiB, {taken.wall_s:.0f} s; its table is the program's")
        found["kept"] = told["lines"]["kept"]
        found["full"] = {peer: Run.median(each) for peer, each in runs.items()}
        found["table_bytes"] = {PROGRAM: table_bytes(lake / "current" / "spend")}
        found["tables"] = tables
        if not delay_ms:
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
    given = {name: os.environ.get(name, default) for name, default in (("SIZES", SIZES), ("DELAYS", DELAYS), ("ROUNDS", "3"))}
    peers = os.environ["PEERS"].split(",") if "PEERS" in os.environ else list(PEERS)
    peers = [peer for peer in peers if peer]
    if unknown := set(peers) - PEERS.keys():
        sys.exit(f"no such peer: {', '.join(sorted(unknown))}; PEERS is a part of {','.join(PEERS)}")
    whole = (given["SIZES"], given["DELAYS"], peers) == (SIZES, DELAYS, list(PEERS))
    binary = build()
    try:
        # Where answers are late only the time differs: one round is enough.
        companies = [
            company(binary, int(lines), int(delay_ms), 1 if int(delay_ms) else int(given["ROUNDS"]), peers)
            for lines in given["SIZES"].split()
            for delay_ms in given["DELAYS"].split()
        ]
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
    left = REPOSITORY / "target" / "bench.json"
    left.parent.mkdir(exist_ok=True)
    left.write_text(json.dumps(companies, indent=1), "utf-8")
    if whole:
        report.write(companies)
    else:
        print(report.figures(companies))


if __name__ == "__main__":
    main()
