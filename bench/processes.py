"""The processes that are measured: a simulator that serves a company, and what runs against it."""

import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]

BEFORE_MS = 1_793_448_000_000
"""When the first refresh runs: what is changed then says 2026-10-31, in the evening."""
DAY_MS = 24 * 3_600_000
BURST_WINDOW_S = 6
"""Xledger counts requests for 5 s: what one run asked is not to be held against the next."""


class Failed(Exception):
    """Why there are no figures."""


def build():
    """The program of bench/refresh.rs, in the profile of a release."""
    return built(["cargo", "bench", "--locked", "--no-run", "--quiet", "--bench", "refresh", "--message-format", "json-render-diagnostics"], "refresh")


def built(command, name):
    """The program of this name that cargo has built."""
    lines = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    [binary] = [found["executable"] for found in map(json.loads, lines) if found.get("target", {}).get("name") == name and found.get("executable")]
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

    def followed_by(self, other):
        """Both, as one."""
        sums = (getattr(self, name) + getattr(other, name) for name in ("wall_s", "requests", "bytes_down"))
        return Run(self.cpu_s + other.cpu_s, max(self.peak_bytes, other.peak_bytes), *sums, other.said)

    @staticmethod
    def median(runs):
        return {name: statistics.median(getattr(run, name) for run in runs) for name in ("cpu_s", "peak_bytes", "wall_s", "requests", "bytes_down")}


def run(simulator, command, **values):
    """Runs a command against the simulator, and measures it."""
    time.sleep(BURST_WINDOW_S)
    before = simulator.journal()
    env = environment(**{"XLEDGER_ENDPOINT": simulator.endpoint, "XLEDGER_TOKEN": simulator.token} | values)
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
    # Of a process the kernel also counts what it was before it became the command: a copy of this one.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert used.ru_maxrss > own, "this process is larger than what it measures"
    asked = {name: after[name] - before[name] for name in ("requests", "bytes_down")}
    return Run(used.ru_utime + used.ru_stime, used.ru_maxrss * 1_024, wall_s, said=said, **asked)


def refresh(simulator, binary, lake, at_ms, mode, endpoint=None, before=()):
    """One refresh of the program, in as many runs of RUN_SECONDS as it takes. It is told the time, for its company's books end on a day."""
    endpoint = {"XLEDGER_ENDPOINT": endpoint} if endpoint else {}
    command = [*before, binary, "refresh", str(at_ms), os.environ.get("RUN_SECONDS", "7200")]
    taken = run(simulator, command, LAKE_URL=str(lake), **endpoint)
    while (told := json.loads(taken.said))["status"] == "incomplete":
        taken = taken.followed_by(run(simulator, command, LAKE_URL=str(lake), **endpoint))
    if told["status"] != "succeeded" or told["mode"] != mode:
        raise Failed(f"a {mode} refresh ended so: {told['status']}, {told['mode']}, {told['error']}")
    return taken, told
