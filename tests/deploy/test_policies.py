"""The policies of `infra/` beside what AWS asks for, by its own lists. No emulator asks for most of these rights."""

import fnmatch
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import policies
from cloudformation import Stack, load
from pages import DOCS, INFRA, OPERATIONS, SETUP, text
from policies import DEPLOYER, allows, listed

HANDLERS = json.loads((Path(__file__).parent / "handlers.json").read_text("utf-8"))
ACCOUNT, REGION = "123456789012", "eu-north-1"


def arn(service, rest, region=REGION, account=ACCOUNT):
    return f"arn:aws:{service}:{region}:{account}:{rest}"


# What the template makes, by its ARNs: a right to make one must hold on each of its line.
MADE = {
    "AWS::Athena::NamedQuery": [arn("athena", "workgroup/xledger-spend")],
    "AWS::Athena::WorkGroup": [arn("athena", "workgroup/xledger-spend")],
    "AWS::CloudWatch::Alarm": [arn("cloudwatch", "alarm:xledger-spend-no-success")],
    "AWS::CloudWatch::Dashboard": [arn("cloudwatch", "dashboard/xledger-spend", region="")],
    "AWS::Glue::Database": [arn("glue", "catalog"), arn("glue", "database/xledger_spend")],
    "AWS::Glue::Table": [arn("glue", "catalog"), arn("glue", "database/xledger_spend"), arn("glue", "table/xledger_spend/invoice")],
    "AWS::IAM::Role": [arn("iam", f"role/xledger-spend-{role}-1A2B3C", region="") for role in ("FunctionRole", "ScheduleRole")],
    "AWS::Lambda::EventInvokeConfig": [arn("lambda", "function:xledger-spend"), arn("lambda", "function:xledger-spend:$LATEST")],
    "AWS::Lambda::Function": [arn("lambda", "function:xledger-spend")],
    "AWS::Logs::LogGroup": [arn("logs", "log-group:/aws/lambda/xledger-spend"), arn("logs", "log-group:/aws/lambda/xledger-spend:*")],
    "AWS::S3::Bucket": ["arn:aws:s3:::xledger-spend-lakebucket-1a2b3c"],
    "AWS::S3::BucketPolicy": ["arn:aws:s3:::xledger-spend-lakebucket-1a2b3c"],
    "AWS::SNS::Subscription": [arn("sns", "xledger-spend-alarms"), arn("sns", "xledger-spend-alarms:0a1b2c3d")],
    "AWS::SNS::Topic": [arn("sns", "xledger-spend-alarms")],
    "AWS::SQS::Queue": [arn("sqs", "xledger-spend-undelivered")],
    "AWS::Scheduler::Schedule": [arn("scheduler", f"schedule/default/xledger-spend{each}") for each in ("", "_first")],
    "AWS::Scheduler::ScheduleGroup": [arn("scheduler", "schedule-group/xledger-spend")],
    "AWS::SecretsManager::Secret": [arn("secretsmanager", "secret:xledger-spend/token-Ab1Cd2")],
}
BUCKET, PROGRAM = MADE["AWS::S3::Bucket"], [
    "arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-1a/xledger-spend/0a1b",
    f"arn:aws:s3:::xledger-spend-code-{ACCOUNT}-{REGION}/0a1b",
]
# Rights that hold on something else than what is made.
ELSEWHERE = {
    ("AWS::Lambda::Function", "iam:PassRole"): MADE["AWS::IAM::Role"][:1],
    ("AWS::Scheduler::Schedule", "iam:PassRole"): MADE["AWS::IAM::Role"][1:],
    ("AWS::Lambda::Function", "s3:GetObject"): PROGRAM,
    ("AWS::Lambda::Function", "s3:GetObjectVersion"): PROGRAM,
    ("AWS::Athena::WorkGroup", "s3:GetBucketLocation"): BUCKET,
    ("AWS::Athena::WorkGroup", "s3:ListBucket"): BUCKET,
    ("AWS::Athena::WorkGroup", "s3:ListBucketMultipartUploads"): BUCKET,
    ("AWS::Scheduler::ScheduleGroup", "scheduler:DeleteSchedule"): [arn("scheduler", "schedule/xledger-spend/0a1b2c3d")],
}
# Rights that AWS gives on everything alone.
ON_ALL = re.compile(r"ec2:Describe|lakeformation:|logs:Describe|cloudwatch:DescribeAlarms")


