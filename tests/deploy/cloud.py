"""The AWS account that everything is deployed into, and a shell that is signed in to it. Nothing leaves this machine."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

REPOSITORY = Path(__file__).resolve().parents[2]
SERVE = REPOSITORY / "tests" / "tools" / "serve.py"
TOOLS = REPOSITORY / ".tools" / "sam" / "bin"
REGION = "eu-north-1"
AROUND_PROXIES = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    stdout: str
    stderr: str

    def __str__(self):
        return f"status {self.status}\n{self.stdout}\n{self.stderr}"


class Shell:
    """A terminal in which our tools are found, and nothing of whoever runs the tests: no settings, no profile, no credentials."""

    def __init__(self, home):
        self.home = home

    @property
    def environment(self):
        strange = ("AWS_", "SAM_", "XLEDGER_", "SPEND_", "LAKE_", "GLUE_", "RUST_LOG")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
        return inherited | {
            "HOME": str(self.home),
            # What cargo, rustup and the linker have is not made twice; in another cache the linker would count as another one.
            "CARGO_HOME": os.environ.get("CARGO_HOME") or str(Path.home() / ".cargo"),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME") or str(Path.home() / ".rustup"),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
            "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
            "SAM_CLI_TELEMETRY": "0",
        }

    def run(self, command, typed="", directory=REPOSITORY, limit_s=120, **environment):
        """Runs a command as a user would: in bash, from the repository, with `typed` as the input."""
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=directory,
            env=self.environment | environment,
            input=typed,
            capture_output=True,
            timeout=limit_s,
            encoding="utf-8",
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def succeed(self, command, **options):
        """Runs a command that must succeed, and gives its standard output."""
        done = self.run(command, **options)
        assert done.status == 0, f"{command}\n{done}"
        return done.stdout


class Account(Shell):
    """An account, as a user with these keys sees it."""

    def __init__(self, port, home, server_pid, keys=("test", "test")):
        super().__init__(home)
        self.endpoint = f"http://127.0.0.1:{port}"
        self.server_pid = server_pid
        self.broken_parts = home / "broken-parts"
        self._keys = keys

    def signed_in_as(self, access_key, secret_key):
        """The same account, seen by somebody else."""
        return Account(self.endpoint.rpartition(":")[2], self.home, self.server_pid, (access_key, secret_key))

    @property
    def environment(self):
        return super().environment | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self._keys[0],
            "AWS_SECRET_ACCESS_KEY": self._keys[1],
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        } | AROUND_PROXIES

    def client(self, service):
        """The service through its API, for what is no user's command."""
        access_key, secret_key = self._keys
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=900, proxies={}),
        )

    def rights_asked(self, role):
        """The rights that were asked for in the name of a role: what, on what, and whether it was allowed."""
        journal = self.home / "rights.jsonl"
        lines = journal.read_text("utf-8").splitlines() if journal.exists() else []
        return [asked for asked in map(json.loads, lines) if asked["role"] == role]


@contextmanager
def account(home, checks_rights=False):
    """Runs an account; the pipe to its input ends it with us, however we end.

    With `checks_rights` it refuses what is signed wrongly, and what a role's or a user's policies do not allow.
    """
    home.mkdir()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RUST_LOG", "XLEDGER_", "SPEND_"))}
    environment = inherited | {
        "HOME": str(home),
        "TMPDIR": str(home),
        # Athena's times are in UTC.
        "TZ": "UTC",
        "AUTH": str(checks_rights).lower(),
        "ACCOUNT_JOURNAL": str(home / "rights.jsonl"),
        "ACCOUNT_BROKEN_PARTS": str(home / "broken-parts"),
        "AWS_EC2_METADATA_DISABLED": "true",
    } | AROUND_PROXIES
    with (home / "account.log").open("w") as log:
        command = [sys.executable, SERVE, "account"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment, text=True) as process:
            try:
                port = process.stdout.readline().strip()
                assert port, f"the account did not start: {(home / 'account.log').read_text()}"
                yield Account(port, home, process.pid)
            finally:
                process.stdin.close()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
