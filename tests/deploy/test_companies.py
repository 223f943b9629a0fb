"""Many companies by one file: three stacks in one account, one of them broken, and the views over all."""

import json
import os
import tarfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from io import BytesIO

import pytest

import cloud
from pages import REPOSITORY
from policies import DEPLOYER
from stack import Stack
from test_policies import policy_of_all
from test_release import A_TIME, package
from xledger import Order, xledger as run_xledger

PROGRAM = os.path.join(os.environ.get("XLEDGER_BIN_DIR") or REPOSITORY / "target" / "debug", "xledger-spend")
ACCOUNT = "000000000000"
LIMIT_S = 600
DONE = {"error": None}
COMPANIES = {"spend-fjord": "Fjord's", "spend-gran": "spend-gran", "spend-holm": "Holm"}


def file(companies, **all_of_them):
    """A file with some of the companies."""
    lines = [f'account = "{ACCOUNT}"', f'region = "{cloud.REGION}"', "[all]"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in all_of_them.items()]
    for prefix, parameters in companies.items():
        lines += ["[[company]]", f'prefix = "{prefix}"']
        if (source := COMPANIES.get(prefix, prefix)) != prefix:
            lines.append(f'source = "{source}"')
        lines += [f"{name} = {json.dumps(value)}" for name, value in parameters.items()]
    return "\n".join([*lines, "[views]", 'prefix = "spend-all"', ""])


class Consultant:
    """Somebody with a release, an account and the file of companies."""

    def __init__(self, account, directory):
        self.account = account
        self.directory = directory

    def says(self, content):
        (self.directory / "companies.toml").write_text(content, "utf-8")

    def run(self, action, *flags):
        return self.account.run(f"{PROGRAM} companies {action} {' '.join(flags)}", directory=self.directory, limit_s=LIMIT_S)

    def rows(self, action):
        """What is told of each company, and the exit status."""
        done = self.run(action, "--json")
        assert done.stdout, done
        return {row.pop("company"): row for row in json.loads(done.stdout)["companies"]}, done.status

    def stack(self, prefix):
        return Stack(self.account, {}, prefix)

    def state(self):
        """All that a deployment could change, of every stack."""
        stacks = self.account.client("cloudformation").describe_stacks()["Stacks"]
        views = self.account.client("glue").get_tables(DatabaseName="spend_all")["TableList"]
        return [(each["StackName"], each["StackStatus"], each.get("LastUpdatedTime"), each["Parameters"]) for each in stacks], views


@pytest.fixture(scope="module")
def release(built, tmp_path_factory):
    """A directory as it is after a release was unpacked."""
    bootstrap = (REPOSITORY / ".aws-sam" / "build" / "RefreshFunction" / "bootstrap").read_bytes()
    bundle = package.bundle("x86_64", package.function_zip(bootstrap, A_TIME), b"their terms\n", A_TIME)
    into = tmp_path_factory.mktemp("release")
    with tarfile.open(fileobj=BytesIO(bundle)) as archive:
        archive.extractall(into, filter="data")
    [directory] = into.iterdir()
    return directory


@pytest.fixture(scope="module")
def consultant(release, tmp_path_factory):
    """In an account in which a database of the third company's name was left by something else."""
    with cloud.account(tmp_path_factory.mktemp("many") / "account") as account:
        account.client("glue").create_database(DatabaseInput={"Name": "spend_holm"})
        yield Consultant(account, release)


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    """An Xledger for each company."""
    orders = {"spend-fjord": Order(900, 7), "spend-gran": Order(700, 8), "spend-holm": Order(500, 9)}
    with run_xledger(orders["spend-fjord"], tmp_path_factory.mktemp("fjord")) as fjord:
        with run_xledger(orders["spend-gran"], tmp_path_factory.mktemp("gran")) as gran:
            with run_xledger(orders["spend-holm"], tmp_path_factory.mktemp("holm")) as holm:
                yield dict(zip(orders, (fjord, gran, holm)))


