"""What every test here starts from: the two programs, a simulator that ends with its test, companies refreshed into lakes.

Run with `pytest tests/readers`, after `cargo build`. `XLEDGER_BIN_DIR` names the directory with the programs if it is not
`target/debug`.
"""

import json
import os
import subprocess
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from oracle import Books

REPOSITORY = Path(__file__).resolve().parents[2]
LONGEST_RUN_S = 120


def program(name):
    directory = Path(os.environ.get("XLEDGER_BIN_DIR") or REPOSITORY / "target" / "debug")
    path = directory / name
    if not path.is_file():
        pytest.exit(f"{name} is not in {directory}: run `make rust-build`, or set XLEDGER_BIN_DIR to its directory", 2)
    return path


@dataclass(frozen=True)
class Order:
    """A company to generate, and the wire that it is served over."""

    lines: int
    seed: int
    scenario: str = "calm"

    def arguments(self):
        return ["--lines", str(self.lines), "--seed", str(self.seed), "--scenario", self.scenario]


@dataclass(frozen=True)
class Server:
    """A running simulator."""

    endpoint: str
    token: str

    def journal(self):
        with urllib.request.urlopen(self.endpoint.removesuffix("/graphql") + "/journal", timeout=30) as answer:
            return json.load(answer)


@contextmanager
def serve(order):
    """Runs the simulator; the pipe to its input ends it with us, however we end."""
    command = [program("xledger-sim"), "--listen", "127.0.0.1:0", "--no-limits", "--until-stdin-closes", *order.arguments()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            words = process.stdout.readline().split()
            assert words[:2] == ["listening", "on"], f"the simulator said {words}"
            yield Server(endpoint=words[2], token=words[3].removeprefix("token="))
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def export_books(order, directory):
    subprocess.run([program("xledger-sim"), "--books", directory, *order.arguments()], check=True, timeout=60)
    return Books(directory)


@dataclass(frozen=True)
class Run:
    """A run of the command line that has ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def report(self):
        return json.loads(self.stdout)


def settings_alone(token, **settings):
    """An environment with these settings and no others."""
    strange = ("XLEDGER_", "SPEND_", "LAKE_", "AWS_", "RUST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(strange)} | {"XLEDGER_TOKEN": token} | settings


def spend_command(*arguments, token, **settings):
    """Runs `xledger-spend` with these settings and no others."""
    done = subprocess.run(
        [program("xledger-spend"), *map(str, arguments)],
        env=settings_alone(token, **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LONGEST_RUN_S,
        encoding="utf-8",
    )
    return Run(done.returncode, done.stdout, done.stderr)


def refresh(server, lake, *arguments, endpoint=None, **settings):
    """Refreshes a lake; anything but success is a failure here."""
    endpoint = endpoint or server.endpoint
    run = spend_command("refresh", "--lake", lake, "--xledger-endpoint", endpoint, *arguments, token=server.token, **settings)
    assert run.status == 0, f"status {run.status}\n{run.stdout}\n{run.stderr}"
    return run


@dataclass(frozen=True)
class Company:
    """A company, the lake that it was refreshed into, and all that was said on the way."""

    books: Books
    lake: Path
    server: Server
    run: Run
    journal: dict
    order: Order | None = None

    @property
    def snapshot(self):
        return self.lake / "snapshots" / json.loads((self.lake / "CURRENT.json").read_text("utf-8"))["snapshot"]

    def files(self, table):
        return sorted((self.snapshot / table).rglob("*.parquet"))


@contextmanager
def refreshed(order, directory, *arguments, **settings):
    """A company refreshed with the report on standard output and everything that can be logged."""
    settings = {"RUST_LOG": "trace"} | settings
    books = export_books(order, directory / "books")
    with serve(order) as server:
        lake = directory / "lake"
        run = refresh(server, lake, "--json", "--verbose", *arguments, **settings)
        yield Company(books, lake, server, run, server.journal(), order)


# Owners tell their currency there, so that amounts of several may be added.
WITH_CURRENCIES = str(REPOSITORY / "tests" / "page" / "scenario.toml")
COMPANIES = {
    "small": Order(3_000, 7),
    "large": Order(20_000, 11),
    "odd-wire": Order(6_000, 23, "odd-wire"),
    "wide-ids": Order(1_000, 5, "wide-ids"),
    "abroad": Order(6_000, 31, "other-charts"),
    "above": Order(6_000, 19, "suppliers-above-with-the-chart"),
    "odd-values": Order(3_000, 17, "odd-values"),
    "purchases": Order(3_000, 13, "spend-english"),
    "currencies": Order(6_000, 1, WITH_CURRENCIES),
}


@pytest.fixture(scope="session", params=COMPANIES)
def company(request, tmp_path_factory):
    with refreshed(COMPANIES[request.param], tmp_path_factory.mktemp(request.param)) as company:
        yield company


@pytest.fixture(scope="session")
def small_server():
    with serve(COMPANIES["small"]) as server:
        yield server