def asked():
    """What a type's handlers ask for, but for what is not used: the type, the action, and on what."""
    unused = {(each, action) for group in HANDLERS["not_used"] for each in group["types"] for action in group["actions"]}
    for each, stages in HANDLERS["types"].items():
        for action in sorted({action for actions in stages.values() for action in actions}):
            if (each, action) not in unused:
                for on in ["*"] if ON_ALL.match(action) else ELSEWHERE.get((each, action), MADE[each]):
                    yield each, action, on


def lacking(document):
    return [each for each in asked() if not allows([document], *each[1:])]


def test_the_deployer_may_do_what_cloudformation_does_in_its_name():
    """By the policy for it alone, so that it serves a role of CloudFormation's own, too."""
    assert HANDLERS["types"].keys() == MADE.keys()
    assert lacking(policies.of_infra()["deployer-deploy-policy"]) == []


def test_a_right_that_is_missing_is_found():
    """So that nothing found means something: each action that is asked for, taken away in turn."""
    document = policies.of_infra()["deployer-deploy-policy"]
    for action in sorted({action for _, action, _ in asked()}):
        less = json.dumps(document)
        for pattern in {action, "s3:Get*Configuration", "s3:GetBucket*"} if action.startswith("s3:Get") else {action}:
            less = less.replace(f'"{pattern}"', '"none:None"')
        assert lacking(json.loads(less)), action


def test_what_is_not_used_is_asked_for_by_somebody():
    """A line there that excuses nothing would hide what a newer table asks."""
    for group in HANDLERS["not_used"]:
        assert len(group["why"]) > 20
        asked = {action for each in group["types"] for actions in HANDLERS["types"][each].values() for action in actions}
        assert set(group["actions"]) <= asked


@pytest.mark.parametrize(
    "action",
    ["ContinueUpdateRollback", "CreateChangeSet", "DeleteStack", "DescribeEvents", "DescribeStackEvents", "ExecuteChangeSet", "ListChangeSets"],
)
def test_the_deployer_can_leave_every_state_of_the_stack(action):
    use = policies.of_infra()["deployer-use-policy"]
    assert allows([use], f"cloudformation:{action}", arn("cloudformation", "stack/xledger-spend/0a1b"))


# Commands of the pages that the pages leave to an administrator, and those that take no right.
ADMINISTRATORS = re.compile(
    r"(iam|lakeformation) |glue (create-database|delete-table)|s3 (cp|mv|rb|rm)|s3api put-bucket-policy|secretsmanager (create|delete|restore)-secret|lambda publish-layer"
)
WITHOUT_RIGHT = re.compile(r"configure|sso |sts get-caller-identity|cloudformation wait")
# Where the action is not called as the command is.
CALLED = {
    "cloudformation deploy": "cloudformation:CreateChangeSet",
    "cloudformation package": "s3:PutObject",
    "lambda invoke": "lambda:InvokeFunction",
    "s3 ls": "s3:ListBucket",
    "s3 mb": "s3:CreateBucket",
}


def test_who_has_the_policies_may_run_the_commands_of_the_pages():
    known = policies.of_infra()
    documents = [known[name] for name in (*DEPLOYER, "reader-policy")]
    allowed = {action for document in documents for statement in document["Statement"] for action in listed(statement["Action"])}
    pages = "\n".join(map(text, (SETUP, OPERATIONS, DOCS / "metrics.md", INFRA, INFRA.parent / "first-hour.md")))
    commands = {" ".join(found) for found in re.findall(r"\baws ([a-z0-9]+) ([a-z0-9-]+)", pages)}
    assert len(commands) > 20
    rest = {command for command in commands if not ADMINISTRATORS.match(command) and not WITHOUT_RIGHT.match(command)}
    camel = lambda command: command.split()[0] + ":" + "".join(word.title() for word in command.split()[1].split("-"))
    assert {command for command in rest if CALLED.get(command, camel(command)) not in allowed} == set()


