"""The pages: what they name exists, and their commands are commands. Nothing is deployed, and no program of ours is needed.

`test_desk.py` has what the pages say of the programs that are built here.
"""

import fnmatch
import http.server
import json
import re
import subprocess
import threading
import tomllib

import pytest
import sqlglot

from cloudformation import load
from pages import (
    AWS,
    DOCS,
    INFRA,
    OPERATIONS,
    PAGES,
    README,
    REPOSITORY,
    SETTINGS,
    SETUP,
    Workbench,
    blocks,
    each_block,
    each_command,
    fenced,
    files,
    name,
    of_make,
    of_sam_cli,
    spans,
    text,
)

ARCHITECTURE, SECURITY = REPOSITORY / "ARCHITECTURE.md", REPOSITORY / "SECURITY.md"
FOR_USERS = [*sorted(DOCS.glob("*.md")), INFRA, INFRA.parent / "first-hour.md"]
"""The pages for those who set up, operate and query."""


def source(file):
    """A file of the library, in whatever room it is."""
    [path] = [REPOSITORY / each for each in files() if each.startswith("src/") and each.endswith(f"/{file}")]
    return path


@pytest.fixture(scope="module")
def template():
    return load(text(REPOSITORY / "template.yaml"))


# --------------------------------------------------------------------------------------------------------------------- sizes

LIMITS = {"README.md": 8_000, "ARCHITECTURE.md": 10_000, "DESIGN.md": 15_000, "docs": 70_000}
"""Bytes of a page, or of all pages below a directory: a page that grows without end is one that nobody reads."""


@pytest.mark.parametrize(("path", "limit"), LIMITS.items())
def test_a_page_is_no_longer_than_somebody_reads(path, limit):
    pages = [page for page in PAGES if name(page) == path or name(page).startswith(f"{path}/")]
    assert 0 < sum(len(text(page).encode()) for page in pages) <= limit


# ------------------------------------------------------------------------------------------------------- names of other files


def rows(page, columns):
    """The rows of those tables of a page that have so many columns, as what stands in each cell."""
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in text(page).splitlines() if line.startswith("| `")]
    return [row for row in found if len(row) == columns]


def test_every_parameter_is_told_with_its_default(template):
    told = [(parameter, default) for _, parameter, default, _ in rows(SETTINGS, 4) if parameter]
    told += [(parameter, default) for parameter, default, _ in rows(SETTINGS, 3)]
    told = {name.strip("`"): default for name, default in told}
    assert list(told) and told.keys() == template["Parameters"].keys()
    for name, parameter in template["Parameters"].items():
        default = str(parameter["Default"])
        assert told[name] == f"`{default}`" if default else told[name].startswith("empty"), name


def test_every_setting_is_told_with_its_default():
    names = re.findall(r'^ +\w+ = "(\w+)": "(.*)";$', text(REPOSITORY / "src" / "settings.rs"), re.MULTILINE)
    told = {setting.strip("`"): default for setting, _, default, _ in reversed(rows(SETTINGS, 4))}
    assert len(names) > 20 and told.keys() == {name for name, _ in names}
    for name, meaning in names:
        default = re.search(r"\[default: (.*)\]", meaning)
        literal = default and default[1] not in ("none", "by the chart of each account", "the lake")
        assert told[name] == f"`{default[1]}`" if literal else told[name].startswith("empty"), name


def test_every_parameter_stands_beside_the_setting_that_it_gives(template):
    variables = template["Resources"]["RefreshFunction"]["Properties"]["Environment"]["Variables"]
    for setting, parameter, _, _ in rows(SETTINGS, 4):
        given = json.dumps(variables.get(setting.strip("`"), ""))
        named = parameter.strip("`")
        assert not named or f'{{"Ref": "{named}"}}' in given, parameter


