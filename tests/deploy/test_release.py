"""A release: what it consists of, and the page's first way, from its files to the first rows of a query, with the AWS CLI and nothing else of ours.

The release is put together here around the function that SAM has built. With RELEASE, the directory that `make package` made, it is that one.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tarfile
import threading
import time
import tomllib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
import yaml

import cloud
from cloudformation import load
from pages import FENCE, REPOSITORY, SETUP, text
from stack import Stack, wait_for
from test_rights import deployer, fire_early, schedules_to_go_on

sys.path.append(str(REPOSITORY / "packaging"))

import package  # noqa: E402

# What a terminal has, and the AWS CLI.
PROGRAMS = ("awk", "bash", "grep", "gzip", "sha256sum", "sleep", "tar")
A_TIME = 1_700_000_000
LIMIT_S = 15 * 60


def section():
    """The blocks of the page's first way, in order."""
    way = text(SETUP).split("\n## From a release")[1].split("\n## ")[0]
    return [code for _, language, code in FENCE.findall(way) if language == "sh"]


@pytest.fixture(scope="module")
def download(request, tmp_path_factory):
    """A directory as it is after the download."""
    into = tmp_path_factory.mktemp("download")
    if made := os.environ.get("RELEASE"):
        for name in ("*-aws-x86_64.tar.gz", "SHA256SUMS"):
            [file] = (REPOSITORY / made).glob(name)
            shutil.copy(file, into)
        return into
    request.getfixturevalue("built")
    bootstrap = (REPOSITORY / ".aws-sam" / "build" / "RefreshFunction" / "bootstrap").read_bytes()
    bundle = package.bundle("x86_64", package.function_zip(bootstrap, A_TIME), b"their terms\n", A_TIME)
    name = f"xledger-spend-{package.version()}-aws-x86_64.tar.gz"
    (into / name).write_bytes(bundle)
    (into / "SHA256SUMS").write_text(f"{hashlib.sha256(bundle).hexdigest()}  {name}\n{'0' * 64}  another-file.tar.gz\n", "utf-8")
    return into


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    """Where programs are found: neither Rust nor SAM nor Python."""
    programs = tmp_path_factory.mktemp("programs")
    for program in PROGRAMS:
        (programs / program).symlink_to(shutil.which(program))
    (programs / "aws").symlink_to(cloud.TOOLS / "aws")
    return str(programs)


REGION = "export AWS_REGION=eu-north-1 AWS_DEFAULT_REGION=eu-north-1"
"""As the page's deployment has it, for blocks that are typed later."""


def typed_by(company, commands):
    """The page's commands as they are typed here: Xledger is the simulator."""
    told = "--parameter-overrides AlarmEmail="
    assert told in commands
    return commands.replace(told, f"--parameter-overrides XledgerEndpoint={company.endpoint} AlarmEmail=", 1)


def without_uploads(file):
    """A template but for what the AWS CLI uploads."""
    template = load(text(file))
    del template["Metadata"]["AWS::ServerlessRepo::Application"], template["Resources"]["RefreshFunction"]["Properties"]["CodeUri"]
    return template


@dataclass(frozen=True)
class Way:
    """What came of the page's first way."""

    account: cloud.Account
    directory: Path
    said: str
    took_s: float


@pytest.fixture(scope="module")
def way(download, terminal, company, tmp_path_factory):
    """The page's blocks, one after the other as they stand, in an account that has nothing."""
    began = time.monotonic()
    with cloud.account(tmp_path_factory.mktemp("customer") / "account") as account:
        unpack, deploy, put, *rest = section()
        said = account.succeed(typed_by(company, "\n".join(["set -e", unpack, deploy])), directory=download, limit_s=LIMIT_S, PATH=terminal)
        [directory] = [path for path in download.iterdir() if path.is_dir()]
        stack = Stack(account, {})
        # A person takes longer to make a token than the function to look for one. The minutes that the page says are not waited for here.
        looks = wait_for(lambda: schedules_to_go_on(stack), 60, "the look for the token")
        typed = lambda *blocks: account.succeed(
            "\n".join(["set -e", REGION, *blocks]), typed=f"{company.token}\n", directory=directory, limit_s=LIMIT_S, PATH=terminal
        )
        said += typed(put)
        for schedule in looks:
            fire_early(stack, schedule)
        wait_for(lambda: stack.has_table("runs") and stack.query("SELECT * FROM runs"), 60, "the first run")
        said += typed(*rest)
        took_s = time.monotonic() - began
        yield Way(account, directory, said, took_s)