def test_the_person_may_hand_over_cloudformations_own_role_and_no_other():
    use = [policies.of_infra()["deployer-use-policy"]]
    assert allows(use, "iam:PassRole", arn("iam", "role/cloudformation-xledger-spend", region=""))
    assert not allows(use, "iam:PassRole", arn("iam", "role/xledger-spend-FunctionRole-1A", region=""))
    # It would else be what a template can change.
    deploy = [policies.of_infra()["deployer-deploy-policy"]]
    assert not allows(deploy, "iam:PutRolePolicy", arn("iam", "role/cloudformation-xledger-spend", region=""))


def test_the_bucket_policy_for_readers_denies_nothing_that_cloudformation_asks_for():
    """To the deployer, whose role it excepts where a right is on that list."""
    denies = [each for each in policies.of_infra()["bucket-policy-readers-only"]["Statement"] if "aws:SecureTransport" not in json.dumps(each)]
    actions = {action for each in ("AWS::S3::Bucket", "AWS::S3::BucketPolicy") for action in lists(each)}
    excepted = set()
    for statement in denies:
        meets = [action for action in actions if any(fnmatch.fnmatchcase(action, pattern) for pattern in listed(statement["Action"]))]
        if any(on == "arn:aws:s3:::BUCKET" for on in listed(statement["Resource"])) and meets:
            assert any("role/DEPLOYER" in arn for arn in statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]), meets
            excepted |= set(meets)
    assert excepted == {"s3:ListBucket"}


def lists(each):
    """What a type's handlers ask for and the template uses."""
    return {action for kind, action, _ in asked() if kind == each}


# ------------------------------------------------------------------------------------------------------------------ readers

WORKGROUP, CATALOG = arn("athena", "workgroup/xledger-spend"), arn("glue", "catalog")
DEFAULT, DATABASE = arn("glue", "database/default"), arn("glue", "database/xledger_spend")
TABLE, LAKE = arn("glue", "table/xledger_spend/spend"), "arn:aws:s3:::BUCKET"
RESULT = f"{LAKE}/athena-results/xledger-spend/0a1b.csv"
# What AWS's pages say that somebody needs who queries and changes nothing, and on what.
READING = {
    "Athena guide, access to the default database and catalog": {
        "glue:GetDatabase": [CATALOG, DEFAULT, DATABASE],
        "glue:GetDatabases": [CATALOG, DEFAULT, DATABASE],
        **dict.fromkeys(["glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"], [CATALOG, DATABASE, TABLE]),
    },
    "Athena guide, example workgroup policies": {
        **dict.fromkeys(
            [
                *("athena:ListEngineVersions", "athena:ListWorkGroups", "athena:ListDataCatalogs", "athena:ListDatabases"),
                *("athena:GetDatabase", "athena:ListTableMetadata", "athena:GetTableMetadata"),
            ],
            ["*"],
        ),
        **dict.fromkeys(
            [
                *("athena:GetWorkGroup", "athena:BatchGetQueryExecution", "athena:GetQueryExecution", "athena:ListQueryExecutions"),
                *("athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryResults", "athena:GetQueryResultsStream"),
                *("athena:GetNamedQuery", "athena:BatchGetNamedQuery", "athena:ListNamedQueries"),
                *("athena:GetPreparedStatement", "athena:ListPreparedStatements"),
            ],
            [WORKGROUP],
        ),
    },
    "managed policy AWSQuicksightAthenaAccess, which the guide names for JDBC and ODBC": {
        "athena:GetDataCatalog": ["*"],
        "s3:GetBucketLocation": [LAKE],
        "s3:ListBucket": [LAKE],
        "s3:ListBucketMultipartUploads": [LAKE],
        "s3:GetObject": [f"{LAKE}/lake/snapshots/20261121T013000Z-0a1b2c3d/spend/year=2026/month=05/0.parquet", f"{LAKE}/lake/runs/0.json", RESULT],
        **dict.fromkeys(["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"], [RESULT]),
        "lakeformation:GetDataAccess": ["*"],
    },
}