def test_every_name_is_one_of_the_template_the_metrics_or_amazon(template):
    """Of words in code marks those that look like names of a template, a metric or a right in Xledger."""
    known = {name for part in ("Parameters", "Resources", "Outputs") for name in template[part]}
    known |= set(re.findall(r'metric\(\s*"(\w+)"', text(source("metrics.rs"))))
    theirs = {"GetSecretValue", "LimitExceeded", "ExpiredToken", "ResourceNotFoundException", "TooManyRequestsException"}
    theirs |= {"EarlyValidation", "UnreservedConcurrentExecution", "PendingConfirmation", "State"}
    theirs |= set(areas_of_rights())
    for page in (SETUP, OPERATIONS, SETTINGS, INFRA, DOCS / "costs.md"):
        named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)[`=]", text(page)))
        assert named and named <= known | theirs, page.name


def test_what_the_first_hour_reports_holds_no_data():
    """It is handed on. No command shows what a query found, an answer of the function, or a number of an account."""
    page = INFRA.parent / "first-hour.md"
    code = "\n".join(blocks(page, "sh"))
    assert not re.search(r"get-query-results|answer\.json|get-secret-value|aws s3 |filter-log-events|lambda invoke", code)
    for command in re.split(r"\n(?! )", code.replace("\\\n", "")):
        if "ResourceStatusReason" in command or "StateChangeReason" in command:
            assert "s/[0-9]{12}/ACCOUNT/g" in command
    assert len(re.findall(r"^## \d\.", text(page), re.MULTILINE)) == len(re.findall(r"\*\*Report\*\*", text(page))) == 6


def test_every_service_that_the_function_calls_has_its_endpoint_told():
    """What the log and the KMS keys take does not go through the VPC."""
    clients = set(re.findall(r"^aws-sdk-(\w+)", text(REPOSITORY / "Cargo.toml"), re.MULTILINE))
    told = set(re.findall(r"`com\.amazonaws\.REGION\.(\w+)`", text(INFRA).split("## VPC\n")[1].split("\n##")[0]))
    assert clients and told == clients


def test_no_cron_expression_is_one_that_daylight_saving_skips(template):
    shown = "".join(map(text, PAGES)) + json.dumps(template["Parameters"])
    hours = re.findall(r"cron\(\S+ (\S+)", shown)
    assert hours and "2" not in hours


def test_the_page_has_a_way_out_of_each_state_that_a_failed_deployment_leaves():
    for state in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
        assert "delete-stack" in next(line for line in text(SETUP).splitlines() if f"`{state}`" in line)
    assert "continue-update-rollback" in next(line for line in text(SETUP).splitlines() if "`UPDATE_ROLLBACK_FAILED`" in line)


def test_a_message_is_sent_once_the_e_mail_is_confirmed():
    step = text(SETUP).split("## 6. Confirm the alarm e-mail\n")[1].split("\n## ")[0]
    assert "set-alarm-state --alarm-name xledger-spend-no-success --state-value ALARM" in step


def test_the_page_has_what_lake_formation_says():
    """No emulator here says it."""
    chapter = text(INFRA).split("### Lake Formation\n")[1].split("\n##")[0]
    for said in ("Required Create Database on Catalog", "Insufficient Lake Formation permission(s)", "catalog_denied", "CREATE_DATABASE", "SELECT DESCRIBE"):
        assert said in chapter


def test_every_output_that_is_asked_for_is_put_out(template):
    asked = re.findall(r"OutputKey=='(\w+)'", "".join(map(text, FOR_USERS)))
    assert asked and set(asked) <= template["Outputs"].keys()


def test_every_alarm_is_told_by_the_name_that_an_e_mail_has(template):
    alarms = {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == "AWS::CloudWatch::Alarm"}
    for name, alarm in alarms.items():
        named = alarm["AlarmName"]["Fn::Sub"].replace("${NamePrefix}", "xledger-spend")
        assert f"\n### {name}: `{named}`\n" in text(OPERATIONS), name


def test_every_kind_of_error_is_one_of_the_program():
    kinds = set(re.findall(r'^ +\w+ = "(\w+)",$', text(source("model/failure.rs")), re.MULTILINE))
    pattern = r"`((?:token|secret|catalog|lake|payroll|unasked|xledger|limit|deadline|snapshot|right|event|settings)_[a-z_]+)`"
    named = set(re.findall(pattern, "".join(map(text, FOR_USERS))))
    fields = {"deadline_seconds", "lake_kms_key_arn", "snapshot_before", "snapshots_removed"}
    assert len(named) > 10 and named <= kinds | fields | {"xledger_spend"}


def test_every_kind_of_error_is_on_its_page():
    kinds = re.findall(r'^ +\w+ = "(\w+)",$', text(source("model/failure.rs")), re.MULTILINE)
    assert len(kinds) > 30 and sorted(cause[0].strip("`") for cause in rows(DOCS / "errors.md", 3)) == sorted(kinds)


def anchors(page):
    """What headings can be linked by, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"\]\(([^)]*)\n *([^)]*)\)", r"](\1\2)", text(page)))
    assert links or page not in (README, SETUP, OPERATIONS)
    for link in links:
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def areas_of_rights():
    """The rights of Xledger's token page and the heading of each, as they stand in the program."""
    areas = text(REPOSITORY / "src" / "xledger" / "rights.rs").split("const AREAS")[1].split("];\n")[0]
    headings_and_rights = re.findall(r'"([A-Za-z ]+)"', areas)
    return {right: area for area, rights in zip(headings_and_rights[::2], headings_and_rights[1::2], strict=True) for right in rights.split()}


def test_the_rights_to_tick_are_those_of_the_reference_list():
    """Of the program's own list all but the one that nothing uses, each under its heading."""
    wanted = set(areas_of_rights().items()) - {("RecentTransaction", "General Ledger")}
    assert len(wanted) == 16
    table = text(SETUP).split("| area | read access |\n|---|---|\n")[1].split("\n\n")[0]
    rows = [row.strip("|").split("|") for row in table.splitlines()]
    assert {(name, area.strip()) for area, names in rows for name in re.findall(r"`(\w+)`", names)} == wanted


# ----------------------------------------------------------------------------------------------- names of files and of tests

SOURCES = (".rs", ".py", ".graphql", ".sql", ".toml", ".java", ".json", ".yaml", ".sh", ".lock", ".pem", ".txt", ".md")
"""Ends of names by which a span names a file of the repository."""
LEFT_BY_RUNS = {
    *("CURRENT.json", "_manifest.json", "cache.json", "lease.json", "schema.json", "answer.json", "refresh.json", "my.toml"),
    *("deployer-deploy.json", "reader.json", "readers-only.json", "probe.json", "company-ca.pem", "bundle.pem"),
}
"""Files that are none of the repository: a run makes them, or who follows a page does."""


def is_there(pattern, known):
    """Whether a path is one of the repository's, or the end of one, as pages write them that are about one part of it."""
    return any(fnmatch.fnmatch(file, pattern) or fnmatch.fnmatch(file, f"*/{pattern}") for file in known)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_that_is_named_is_there(page):
    known = files()
    named = {span for span in spans(page) if re.fullmatch(r"[\w./*-]+", span) and span.endswith(SOURCES) and not span.startswith(".")}
    missing = {span for span in named if span.rpartition("/")[2] not in LEFT_BY_RUNS and not is_there(span, known)}
    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_name_in_snake_case_is_one_of_the_sources(page):
    """Names of tests among them. A name of one word or two may be any word."""
    known = set(re.findall(r"\w+", sources()))
    named = {span for span in spans(page) if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+){2,}", span)}
    assert named <= known


def sources(*below):
    """All code and what is written for it, or what lies in some directories."""
    parts = [file for file in files() if file.startswith(below or ("src/", "tests/", "crates/", "bench/", "fuzz/", "Cargo.toml"))]
    return "\n".join((REPOSITORY / file).read_text("utf-8", errors="replace") for file in parts if not file.endswith(".md"))


def test_every_test_that_holds_something_is_one():
    """Where a page says what is held by which test: the names there are those of functions."""
    invariants = text(ARCHITECTURE).split("## Invariants\n")[1].split("\n## ")[0]
    payroll = text(SECURITY).split("## How payroll is kept out\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+){2,})`", invariants + payroll))
    assert len(named) > 20
    assert named <= set(re.findall(r"\b(?:fn|def) (\w+)\(", sources()))