@pytest.fixture(scope="module")
def companies(ledgers):
    parameters = {prefix: {"XledgerEndpoint": ledger.endpoint} for prefix, ledger in ledgers.items()}
    parameters["spend-gran"]["HistoryFrom"] = "2025-01"
    return parameters


COMMON = {"CreateDashboard": "no", "ScheduleState": "DISABLED", "SnapshotsKept": 7}


def test_one_that_fails_keeps_no_other_from_its_turn_and_is_named_at_the_end(consultant, companies):
    consultant.says(file(companies, **COMMON))
    done = consultant.run("deploy")
    assert done.status == 1, done
    assert "spend-fjord: created\n" in done.stderr and "spend-gran: created\n" in done.stderr
    last = done.stdout.partition("\nFailed: 1 of 4\n")[2]
    assert "  spend-holm\n" in last and "GlueDatabase: " in last, done
    made = consultant.stack("spend-gran")
    variables = consultant.account.client("lambda").get_function_configuration(FunctionName="spend-gran")["Environment"]["Variables"]
    assert (variables["SPEND_HISTORY_FROM"], variables["SPEND_SNAPSHOTS_KEPT"]) == ("2025-01", "7")
    assert "Dashboard" not in made.resources and "RefreshFunction" in made.resources


def test_once_it_is_mended_the_same_command_makes_it_and_leaves_the_others(consultant):
    consultant.account.client("glue").delete_database(Name="spend_holm")
    rows, status = consultant.rows("deploy")
    assert {prefix: row["stack"] for prefix, row in rows.items()} == {
        "spend-fjord": "unchanged",
        "spend-gran": "unchanged",
        "spend-holm": "created",
        "spend-all": "unchanged, views over 0 of 3",
    }
    assert status == 0


def test_a_token_that_is_refused_is_named_by_the_check(consultant, ledgers):
    for prefix, ledger in ledgers.items():
        consultant.stack(prefix).put_token("0123456789abcdef0123456789abcdef" if prefix == "spend-holm" else ledger.token)
    rows, status = consultant.rows("check")
    assert status == 1
    assert rows["spend-fjord"]["verdict"].startswith("Ready") and rows["spend-gran"]["answer"]["ready"] is True
    assert rows["spend-holm"]["error"].startswith("token_refused: ")
    said = consultant.run("check")
    assert said.stdout.endswith("\n") and "\nFailed: 1 of 3\n  spend-holm\n    token_refused: " in said.stdout


def test_the_views_have_the_rows_of_all_under_their_sources(consultant, ledgers):
    consultant.stack("spend-holm").put_token(ledgers["spend-holm"].token)
    for prefix in ledgers:
        consultant.stack(prefix).refresh()
    rows, status = consultant.rows("deploy")
    assert (status, rows["spend-all"]["stack"]) == (0, "changed, views over 3 of 3")
    expected = set()
    for prefix, ledger in ledgers.items():
        for line in ledger.spend():
            if prefix != "spend-gran" or line["year"] >= 2025:
                expected.add((COMPANIES[prefix], str(line["line_id"]), line["supplier_name"], str(line["year"]), f"{line['amount']:.4f}"))
    columns = ("source", "line_id", "supplier_name", "year", "amount")
    found = consultant.stack("spend-all").query(f"SELECT {', '.join(columns)} FROM spend")
    assert {tuple(row[name] for name in columns) for row in found} == expected and len(found) == len(expected)
    assert len({source for source, *_ in expected}) == 3
    runs = consultant.stack("spend-all").query("SELECT source, count(*) AS runs FROM runs WHERE status = 'succeeded' GROUP BY source")
    assert {row["source"]: row["runs"] for row in runs} == dict.fromkeys(COMPANIES.values(), "1")
    of_one = consultant.stack("spend-all").query("SELECT count(*) AS suppliers FROM spend_all.supplier AS s WHERE source = 'Fjord''s'")
    assert of_one == [{"suppliers": str(len(ledgers["spend-fjord"].supplier()))}]


def test_a_second_time_nothing_is_changed(consultant):
    before = consultant.state()
    done = consultant.run("deploy")
    assert done.status == 0, done
    assert done.stdout.count("unchanged") == 4 and "Failed" not in done.stdout
    assert consultant.state() == before