@pytest.mark.parametrize("page", READING)
def test_a_reader_may_do_what_a_query_takes(page):
    reader = policies.of_infra()["reader-policy"]
    lacks = [(action, on) for action, resources in READING[page].items() for on in resources if not allows([reader], action, on)]
    assert lacks == []


# What the services ask of a key in the name of whoever puts the token, changes its key, and queries, by Secrets Manager's and Athena's guides.
KEYS = {
    "deployer-key-policy": ("secretsmanager", {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}),
    "reader-key-policy": ("s3", {"kms:Decrypt", "kms:GenerateDataKey"}),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_may_be_used_through_the_service_that_needs_it_alone(name):
    [statement] = policies.of_infra()[name]["Statement"]
    service, actions = KEYS[name]
    assert (set(statement["Action"]), statement["Resource"]) == (actions, arn("kms", "key/KEY"))
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}}


# ----------------------------------------------------------------------------------------------------------- size and width

LONGEST_NAME = "x" * 32
# The longest names that there are, each of its kind.
PARTITION, LONGEST_REGION = "aws-us-gov", "ap-southeast-1"
LARGEST = {"iam": 6_144, "bucket": 20_480}


def filled_in(policy):
    """A policy as it is with the longest names that the template takes, as IAM counts it: without white space."""
    for placeholder, longest in {
        "xledger-spend": LONGEST_NAME,
        "xledger_spend": LONGEST_NAME,
        "eu-north-1": LONGEST_REGION,
        "arn:aws:": f"arn:{PARTITION}:",
        "BUCKET": "b" * 63,
        "READERS": "r" * 64,
        "DEPLOYER": "d" * 64,
        "lake/": f"{'l' * 200}/",
    }.items():
        policy = policy.replace(placeholder, longest)
    return re.sub(r"\s", "", policy)


@pytest.mark.parametrize("name", policies.of_infra())
def test_a_policy_has_room_for_the_longest_names(name):
    policy = text(policies.INFRA / f"{name}.json")
    assert len(filled_in(policy)) <= LARGEST["bucket" if '"Principal"' in policy else "iam"]


# Read settings of the bucket, whatever settings S3 will have; objects have other rights.
OPEN = {"s3:Get*Configuration", "s3:GetBucket*"}
WITHOUT_A_NAME = ("WhatHasNoNameToAllowItBy", "FindTheWayInTheConsole", "WhereLakeFormationIsOn")


def test_they_are_as_narrow_as_names_allow():
    for name, document in policies.of_infra().items():
        for statement in document["Statement"]:
            assert "Sid" in statement
            if statement["Effect"] == "Allow":
                wide = {action for action in listed(statement["Action"]) if "*" in action}
                assert wide <= OPEN, f"{name} allows more actions than it lists"
                if statement["Resource"] == "*":
                    assert statement["Sid"] in WITHOUT_A_NAME, name
                    assert not any(re.search(r":(Create|Delete|Put|Update|Pass)", action) for action in listed(statement["Action"]))


def test_nobody_but_the_function_reads_the_token_or_its_state():
    known = policies.of_infra()
    everybody = [document for name, document in known.items() if not name.startswith("bucket-")]
    assert not allows(everybody, "secretsmanager:GetSecretValue", *MADE["AWS::SecretsManager::Secret"])
    for key in ("lake/state/lease.json", "lake/state/rows/1"):
        assert not allows(everybody, "s3:GetObject", f"{BUCKET[0]}/{key}")
        assert not allows(everybody, "s3:GetObject", f"arn:aws:s3:::BUCKET/{key}")
    deployer = [known[name] for name in DEPLOYER]
    assert not allows(deployer, "s3:GetObject", f"{BUCKET[0]}/lake/CURRENT.json")
    assert not allows(deployer, "s3:GetObject", f"{BUCKET[0]}/athena-results/xledger-spend/0a1b.csv")


# ----------------------------------------------------------------------------------------------------------- many companies

# One prefix is the beginning of the other: a pattern that is open at its end would take both.
ONE, OTHER, ALL = "spend-gran", "spend-gran-salg", "spend-all"


def named(told, prefix, bucket):
    """A policy, or an ARN, with another prefix and bucket, as the pages say."""
    told = told.replace("xledger-spend", prefix).replace("xledger_spend", prefix.replace("-", "_")).replace("BUCKET", bucket)
    return told.replace(f"{prefix}-code", "xledger-spend-code")