def test_library_and_simulator_do_not_build_on_each_other():
    """The library has the simulator for its tests alone."""
    packages = {package["name"]: package["dependencies"] for package in workspace()}
    on = lambda package, other: {each["kind"] for each in packages[package] if each["name"] == other}
    assert on("xledger-spend", "xledger-sim") == {"dev"} and on("xledger-sim", "xledger-spend") == set()


def workspace():
    """The packages of the workspace, with their targets, as cargo knows them."""
    command = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    return json.loads(subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout)["packages"]


# ------------------------------------------------------------------------------------------------------------------ commands


def named(cases):
    return [pytest.param(*rest, id=identifier) for _, identifier, *rest in cases]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_are_in_blocks_of_sh(page):
    """The others are data, answers or code: no command is in a block that the tests below pass by."""
    languages = {language for language, _ in fenced(page)}
    assert languages <= {"", "sh", "sql", "yaml", "toml", "rust", "python"}
    for block in blocks(page, ""):
        assert not re.search(r"^(\$ |aws |sam |cargo |make |xledger-(spend|sim) )", block, re.MULTILINE), block


@pytest.mark.parametrize("block", named(each_block("sh")))
def test_shell_commands_are_shell(block):
    done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("block", "dialect"),
    [pytest.param(block, "duckdb" if "read_parquet" in block else "athena", id=identifier) for page, identifier, block in each_block("sql")],
)
def test_queries_are_in_the_words_of_athena_or_duckdb(block, dialect):
    statements = [statement for statement in re.split(r"\n\n", block) if statement.strip()]
    assert statements and all(sqlglot.parse_one(statement, read=dialect) for statement in statements)


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


