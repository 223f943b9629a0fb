"""What the pages say of the programs that are built here: each of their commands by the program's own parser, the commands for a desk as they
stand, and what a program is said to print. Run after `make rust-build`."""

import os
import re
import subprocess

import pytest

from pages import COMMAND_LINE, README, SETUP, Workbench, blocks, each_block, each_command, name
from xledger import readers

OURS = re.compile(r"^(\w+=\S+ )*(cargo|xledger-sim|xledger-spend) ", re.MULTILINE)
PACKAGES = {"xledger-sim": "xledger-sim", "xledger-spend-cli": "xledger-spend"}
"""The programs by the packages that `cargo run` names."""


def calls(called):
    """How the programs of this repository were called, by cargo or by their names."""
    for program, *words in called.calls:
        if program in PACKAGES.values():
            yield program, words
        elif program == "cargo" and words[0] == "demo":
            yield "xledger-spend", words
        elif program == "cargo" and words[0] == "run":
            yield PACKAGES[words[words.index("-p") + 1]], words[words.index("--") + 1 :]


def refused(program, words):
    """What a program says of these words if it does not take them. With `--help` behind them it reads them, and does nothing."""
    done = subprocess.run([readers.program(program), *words, "--help"], capture_output=True, text=True, timeout=60)
    return done.stderr


CASES = [(identifier, code) for _, identifier, code in [*each_block("sh"), *each_command()] if OURS.search(code)]


@pytest.mark.parametrize("code", [code for _, code in CASES], ids=[identifier for identifier, _ in CASES])
def test_the_programs_take_every_command(code, tmp_path):
    called = Workbench(tmp_path).run(code)
    assert called.status == 0, called.said
    assert [said for call in calls(called) if (said := refused(*call))] == []


def test_a_command_that_is_none_is_found(tmp_path):
    wrong = "xledger-spend refresh --lakes x; xledger-spend refreshes; xledger-spend refresh --from 2025; cargo run -p xledger-sim -- --line 5"
    found = list(calls(Workbench(tmp_path).run(wrong)))
    assert len(found) == 4 and all(refused(*call) for call in found)


def test_every_scenario_that_is_named_is_one(tmp_path_factory):
    said = subprocess.run([readers.program("xledger-sim"), "--scenarios"], capture_output=True, text=True, timeout=60, check=True).stdout
    words = [words for _, code in CASES for _, words in calls(Workbench(tmp_path_factory.mktemp("called")).run(code))]
    named = {each[each.index("--scenario") + 1] for each in words if "--scenario" in each}
    assert named and {each for each in named if "/" not in each} <= set(re.findall(r"[\w-]+", said))


# --------------------------------------------------------------------------------------------------------- what a program says


@pytest.fixture(scope="module")
def server():
    """The company of the answers that the pages show."""
    with readers.serve(readers.Order(20_000, 1)) as server:
        yield server


def on_a_desk(tmp_path, server, code):
    """Runs commands with the programs themselves and the simulator for Xledger, whose token is typed."""
    workbench = Workbench(tmp_path)
    program = readers.program("xledger-spend")
    workbench.put(workbench.programs / "xledger-spend", f'#!/bin/sh\nexec "{program}" "$@"\n')
    return workbench.run(code, typed=server.token, XLEDGER_ENDPOINT=server.endpoint, TMPDIR=os.environ.get("TMPDIR", "/tmp"))


DESK = [(page, code) for page in (README, COMMAND_LINE) for code in blocks(page, "sh") if "export XLEDGER_TOKEN" in code]


@pytest.mark.parametrize("code", [code for _, code in DESK], ids=[name(page) for page, _ in DESK])
def test_the_commands_for_a_desk_do_what_they_say(code, server, tmp_path):
    called = on_a_desk(tmp_path, server, code)
    assert called.status == 0, called.said
    assert server.token not in called.said
    if "--save" in code:
        assert (tmp_path / "probe.json").stat().st_size > 1_000
    if lake := re.search(r"refresh --lake (\S+)", code):
        assert (tmp_path / lake[1] / "current" / "spend").is_dir()


def test_that_there_are_such_commands():
    assert {page for page, _ in DESK} == {README, COMMAND_LINE}


def shown(page, beginning):
    """A block of a page that shows what a program says."""
    [block] = [block for block in blocks(page, "") if block.startswith(beginning)]
    return block


def test_a_good_check_ends_as_the_page_shows_it(server):
    """Where dots stand for other types, what is shown before them comes before what is shown after them."""
    run = readers.spend_command("check", "--xledger-endpoint", server.endpoint, token=server.token)
    assert run.status == 0, run.stderr
    parts = [part.strip("\n") for part in shown(SETUP, "Document types\n").split("\n  …\n")]
    shape = r"\n(?:  .*\n)+".join(map(re.escape, parts[:-1])) + r"\n(?:  .*\n)+\n" + re.escape(parts[-1])
    assert len(parts) > 1 and re.search(rf"\n\n{shape}$", run.stdout.strip()), run.stdout


def test_the_demo_counts_as_the_page_shows_it():
    """By a check of the same company, which counts the same lines in the same words, and does not take the demo's time."""
    with readers.serve(readers.Order(200_000, 1)) as server:
        run = readers.spend_command("check", "--xledger-endpoint", server.endpoint, token=server.token)
    assert shown(README, "Ledger lines\n") in run.stdout
