"""The pages of the repository, what stands in them as code, and a place where their commands can be run and change nothing."""

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
SETUP, OPERATIONS, SETTINGS, README = DOCS / "setup.md", DOCS / "operations.md", DOCS / "settings.md", REPOSITORY / "README.md"
INFRA, COMMAND_LINE = REPOSITORY / "infra" / "README.md", REPOSITORY / "crates" / "xledger-spend-cli" / "README.md"
AWS = REPOSITORY / ".tools" / "sam" / "bin" / "aws"


MADE = {".git", ".tools", ".aws-sam", "target", "lake", "fuzz/target", "fuzz/corpus", "fuzz/artifacts"}
"""Directories of what is built, installed or tried out here."""


def files():
    """Every file of the repository, by its path from the top."""
    found = []
    for directory, below, names in os.walk(REPOSITORY):
        here = Path(directory).relative_to(REPOSITORY)
        below[:] = [each for each in below if (here / each).as_posix() not in MADE and not each.endswith(("__pycache__", "_cache"))]
        found += [(here / each).as_posix() for each in names]
    return sorted(found)


PAGES = [REPOSITORY / file for file in files() if file.endswith(".md")]


def name(page):
    return page.relative_to(REPOSITORY).as_posix()


def text(page):
    return page.read_text("utf-8")


FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def fenced(page):
    """The blocks of a page, those within lists too: the language and the code of each."""
    for indent, language, code in FENCE.findall(text(page)):
        yield language, "\n".join(line.removeprefix(indent) for line in code.splitlines())


def blocks(page, language):
    return [code for each, code in fenced(page) if each == language]


def each_block(*languages):
    """The blocks of all pages, each under a name that a failure is found by."""
    for page in PAGES:
        for language in languages:
            for number, block in enumerate(blocks(page, language), 1):
                yield page, f"{name(page)}-{number}", block


def spans(page):
    """What stands in code marks in the text of a page. A table's escaped bar is a bar."""
    found = re.findall(r"`([^`]+)`", FENCE.sub("", text(page)))
    return [" ".join(span.split()).replace(r"\|", "|") for span in found]


# ---------------------------------------------------------------------------------------------------------------- commands

HARMLESS = ("awk", "base64", "bash", "cat", "cp", "grep", "mkdir", "sed", "sh")
"""Programs that may run as they are. Of all others there are stand-ins, or there is none."""
STAND_INS = ("cargo", "curl", "git", "make", "rustup", "sam", "sha256sum", "sleep", "sudo", "xledger-sim", "xledger-spend", ".tools/venv/bin/pytest")
STAND_IN = """#!{python}
import json, os, sys

words = ["{name}", *sys.argv[1:]]
with open("{asked}", "a") as asked:
    asked.write(json.dumps(words) + "\\n")
{more}
"""
"""Notes how it was called."""
PYTHON = """
if words[1:3] == ["-m", "venv"]:
    directory = os.path.expanduser(words[3]) + "/bin"
    os.makedirs(directory)
    os.symlink("{pip}", directory + "/pip")
else:
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Installs nothing, and is itself in all else."""


@dataclass(frozen=True)
class Called:
    """What became of a command: how it ended, what it said, and how the programs were called that have stand-ins."""

    status: int
    said: str
    calls: list

    def of(self, program):
        return [words[1:] for words in self.calls if words[0] == program]


class Workbench:
    """A copy of what commands read, and stand-ins for the programs that they call."""

    def __init__(self, directory):
        self.directory = directory
        self.programs = directory / "programs"
        self.asked = directory / "asked"
        for part in ("events", "infra", "tests/tools"):
            shutil.copytree(REPOSITORY / part, directory / part)
        (directory / ".cargo").mkdir()
        # What steps leave that come before.
        for file, content in {
            ".cargo/env": "",
            "answer.json": '{"table": ["ready"], "status": "succeeded"}',
            "company-ca.pem": "-----BEGIN CERTIFICATE-----\n",
            "template.yaml": "Resources: {Function: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: function.zip}}}\n",
            "function.zip": "PK\5\6" + 18 * "\0",
            "packaged.yaml": "Resources: {}\n",
        }.items():
            (directory / file).write_text(content, "utf-8")
        self.programs.mkdir()
        for program in HARMLESS:
            (self.programs / program).symlink_to(shutil.which(program))
        for program in STAND_INS:
            self.stand_in(program)
        self.stand_in("pip")
        self.stand_in("python3", PYTHON.format(pip=self.programs / "pip"))
        self.stand_in("pass", 'print("a-token")')
        self.stand_in("tar", 'os.makedirs("xledger-spend-0.1.0")')

    def stand_in(self, name, more=""):
        """Puts a stand-in in the place of a program, by its name or its path."""
        place = (self.directory if "/" in name else self.programs) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        self.put(place, STAND_IN.format(python=sys.executable, name=name, asked=self.asked, more=more))

    def put(self, place, program):
        place.unlink(missing_ok=True)
        place.write_text(program, "utf-8")
        place.chmod(0o755)

    def run(self, command, typed="a-token", **variables):
        """Runs a command or several as a user would, who types a token where one is asked for."""
        self.asked.write_text("", "utf-8")
        environment = {
            "PATH": str(self.programs),
            "HOME": str(self.directory),
            "NO_PROXY": "127.0.0.1",
            "AWS_REGION": "eu-north-1",
            "AWS_DEFAULT_REGION": "eu-north-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            # Set by a block before the one that uses it.
            "QUEUE": "https://sqs.eu-north-1.amazonaws.com/123456789012/xledger-spend-undelivered",
            "BUCKET": "a-bucket",
            "CODE": "a-bucket",
            "KEY": "0a1b2c3d-12ab-34cd-56ef-1234567890ab",
        }
        done = subprocess.run(
            [self.programs / "bash", "-e", "-o", "pipefail", "-c", command],
            cwd=self.directory,
            env=environment | variables,
            input=f"{typed}\n",
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        calls = [json.loads(line) for line in self.asked.read_text("utf-8").splitlines()]
        return Called(done.returncode, f"{command}\n{done.stdout}\n{done.stderr}", calls)


PROGRAMS = ("aws", "cargo", "make", "sam", "xledger-sim", "xledger-spend", ".tools/venv/bin/pytest")


def commands(page):
    """What stands in code marks and calls one of the programs with something behind it, variables before it or not."""
    found = []
    for span in spans(page):
        words = [word for word in span.split() if not re.match(r"[A-Z_]+=", word)]
        if len(words) > 1 and words[0] in PROGRAMS and words[1] != "--version":
            found.append(span)
    return sorted(set(found))


def each_command():
    """Each of all pages, under a name that a failure is found by."""
    for page in PAGES:
        for command in commands(page):
            yield page, f"{name(page)}-{shlex.join(command.split())[:60]}", command


@functools.cache
def of_sam_cli(*words):
    """Whether SAM's own parser takes these words: behind what it does not know it gives no help."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "SAM_"))} | {"SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run([AWS.parent / "sam", *words, "--help"], capture_output=True, text=True, env=environment, cwd=REPOSITORY, timeout=120)
    return "" if done.returncode == 0 else done.stderr


def of_make(words):
    """Targets and variables of the Makefile."""
    makefile = text(REPOSITORY / "Makefile")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    variables = set(re.findall(r"^(?:export )?(\w+) \?=", makefile, re.MULTILINE))
    wrong = [word for word in words if (word.partition("=")[0] not in variables if "=" in word else word not in targets)]
    return f"make {words}: there is no {wrong}" if wrong else None