AWS_STAND_IN = """
import subprocess, urllib.request

def asked():
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
    return direct.open(urllib.request.Request("{nobody}", method="OPTIONS")).read()

before = asked()
# By a variable as well, for `cloudformation package` takes no notice of the option.
environment = os.environ | {{"AWS_ENDPOINT_URL": "{nobody}"}}
done = subprocess.run(["{aws}", *sys.argv[1:], "--endpoint-url", "{nobody}"], stdout=subprocess.DEVNULL, env=environment)
if asked() == before:
    sys.exit(done.returncode or 1)
if sys.argv[1:3] == ["lambda", "invoke"]:
    words = ["lambda invoke", os.environ.get("AWS_MAX_ATTEMPTS"), *sys.argv[3:]]
    with open("{log}", "a") as log:
        log.write(json.dumps(words) + "\\n")
given = " ".join(sys.argv)
print(next(answer for words, answer in {answers} if words in given))
"""
"""The real one. All is well once its arguments were good enough to ask a service; then it answers what the next command can use."""
ANSWERS = [
    ("LakeUrl", "s3://a-bucket/lake"),
    ("LogResult", "YSBsb2cK"),
    ("--output text", "a-word"),
    ("", "{}"),
]


@pytest.fixture
def workbench(tmp_path, nobody):
    """Where the AWS CLI is the real one, but for what it would ask and change."""
    assert AWS.is_file(), f"{AWS} is missing: run `make tools`"
    workbench = Workbench(tmp_path)
    workbench.stand_in("aws", AWS_STAND_IN.format(nobody=nobody, aws=AWS, answers=ANSWERS, log=workbench.asked))
    return workbench


@pytest.mark.parametrize("event", sorted(path.name for path in (REPOSITORY / "events").glob("*.json")))
def test_the_page_shows_how_each_event_is_sent(event, workbench):
    """By its function `invoke`, which is shown with one of them; each is linked where the page says what they do."""
    [block] = [block for block in blocks(OPERATIONS, "sh") if "invoke() {" in block]
    called = workbench.run(block.replace("invoke refresh.json", f"invoke {event}"))
    assert called.status == 0 and faults(called) == [], called.said
    [(_, *words)] = called.of("lambda invoke")
    assert f"fileb://events/{event}" in words
    assert f"](../events/{event})" in text(OPERATIONS)


UNKNOWN = re.compile(r"usage:|command not found|No such file|Traceback|Unknown options|validation failed|invalid choice")


@pytest.mark.parametrize("block", named(each_block("sh")))
def test_every_block_runs_to_its_end(block, workbench):
    """The AWS CLI knows each command and option, and finds each value of the right kind; other programs are called as they can be."""
    called = workbench.run(block)
    assert called.status == 0 and not UNKNOWN.search(called.said), called.said
    assert faults(called) == []


# What the pinned AWS CLI 1 cannot say anything of: one asks questions, the others are of version 2, and the page says so.
BEYOND_CLI_1 = {"aws configure", "aws configure sso", "aws sso login"}


@pytest.mark.parametrize("command", named(each_command()))
def test_every_command_in_a_sentence_is_one(command, workbench):
    if command in BEYOND_CLI_1:
        return
    called = workbench.run(command)
    assert faults(called) == []
    if " --" not in command and "the following arguments are required" in called.said:
        # Named, and not to be typed as it stands.
        return
    assert called.status == 0 and not UNKNOWN.search(called.said), called.said


def faults(called):
    """What is wrong with how programs were called."""
    found = [f"sam {words}: {fault}" for words in called.of("sam") if (fault := of_sam_cli(*words))]
    found += [fault for words in called.of("cargo") if (fault := of_cargo(words))]
    found += [fault for words in called.of("make") if (fault := of_make(words))]
    found += [fault for words in called.of("lambda invoke") if (fault := of_invocation(*words))]
    paths = [word for words in called.of("pip") for before, word in zip(words, words[1:]) if before == "--requirement"]
    paths += [word for words in called.of(".tools/venv/bin/pytest") for word in words if not word.startswith("-")]
    return found + [f"{path} is not there" for path in paths if not (REPOSITORY / path).exists()]