def test_the_list_shows_stacks_runs_and_rows(consultant, ledgers):
    rows, status = consultant.rows("list")
    assert status == 0
    assert {row["last_run"] for row in rows.values()} == {"succeeded"}
    assert {row["stack"] for row in rows.values()} <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    assert rows["spend-fjord"]["spend_rows"] == len(ledgers["spend-fjord"].spend())
    assert rows["spend-holm"]["suppliers"] == len(ledgers["spend-holm"].supplier())
    assert " succeeded " in consultant.run("list").stdout


def test_a_table_of_an_older_version_breaks_no_view(consultant):
    """Its columns that came later are null."""
    glue = consultant.account.client("glue")
    table = glue.get_table(DatabaseName="spend_gran", Name="spend")["Table"]
    kept = ("Name", "TableType", "Parameters", "StorageDescriptor", "PartitionKeys")
    older = {field: table[field] for field in kept}
    older["StorageDescriptor"] = older["StorageDescriptor"] | {
        "Columns": [column for column in older["StorageDescriptor"]["Columns"] if column["Name"] != "supplier_key"]
    }
    glue.update_table(DatabaseName="spend_gran", TableInput=older)
    rows, status = consultant.rows("deploy")
    assert (status, rows["spend-all"]["stack"]) == (0, "changed, views over 3 of 3")
    found = consultant.stack("spend-all").query("SELECT source, count(*) AS lines, count(supplier_key) AS keys FROM spend GROUP BY source")
    keys = {row["source"]: int(row["keys"]) for row in found}
    assert keys["spend-gran"] == 0 and keys["Holm"] > 0 and all(int(row["lines"]) > 0 for row in found)


def test_a_company_that_is_taken_out_leaves_the_views_and_keeps_its_stack(consultant, companies):
    consultant.says(file({prefix: companies[prefix] for prefix in ("spend-fjord", "spend-gran")}, **COMMON))
    rows, status = consultant.rows("deploy")
    assert status == 0 and rows.keys() == {"spend-fjord", "spend-gran", "spend-all"}
    found = consultant.stack("spend-all").query("SELECT DISTINCT source FROM spend ORDER BY source")
    assert [row["source"] for row in found] == ["Fjord's", "spend-gran"]
    assert consultant.stack("spend-holm").has_table("spend")


def test_a_later_release_upgrades_all_of_them_by_the_same_command(consultant, companies):
    """Another function, and what is set stays, though the file does not say it any more."""
    configured = lambda prefix: consultant.account.client("lambda").get_function_configuration(FunctionName=prefix)
    before = {prefix: configured(prefix) for prefix in ("spend-fjord", "spend-gran")}
    packed = consultant.directory / "function.zip"
    with zipfile.ZipFile(packed) as archive:
        packed.write_bytes(package.function_zip(archive.read("bootstrap"), A_TIME + 60))
    consultant.says(file({prefix: companies[prefix] for prefix in before}))
    rows, status = consultant.rows("deploy")
    assert (status, [rows[prefix]["stack"] for prefix in before]) == (0, ["changed", "changed"])
    for prefix, earlier in before.items():
        now = configured(prefix)
        assert now["CodeSha256"] != earlier["CodeSha256"]
        assert now["Environment"] == earlier["Environment"] and now["Environment"]["Variables"]["SPEND_SNAPSHOTS_KEPT"] == "7"