def test_from_the_download_to_the_first_rows(way, company, capsys):
    with capsys.disabled():
        print(f"\nfrom the download to the first rows: {way.took_s:.0f} s")
    said = way.said
    assert way.took_s < LIMIT_S
    assert "-aws-x86_64.tar.gz: OK" in said
    assert company.token not in said
    assert re.search(r"^  AP +Leverandørfaktura +kept", said, re.MULTILINE), "the check cannot be read in a terminal"
    assert '"status":"succeeded"' in said, "the end of the first run cannot be seen"
    first = said.partition("\nsupplier_name\tamount\n")[2]
    expected = {}
    for row in company.spend():
        if row["year"] == 2025 and row["supplier_id"] is not None:
            expected[row["supplier_name"]] = expected.get(row["supplier_name"], 0) + row["amount"]
    top = sorted(expected.items(), key=lambda each: -each[1])[:10]
    rows = [line.split("\t") for line in first.strip().splitlines()]
    assert [(name, Decimal(amount)) for name, amount in rows] == top and len(top) == 10


def test_the_schedule_runs_from_then_on(way):
    stack = Stack(way.account, {})
    assert way.account.client("scheduler").get_schedule(Name=stack.resources["RefreshSchedule"])["State"] == "ENABLED"
    stack.stop_schedule()


def test_the_aws_cli_packages_the_template_as_it_is(way):
    assert without_uploads(way.directory / "packaged.yaml") == without_uploads(way.directory / "template.yaml")


def deploy_release(way, terminal, bootstrap_time):
    """Deploys by the page's command another release than the one that is deployed: its function was packed at another time."""
    packed = way.directory / "function.zip"
    with zipfile.ZipFile(packed) as archive:
        packed.write_bytes(package.function_zip(archive.read("bootstrap"), bootstrap_time))
    _, deploy, *_ = section()
    start = "aws cloudformation deploy" + deploy.partition("aws cloudformation deploy")[2].partition("--parameter-overrides")[0]
    again = [line for line in deploy.partition("aws cloudformation deploy")[0].splitlines() if not line.startswith("aws s3 mb")]
    way.account.succeed("\n".join(["set -e", *again, start]), directory=way.directory, limit_s=LIMIT_S, PATH=terminal)


def test_to_a_later_release_and_back_while_somebody_reads(way, terminal):
    """By the same command: another function takes the place of the one before, what is set stays, and no query fails or finds another sum."""
    stack = Stack(way.account, {})
    function = stack.outputs["FunctionName"]
    configured = lambda: way.account.client("lambda").get_function_configuration(FunctionName=function)
    sums = lambda: stack.query("SELECT count(*) AS lines, sum(amount) AS amount FROM spend")
    first, before, seen, done = configured(), sums(), [], threading.Event()

    def read():
        while not done.is_set():
            seen.append(sums())

    with ThreadPoolExecutor(1) as readers:
        reader = readers.submit(read)
        try:
            deploy_release(way, terminal, A_TIME + 60)
            later = configured()
            stack.refresh()
            deploy_release(way, terminal, A_TIME)
            back = configured()
            stack.refresh()
        finally:
            done.set()
        reader.result()
    assert later["CodeSha256"] != first["CodeSha256"] == back["CodeSha256"]
    assert first["Environment"] == later["Environment"] == back["Environment"]
    assert first["Environment"]["Variables"]["SPEND_HISTORY_FROM"] == "2023-01"
    assert len(seen) > 3 and all(each == before for each in seen)


def test_who_has_the_policies_may_deploy_it(download, terminal, company, tmp_path_factory):
    """In an account that checks rights, up to the token."""
    unpack, deploy, put, *_ = section()
    with cloud.account(tmp_path_factory.mktemp("strict") / "account", checks_rights=True) as account:
        who = deployer(account)
        who.succeed(typed_by(company, "\n".join(["set -e", unpack, deploy])), directory=download, limit_s=LIMIT_S, PATH=terminal)
        stack = Stack(account, {})
        wait_for(lambda: schedules_to_go_on(stack), 60, "the look for the token")
        commands = "\n".join(["set -e", REGION, put])
        who.succeed(commands, typed=f"{company.token}\n", directory=download, limit_s=LIMIT_S, PATH=terminal)
        answer = stack.invoke({"action": "check"})
        assert not answer.failed and answer.payload["ready"] is True


def test_the_packaged_template_is_the_template_with_its_function():
    ours, packaged = load(text(REPOSITORY / "template.yaml")), load(package.template("arm64"))
    function = packaged["Resources"]["RefreshFunction"]
    assert (function["Properties"]["CodeUri"], function["Properties"]["Architectures"]) == ("function.zip", ["arm64"])
    function["Properties"] |= {"CodeUri": ".", "Architectures": ["x86_64"]}
    function["Metadata"] |= {name: ours["Resources"]["RefreshFunction"]["Metadata"][name] for name in ("BuildMethod", "BuildProperties")}
    assert packaged == ours