def of_cargo(words):
    """Cargo's own parser, and names of packages and targets by its own account."""
    aliases = tomllib.loads(text(REPOSITORY / ".cargo" / "config.toml"))["alias"]
    words = aliases[words[0]].split() + words[1:] if words[0] in aliases else words
    own = words[: words.index("--")] if "--" in words else words
    done = subprocess.run(["cargo", *own, "-h"], cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode:
        return f"cargo {words}: {done.stderr}"
    packages = {package["name"]: package["targets"] for package in workspace()}
    targets = {(kind, target["name"]) for each in packages.values() for target in each for kind in target["kind"]}
    for option, name in zip(own, own[1:]):
        if option in ("-p", "--package") and name not in packages:
            return f"cargo {words}: no package {name}"
        if option in ("--test", "--bench", "--bin") and (option[2:], name) not in targets:
            return f"cargo {words}: no target {name}"
        if option == "--path" and not (REPOSITORY / name / "Cargo.toml").is_file():
            return f"cargo {words}: no package in {name}"
    filters = own[own.index("--lib") + 1 :] if own[0] == "test" and "--lib" in own else []
    return next((f"cargo {words}: no test is called {each}" for each in filters if each.split("::")[0] not in sources("src/")), None)


def of_invocation(attempts, *words):
    """An invocation is sent once and waited for, and its event is read alike by both versions of the AWS CLI."""
    options = dict(zip(words, words[1:]))
    waits = options.get("--invocation-type") == "Event" or int(options.get("--cli-read-timeout", 60)) >= 900
    event = options.get("--payload", "")
    if not waits or attempts != "1" or not event.startswith("fileb://") or not (REPOSITORY / event.removeprefix("fileb://")).is_file():
        return f"aws lambda invoke {words}, AWS_MAX_ATTEMPTS={attempts}"
    return None


@pytest.mark.parametrize(
    "wrong",
    [
        "aws lambda invoke --functions xledger answer.json",
        "aws lambda invoke --function-name x --cli-binary-format raw-in-base64-out answer.json",
        "aws lambda invoke --function-name x --payload fileb://events/refresh.json --cli-read-timeout 910 answer.json",
        "AWS_MAX_ATTEMPTS=1 aws lambda invoke --function-name x --payload fileb://events/refresh.json answer.json",
        "AWS_MAX_ATTEMPTS=1 aws lambda invoke --function-name x --payload '{}' --cli-read-timeout 910 answer.json",
        "AWS_MAX_ATTEMPTS=1 aws lambda invoke --function-name x --payload fileb://events/none.json --cli-read-timeout 910 answer.json",
        "aws scheduler read-schedule --name x",
        "aws sqs purge-queue",
        "cargo test -p xledger-spent",
        "cargo test --test its",
        "cargo run --nonsense",
        "cargo test -p xledger-spend --lib no_such_module",
        "make tests",
        "make test PYTHONS=python3",
        "sam deploy --stack x",
        "sam deploys",
        ".tools/venv/bin/pytest tests/deploys",
        "pip install --requirement tests/tools/requirements-same.txt",
        "cat infra/no-such-policy.json",
        "no-such-program",
    ],
)
def test_a_command_that_is_none_is_found(wrong, workbench):
    """So that nothing found means something."""
    called = workbench.run(wrong)
    assert called.status != 0 or UNKNOWN.search(called.said) or faults(called), called


def test_a_command_that_is_one_is_not_found_wrong(workbench):
    called = workbench.run("aws sqs purge-queue --queue-url $QUEUE; cargo test -p xledger-sim; make lint; sam build")
    assert called.status == 0 and faults(called) == []
    assert [len(called.of(program)) for program in ("cargo", "make", "sam")] == [1, 1, 1]


POLICIES = [(identifier, block) for _, identifier, block in each_block("sh") if "-policy" in block and re.search(r"infra/\S+\.json > ", block)]


@pytest.mark.parametrize("block", [block for _, block in POLICIES], ids=[identifier for identifier, _ in POLICIES])
def test_the_policies_are_filled_in_by_the_commands(block, workbench):
    """With an `aws` that knows its account, no placeholder is left but what only the user knows."""
    workbench.stand_in("aws", "print(210987654321)")
    called = workbench.run(block, AWS_REGION="eu-west-1")
    assert called.status == 0, called.said
    for policy, file in re.findall(r"(infra/\S+\.json) > (\S+)", block):
        filled, given = (workbench.directory / file).read_text("utf-8"), text(REPOSITORY / policy)
        json.loads(filled)
        assert [("210987654321" in filled), ("eu-west-1" in filled)] == [("123456789012" in given), ("eu-north-1" in given)]
        assert not re.search(r"123456789012|eu-north-1|BUCKET|READERS|DEPLOYER|KEY", filled)


def test_each_policy_is_filled_in_by_some_command():
    used = {policy for _, block in POLICIES for policy in re.findall(r"infra/\S+\.json", block)}
    assert used == {file for file in files() if re.fullmatch(r"infra/[^/]*policy[^/]*\.json", file)}