# What CloudFormation does and the emulation does not: it refuses a change before it begins, and tells the reason to who asks for the events of that
# change set by its ARN.
REFUSING = """#!/usr/bin/env bash
case "$1 $2" in
  "cloudformation deploy")
    echo "Failed to create the changeset: Status: FAILED. Reason: The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]" >&2
    exit 255 ;;
  "cloudformation list-change-sets")
    echo '{"Summaries": [{"ChangeSetId": "arn:newer", "CreationTime": "2026-11-21T02:00:00Z"}, {"ChangeSetId": "arn:older", "CreationTime": "2026-11-21T01:00:00Z"}]}' ;;
  "cloudformation describe-events")
    case "$*" in *"--change-set-name arn:newer --filters FailedEvents=true"*) echo '{"OperationEvents": [
      {"LogicalResourceId": "TokenSecret", "ValidationStatusReason": "Resource of type X with identifier spend-holm/token already exists."},
      {"LogicalResourceId": "spend-holm", "DetailedStatus": "VALIDATION_FAILED"},
      {"LogicalResourceId": "FunctionLog", "ValidationStatusReason": "Resource of type Y already exists."}]}' ;; *) exit 254 ;; esac ;;
  *) exec AWS "$@" ;;
esac
"""


def test_a_change_that_is_refused_before_it_begins_names_what_is_taken(consultant, companies, tmp_path):
    refusing = tmp_path / "aws"
    refusing.write_text(REFUSING.replace("exec AWS", "exec " + str(cloud.TOOLS / "aws")), "utf-8")
    refusing.chmod(0o755)
    consultant.says(file({"spend-fjord": companies["spend-fjord"]}, **COMMON))
    done = consultant.account.run(f'PATH="{tmp_path}:$PATH" {PROGRAM} companies deploy --json', directory=consultant.directory, limit_s=LIMIT_S)
    [row] = [row for row in json.loads(done.stdout)["companies"] if row["company"] == "spend-fjord"]
    assert row["error"] == (
        "TokenSecret: Resource of type X with identifier spend-holm/token already exists.; FunctionLog: Resource of type Y already exists."
    )


def test_a_stack_that_is_something_else_is_left_alone(consultant, companies):
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "somebodys"}}}})
    client = consultant.account.client("cloudformation")
    client.create_stack(StackName="spend-somebodys", TemplateBody=body)
    client.get_waiter("stack_create_complete").wait(StackName="spend-somebodys", WaiterConfig={"Delay": 1})
    consultant.says(file({"spend-somebodys": companies["spend-holm"]}))
    rows, status = consultant.rows("deploy")
    assert status == 1 and "is something else" in rows["spend-somebodys"]["error"]
    assert client.get_template(StackName="spend-somebodys")["TemplateBody"] in (body, json.loads(body))


def test_a_company_does_not_become_the_views_nor_the_views_a_company(consultant, companies):
    """Both have the parameter `NamePrefix`. A deployment would remove the function and the token of the one."""
    before = consultant.state()
    one = file({"spend-gran": companies["spend-gran"]})
    consultant.says(one.replace('prefix = "spend-all"', 'prefix = "spend-fjord"'))
    rows, status = consultant.rows("deploy")
    assert status == 1 and "is something else" in rows["spend-fjord"]["error"]
    consultant.says(one.replace('"spend-gran"', '"spend-all"').partition("[views]")[0])
    rows, status = consultant.rows("deploy")
    assert status == 1 and "is something else" in rows["spend-all"]["error"]
    assert consultant.state() == before


def test_another_account_is_left_alone(consultant, companies):
    consultant.says(file(companies).replace(ACCOUNT, "123456789012"))
    done = consultant.run("deploy")
    assert done.status == 2 and f"signed in to the account {ACCOUNT}" in done.stderr and done.stdout == ""


def test_all_faults_of_a_file_are_named_and_nothing_is_done(consultant, companies):
    before = consultant.state()
    faulty = file({"spend-fjord": {"HistoryFrom": "2023-13"}, "spend-gran": {"Colour": "blue"}}, MemorySize=1) + '\n[[company]]\nprefix = "spend-gran"\n'
    consultant.says(faulty)
    done = consultant.run("deploy")
    assert done.status == 2
    for fault in ("4 faults", "2023-13", "Colour: is no parameter", "MemorySize", "two have the prefix `spend-gran`"):
        assert fault in done.stderr, done
    assert consultant.state() == before