def policy_of_all(name):
    """A policy for every company, by the page's own command."""
    [command] = re.findall(r"  (sed .*?) > ", text(policies.INFRA / "companies.md"), re.DOTALL)
    put = {"ACCOUNT": ACCOUNT, "AWS_REGION": REGION, "policy": name.removesuffix("-policy")}
    told = subprocess.run(["bash", "-c", command], cwd=policies.INFRA.parent, env=os.environ | put, capture_output=True, check=True)
    return json.loads(told.stdout)


def bucket_of(prefix):
    return f"{prefix}-{'results' if prefix == ALL else 'lake'}bucket-1a2b3c"


def read_of(prefix):
    """What a query takes of a company's own, or of the views': of the catalogue and of all databases there are but names to see."""
    shared = ("*", CATALOG, DEFAULT)
    asked = {(action, on) for page in READING.values() for action, each in page.items() for on in each if on not in shared}
    return {(action, named(on, prefix, bucket_of(prefix))) for action, on in asked}


def test_who_reads_one_company_reads_no_other_and_no_views_over_all():
    for prefix in (ONE, OTHER, ALL):
        reader = [json.loads(named(json.dumps(policies.of_infra()["reader-policy"]), prefix, bucket_of(prefix)))]
        assert all(allows(reader, *each) for each in read_of(prefix))
        for another in {ONE, OTHER, ALL} - {prefix}:
            assert [each for each in read_of(another) if allows(reader, *each)] == []


def test_who_reads_all_has_one_policy_for_each_company_and_the_views():
    reader = [policy_of_all("reader-policy")]
    for prefix in (ONE, OTHER, ALL):
        assert [each for each in read_of(prefix) if not allows(reader, *each)] == []
        assert not allows(reader, "s3:GetObject", f"arn:aws:s3:::{bucket_of(prefix)}/lake/state/rows/1")
    assert [each for each in read_of("xledger-spend") if allows(reader, *each)] == []


def test_a_function_has_no_right_on_another_companys():
    template = load(text(INFRA.parent.parent / "template.yaml"))
    documents = {}
    for prefix in (ONE, OTHER):
        stack = Stack(template, NamePrefix=prefix)
        stack.values |= {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "LakeBucket": bucket_of(prefix)}
        stack.values |= {"GlueDatabase": prefix.replace("-", "_")}
        [policy] = stack.resources()["FunctionRole"]["Properties"]["Policies"]
        documents[prefix] = [policy["PolicyDocument"]]
    for prefix, document in documents.items():
        for of in documents:
            asked = {
                "secretsmanager:GetSecretValue": [arn("secretsmanager", f"secret:{of}/token-Ab1Cd2")],
                "s3:GetObject": [f"arn:aws:s3:::{bucket_of(of)}/lake/state/lease.json"],
                "s3:ListBucket": [f"arn:aws:s3:::{bucket_of(of)}"],
                "glue:UpdateTable": [arn("glue", f"table/{of.replace('-', '_')}/spend")],
                "scheduler:CreateSchedule": [arn("scheduler", f"schedule/{of}/continuation")],
            }
            for action, each in asked.items():
                for on in each:
                    assert allows(document, action, on) == (prefix == of), f"the function of {prefix} and {action} on {on}"


def test_who_deploys_all_has_the_two_policies_once():
    deployer = [policy_of_all(name) for name in DEPLOYER]
    program = next(on for on in PROGRAM if "-code-" in on)
    for prefix in (ONE, OTHER, ALL):
        lakes = (lambda on: on.replace("lakebucket", "resultsbucket")) if prefix == ALL else (lambda on: on)
        for kind, action, on in asked():
            made = named(lakes(on), prefix, "") if on not in PROGRAM else program
            assert allows(deployer, action, made), f"{action} on {made} for {kind}"
        assert allows(deployer, "glue:GetTables", arn("glue", f"table/{prefix.replace('-', '_')}/spend"))
    assert all(allows(deployer, action, program) for action in ("s3:PutObject", "s3:GetObject"))
