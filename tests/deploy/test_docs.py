"""The pages for those who set it up and run it: what they name exists, and their commands are commands. Nothing is deployed."""

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlglot

from cloudformation import load

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
SETUP, OPERATIONS = DOCS / "setup.md", DOCS / "operations.md"
AWS = REPOSITORY / ".tools" / "sam" / "bin" / "aws"


def text(page):
    return page.read_text("utf-8")


def blocks(page, language):
    """The blocks of code in a language, those within lists too."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text(page), re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(indent) for line in block.splitlines()) for indent, block in found]


def each_block(language):
    """The blocks of both pages, each under a name that a failure is found by."""
    for page in (SETUP, OPERATIONS):
        for number, block in enumerate(blocks(page, language), 1):
            yield pytest.param(block, id=f"{page.name}-{number}")


@pytest.fixture(scope="module")
def template():
    return load(text(REPOSITORY / "template.yaml"))


# ------------------------------------------------------------------------------------------------------- names of other files


def test_every_parameter_is_told_with_its_default(template):
    table = text(SETUP).split("### Every parameter")[1].split("\n\n")[1]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]
    told = {name.strip("`"): default for name, default, _ in rows}
    assert list(told) and told.keys() == template["Parameters"].keys()
    for name, parameter in template["Parameters"].items():
        default = str(parameter["Default"])
        assert told[name] == f"`{default}`" if default else told[name].startswith("empty"), name


def test_every_name_is_one_of_the_template_the_metrics_or_amazon(template):
    """Of words in code marks those that look like names of a template, a metric or a right in Xledger."""
    known = {name for part in ("Parameters", "Resources", "Outputs") for name in template[part]}
    known |= set(re.findall(r'metric\(\s*"(\w+)"', text(REPOSITORY / "src" / "metrics.rs")))
    theirs = {"GetSecretValue", "LimitExceeded", "ExpiredToken", "ResourceNotFoundException", "TooManyRequestsException"}
    theirs |= {"UnreservedConcurrentExecution", "PendingConfirmation", "StartDate", "State"}
    theirs |= set(re.findall(r'"(\w+)"', areas_of_rights()))
    for page in (SETUP, OPERATIONS):
        named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)[`=]", text(page)))
        assert named and named <= known | theirs, page.name


def test_every_output_that_is_asked_for_is_put_out(template):
    asked = re.findall(r"OutputKey=='(\w+)'", text(SETUP) + text(OPERATIONS))
    assert asked and set(asked) <= template["Outputs"].keys()


def test_every_alarm_is_told_by_the_name_that_an_e_mail_has(template):
    alarms = {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == "AWS::CloudWatch::Alarm"}
    for name, alarm in alarms.items():
        named = alarm["AlarmName"]["Fn::Sub"].replace("${NamePrefix}", "xledger-spend")
        assert f"| `{name}` | `{named}` |" in text(OPERATIONS), name


def test_every_kind_of_error_is_one_of_the_program():
    kinds = set(re.findall(r'^ +\w+ = "(\w+)",$', text(REPOSITORY / "src" / "failure.rs"), re.MULTILINE))
    pattern = r"`((?:token|secret|catalog|lake|payroll|unasked|xledger|limit|deadline|snapshot|right|event|settings)_[a-z_]+)`"
    named = set(re.findall(pattern, text(SETUP) + text(OPERATIONS)))
    assert len(named) > 10 and named <= kinds | {"xledger_spend"}


def anchors(page):
    """What headings can be linked by, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [SETUP, OPERATIONS], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"\]\(([^)]*)\n *([^)]*)\)", r"](\1\2)", text(page)))
    assert links
    for link in links:
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def areas_of_rights():
    """The headings of Xledger's token page and the rights under each, as they stand in the program."""
    return text(REPOSITORY / "src" / "xledger" / "rights.rs").split("const AREAS")[1].split("];\n")[0]


def test_the_rights_to_tick_are_those_of_the_reference_list():
    """Of the program's own list all but the one that nothing uses, each under its heading."""
    under = {}
    for word in re.findall(r'"([A-Za-z ]+)"', areas_of_rights()):
        if word in ("Accounts Payable", "Common", "General Ledger"):
            area = word
        else:
            under[word] = area
    wanted = set(under.items()) - {("RecentTransaction", "General Ledger")}
    assert len(wanted) == 16
    table = text(SETUP).split("| area | read access |\n|---|---|\n")[1].split("\n\n")[0]
    rows = [row.strip("|").split("|") for row in table.splitlines()]
    assert {(name, area.strip()) for area, names in rows for name in re.findall(r"`(\w+)`", names)} == wanted


# ------------------------------------------------------------------------------------------------------------------ commands


@pytest.mark.parametrize("block", [*each_block("sh")])
def test_shell_commands_are_shell(block):
    done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", [*each_block("sql")])
def test_queries_are_in_the_words_of_athena(block):
    statements = [statement for statement in re.split(r"\n\n", block) if statement.strip()]
    assert statements and all(sqlglot.parse_one(statement, read="athena") for statement in statements)