def test_who_has_the_pages_policies_may_deploy_check_and_list(consultant, ledgers, companies, tmp_path_factory):
    """In an account that checks rights."""
    with cloud.account(tmp_path_factory.mktemp("strict") / "account", checks_rights=True) as account:
        iam, number = account.client("iam"), account.client("sts").get_caller_identity()["Account"]
        iam.create_user(UserName="consultant")
        for name in (*DEPLOYER, "reader-policy"):
            policy = json.dumps(policy_of_all(name)).replace("123456789012", number)
            iam.put_user_policy(UserName="consultant", PolicyName=name, PolicyDocument=policy)
        key = iam.create_access_key(UserName="consultant")["AccessKey"]
        somebody = Consultant(account.signed_in_as(key["AccessKeyId"], key["SecretAccessKey"]), consultant.directory)
        somebody.says(file({"spend-fjord": companies["spend-fjord"]}, **COMMON).replace(ACCOUNT, number))
        assert somebody.rows("deploy") == ({"spend-fjord": DONE | {"stack": "created"}, "spend-all": DONE | {"stack": "created, views over 0 of 1"}}, 0)
        somebody.stack("spend-fjord").put_token(ledgers["spend-fjord"].token)
        rows, status = somebody.rows("check")
        assert status == 0 and rows["spend-fjord"]["verdict"].startswith("Ready")
        Stack(account, {}, "spend-fjord").refresh()
        rows, status = somebody.rows("list")
        assert status == 0 and rows["spend-fjord"]["spend_rows"] == len(ledgers["spend-fjord"].spend())
        rows, status = somebody.rows("deploy")
        assert status == 0 and rows["spend-all"]["stack"] == "changed, views over 1 of 1"


@pytest.mark.skipif("THIRTY" not in os.environ, reason="thirty companies take some minutes: with THIRTY=1 they are deployed, checked and refreshed")
def test_thirty_companies_by_one_file(release, tmp_path_factory, capsys):
    took = {}

    def timed(what, work, *arguments):
        began = time.monotonic()
        result = work(*arguments)
        took[what] = time.monotonic() - began
        return result

    with ExitStack() as stack, ThreadPoolExecutor(4) as workers:
        account = stack.enter_context(cloud.account(tmp_path_factory.mktemp("thirty") / "account"))
        prefixes = [f"spend-{number:02}" for number in range(1, 31)]
        books = {prefix: tmp_path_factory.mktemp(prefix) for prefix in prefixes}
        ledgers = {prefix: stack.enter_context(run_xledger(Order(300, seed), books[prefix])) for seed, prefix in enumerate(prefixes)}
        consultant = Consultant(account, release)
        consultant.says(file({prefix: {"XledgerEndpoint": ledger.endpoint} for prefix, ledger in ledgers.items()}, **COMMON))
        rows, status = timed("deploy", consultant.rows, "deploy")
        assert status == 0 and [rows[prefix]["stack"] for prefix in prefixes] == ["created"] * 30
        for prefix, ledger in ledgers.items():
            consultant.stack(prefix).put_token(ledger.token)
        rows, status = timed("check", consultant.rows, "check")
        assert status == 0 and all(rows[prefix]["answer"]["ready"] for prefix in prefixes)
        timed("refresh", list, workers.map(lambda prefix: consultant.stack(prefix).refresh(), prefixes))
        rows, status = timed("deploy again", consultant.rows, "deploy")
        assert status == 0 and rows["spend-all"]["stack"] == "changed, views over 30 of 30"
        assert [rows[prefix]["stack"] for prefix in prefixes] == ["unchanged"] * 30
        rows, status = timed("list", consultant.rows, "list")
        assert status == 0 and {prefix: rows[prefix]["spend_rows"] for prefix in prefixes} == {
            prefix: len(ledger.spend()) for prefix, ledger in ledgers.items()
        }
        found = consultant.stack("spend-all").query("SELECT source, count(*) AS lines FROM spend GROUP BY source")
        assert {row["source"]: int(row["lines"]) for row in found} == {prefix: len(ledger.spend()) for prefix, ledger in ledgers.items()}
    with capsys.disabled():
        print("\nthirty companies: " + ", ".join(f"{what} {seconds:.0f} s" for what, seconds in took.items()))
