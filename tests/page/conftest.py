"""Pages to look at: companies of the simulator, refreshed into lakes, whose page the command line fetches; and the browser.

Run with `make page`. `XLEDGER_BIN_DIR` names the directory with the programs if it is not `target/debug`, `CHROMIUM` the browser.
"""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = Path(os.environ.get("XLEDGER_BIN_DIR") or REPOSITORY / "target" / "debug")
SHOTS = REPOSITORY / "target" / "page"
# What Chromium does by itself, beside showing a page, it is not to do here.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
OWN = str(Path(__file__).parent / "scenario.toml")

# A company of the simulator, and the settings of its refresh.
COMPANIES = {
    "group": (["--scenario", OWN, "--lines", "20000"], {}),
    "norwegian": (["--scenario", OWN, "--lines", "20000", "--seed", "5"], {"SPEND_LANGUAGE": "no"}),
    # Each owner is a section of its own.
    "no-currency": (["--scenario", "spend-english"], {"REPORT_SUPPLIERS": "codes"}),
    "small": (["--scenario", OWN, "--lines", "100"], {}),
    "empty": (["--scenario", OWN, "--lines", "2000"], {"SPEND_HISTORY_FROM": "2090-01"}),
}


def run(program, *arguments, **environment):
    done = subprocess.run(
        [PROGRAMS / program, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def simulator(arguments):
    """Runs the simulator; the pipe to its input ends it with us, however we end."""
    command = [PROGRAMS / "xledger-sim", "--listen", "127.0.0.1:0", "--no-limits", "--until-stdin-closes", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            words = process.stdout.readline().split()
            assert words[:2] == ["listening", "on"], f"the simulator said {words}"
            yield {"XLEDGER_ENDPOINT": words[2], "XLEDGER_TOKEN": words[3].removeprefix("token=")}
        finally:
            process.stdin.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The page of each company, by name."""
    found = {}
    for name, (arguments, settings) in COMPANIES.items():
        directory = tmp_path_factory.mktemp(name)
        with simulator(arguments) as address:
            # A ledger without any spend is no accident here.
            run("xledger-spend", "refresh", "--accept-shrink", "--lake", str(directory / "lake"), **address, **settings)
        page = directory / "page.html"
        run("xledger-spend", "report", "--lake", str(directory / "lake"), "--output", str(page))
        found[name] = page
    SHOTS.mkdir(parents=True, exist_ok=True)
    for name, page in found.items():
        shutil.copy(page, SHOTS / f"{name}.html")
    return found


@pytest.fixture(scope="session")
def browser():
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert executable, "there is no Chromium; set CHROMIUM to its program, or install Debian's chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, headless=True, args=QUIET)
        yield opened
        opened.close()