@pytest.mark.parametrize("line", ["CodeUri: .", "Architectures: [x86_64]", "BuildMethod: rust-cargolambda"])
def test_a_template_that_cannot_be_packaged_is_refused(line):
    changed = text(REPOSITORY / "template.yaml").replace(line, "Something: else")
    with pytest.raises(package.Unable, match=line.partition(":")[0]):
        package.template("x86_64", changed)


def test_what_the_pages_commands_read_is_in_the_bundle():
    with tarfile.open(fileobj=BytesIO(package.bundle("x86_64", b"", b"", A_TIME))) as archive:
        members = archive.getmembers()
    directory = f"xledger-spend-{package.version()}/"
    names = {each.name.removeprefix(directory) for each in members}
    assert {f"events/{path.name}" for path in (REPOSITORY / "events").iterdir()} <= names
    assert {f"infra/{path.name}" for path in (REPOSITORY / "infra").glob("*.json")} <= names
    assert {"template.yaml", "function.zip", "docs/setup.md", "LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.txt"} <= names
    assert all(each.name.startswith(directory) and each.isfile() and each.mtime == A_TIME for each in members)


def test_the_function_can_be_started_and_archives_are_the_same_each_time():
    made = package.function_zip(b"a program", A_TIME)
    with zipfile.ZipFile(BytesIO(made)) as archive:
        [entry] = archive.infolist()
    assert (entry.filename, entry.external_attr >> 16, entry.date_time) == ("bootstrap", 0o100755, (2023, 11, 14, 22, 13, 20))
    assert made == package.function_zip(b"a program", A_TIME)
    assert package.bundle("arm64", made, b"", A_TIME) == package.bundle("arm64", made, b"", A_TIME)


def test_a_program_that_names_a_folder_or_needs_a_newer_machine_is_refused():
    folder = Path("/home/somebody/clone")
    package.examine(b"GLIBC_2.17 GLIBC_2.28", "lambda", {folder: "/x"})
    with pytest.raises(package.Unable, match="somebody"):
        package.examine(b"GLIBC_2.28 /home/somebody/clone/src/lib.rs", "lambda", {folder: "/x"})
    with pytest.raises(package.Unable, match="newer"):
        package.examine(b"GLIBC_2.29", "lambda", {folder: "/x"})


def test_a_tag_is_the_version_and_has_its_part_of_the_changelog(monkeypatch):
    of = package.version()
    with pytest.raises(package.Unable, match=f"tag v{of}"):
        package.notes("v99.0.0")
    monkeypatch.setattr(package, "changes", lambda _: (None, "### Added"))
    assert package.notes("") == "### Added"
    with pytest.raises(package.Unable, match="CHANGELOG.md has no part"):
        package.notes(f"v{of}")


def test_the_repositorys_metadata_has_the_version_and_files_that_are_there():
    told = load(text(REPOSITORY / "template.yaml"))["Metadata"]["AWS::ServerlessRepo::Application"]
    assert told["SemanticVersion"] == tomllib.loads(text(REPOSITORY / "Cargo.toml"))["workspace"]["package"]["version"]
    assert all((REPOSITORY / told[name]).is_file() for name in ("LicenseUrl", "ReadmeUrl"))
    # Limits of the Serverless Application Repository.
    assert re.fullmatch(r"[a-zA-Z0-9-]{1,140}", told["Name"]) and len(told["Description"]) <= 256 and len(told["Labels"]) <= 10


def test_licences_are_taken_as_the_dependencies_rules_have_them():
    about = tomllib.loads(text(REPOSITORY / "packaging" / "about.toml"))
    deny = tomllib.loads(text(REPOSITORY / "deny.toml"))
    assert sorted(about["accepted"]) == sorted(deny["licenses"]["allow"])
    assert set(about["targets"]) <= set(deny["graph"]["targets"]) and set(about["targets"]) == set(package.TRIPLES.values())


def test_the_workflow_builds_for_each_processor():
    job = yaml.safe_load(text(REPOSITORY / ".github" / "workflows" / "release.yml"))["jobs"]["release"]
    commands = "\n".join(step.get("run", "") for step in job["steps"])
    assert f'ARCHITECTURES="{" ".join(package.TRIPLES)}"' in commands
    assert all(f"--target {triple}" in commands for triple in package.TRIPLES.values())