@pytest.fixture(scope="module")
def nobody():
    """A server that refuses whatever it is asked, and the times at which it was. The CLI comes to it with what it finds right alone."""
    asked = []

    class Refusing(http.server.BaseHTTPRequestHandler):
        def refuse(self):
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(400)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = refuse

        def do_OPTIONS(self):
            """How often it was asked."""
            self.send_response(200)
            self.end_headers()
            self.wfile.write(str(len(asked)).encode())

        def log_message(self, *_):
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


AWS_STAND_IN = """#!{python}
import subprocess, sys, urllib.request

def asked():
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
    return direct.open(urllib.request.Request("{nobody}", method="OPTIONS")).read()

before = asked()
done = subprocess.run(["{aws}", *sys.argv[1:], "--endpoint-url", "{nobody}"], stdout=subprocess.DEVNULL)
if asked() == before:
    sys.exit(done.returncode or 1)
given = " ".join(sys.argv)
print(next(answer for words, answer in {answers} if words in given))
"""
"""The real one. All is well once its arguments were good enough to ask a service; then it answers what the next command can use."""
SCHEDULE = {"Name": "a-name", "Arn": "an-arn", "ScheduleExpression": "rate(3 days)", "FlexibleTimeWindow": {"Mode": "OFF"}}
SCHEDULE["Target"] = {"Arn": "an-arn", "RoleArn": "arn:aws:iam::123456789012:role/a-role"}
ANSWERS = [("LakeUrl", "s3://a-bucket/lake"), ("--output text", "a-word"), ("get-schedule", json.dumps(SCHEDULE)), ("", "{}")]


@pytest.fixture
def workbench(tmp_path, nobody):
    """A copy of what commands read, and stand-ins for the programs that would change something."""
    for directory in ("events", "infra"):
        shutil.copytree(REPOSITORY / directory, tmp_path / directory)
    (tmp_path / "company-ca.pem").write_text("-----BEGIN CERTIFICATE-----\n", "utf-8")
    (tmp_path / "answer.json").write_text('{"table": ["ready"]}', "utf-8")
    aws = AWS_STAND_IN.format(python=sys.executable, nobody=nobody, aws=AWS, answers=ANSWERS)
    for name, text in {"aws": aws, "sam": NOTHING, "sleep": NOTHING, "pass": "#!/bin/sh\necho a-token\n"}.items():
        stand_in(tmp_path, name, text)
    return tmp_path


NOTHING = "#!/bin/sh\n"


def stand_in(workbench, name, text):
    (workbench / "programs").mkdir(exist_ok=True)
    program = workbench / "programs" / name
    program.write_text(text, "utf-8")
    program.chmod(0o755)


def in_shell(block, workbench, **variables):
    environment = {
        "PATH": f"{workbench / 'programs'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(workbench),
        "NO_PROXY": "127.0.0.1",
        "AWS_REGION": "eu-north-1",
        "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        # Set by a block before the one that uses it.
        "QUEUE": "https://sqs.eu-north-1.amazonaws.com/123456789012/xledger-spend-undelivered",
        "BUCKET": "a-bucket",
    }
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", block],
        cwd=workbench,
        env=environment | variables,
        input="a-token\n",
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def harmless(block):
    """Blocks that use the AWS CLI and install nothing."""
    return re.search(r"\baws ", block) and not re.search(r"\b(sudo|pip|curl|git)\b", block)


@pytest.mark.parametrize("block", [each for each in each_block("sh") if harmless(each.values[0])])
def test_the_aws_cli_takes_every_command(block, workbench):
    """Each command and option is known to it, and each value of the right kind."""
    assert AWS.is_file(), f"{AWS} is missing: run `make tools`"
    done = in_shell(block, workbench)
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    assert not re.search(r"usage:|command not found|Traceback|Unknown options|validation failed", done.stderr), done.stderr


def test_a_command_that_is_none_is_found(workbench):
    """So that nothing found means something."""
    assert in_shell("aws sqs purge-queue --queue-url $QUEUE", workbench).returncode == 0
    for wrong in ("aws lambda invoke --functions xledger answer.json", "aws scheduler read-schedule --name x", "aws sqs purge-queue"):
        assert in_shell(wrong, workbench).returncode != 0, wrong


@pytest.mark.parametrize("policy", ["deployer", "reader"])
def test_the_policies_are_filled_in_by_the_commands(policy, workbench):
    """With an `aws` that knows its account, no placeholder is left."""
    stand_in(workbench, "aws", "#!/bin/sh\necho 210987654321\n")
    [block] = [block for page in (SETUP, OPERATIONS) for block in blocks(page, "sh") if f"> {policy}.json" in block]
    done = in_shell(block, workbench, AWS_REGION="eu-west-1")
    assert done.returncode == 0, done.stderr
    filled = (workbench / f"{policy}.json").read_text("utf-8")
    json.loads(filled)
    assert "210987654321" in filled and "eu-west-1" in filled
    assert not re.search(r"123456789012|eu-north-1|BUCKET", filled)
    assert len(re.sub(r"\s", "", filled)) <= 6_144, "more than IAM takes for a policy"
