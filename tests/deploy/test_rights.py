"""With signatures and rights checked: the function does all with its role and nothing else, and lacks nothing that it has.

Each action of the roles is taken away in turn; the run must fail, and say which right is missing.
"""

import fnmatch
import json
import re
import secrets
import time
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

import stack as deployment
from policies import DEPLOYER, of_infra
from stack import wait_for
from wire import nodes
from xledger import readers


@pytest.fixture(scope="module")
def guarded(built, guarded_account, company):
    """The stack in an account that checks rights, with a KMS key, so that the role's statement on it is needed as well."""
    key = guarded_account.client("kms").create_key(Description="the lake's")["KeyMetadata"]["Arn"]
    deployed = deployment.deploy(deployer(guarded_account), XledgerEndpoint=company.endpoint, KmsKeyArn=key, ScheduleState="DISABLED")
    deployed.put_token(company.token)
    return deployed.seen_by(guarded_account)


def deployer(account):
    """Somebody with the policies for deployers and nothing else.

    What CloudFormation does in the deployer's name is not asked for here: this shows that the commands are allowed. `test_policies.py` has the rest.
    """
    return somebody(account, "deployer", DEPLOYER)


def somebody(account, user, names, **filled_in):
    """Somebody with these policies and nothing else."""
    iam = account.client("iam")
    filled_in |= {"123456789012": account.client("sts").get_caller_identity()["Account"]}
    iam.create_user(UserName=user)
    for name in names:
        policy = json.dumps(of_infra()[name])
        for placeholder, value in filled_in.items():
            policy = policy.replace(placeholder, value)
        iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return account.signed_in_as(key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture(scope="module")
def reader(guarded):
    """Somebody with the policy for readers, after the first refresh."""
    guarded.refresh()
    return somebody(guarded.account, "reader", ["reader-policy"], BUCKET=guarded.outputs["BucketName"])


class Role:
    """A role of the stack."""

    def __init__(self, stack, logical_id):
        self._iam = stack.account.client("iam")
        self._account = stack.account
        self.name = stack.resources[logical_id]
        [self._policy] = self._iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        self.document = self._iam.get_role_policy(RoleName=self.name, PolicyName=self._policy)["PolicyDocument"]
        assert self._iam.list_attached_role_policies(RoleName=self.name)["AttachedPolicies"] == []

    @property
    def actions(self):
        return {action for statement in self.document["Statement"] for action in listed(statement["Action"])}

    @contextmanager
    def without(self, action):
        """Takes an action away for a while."""
        statements = [statement | {"Action": [each for each in listed(statement["Action"]) if each != action]} for statement in self.document["Statement"]]
        left = [statement for statement in statements if statement["Action"]]
        if left:
            self._put(self.document | {"Statement": left})
        else:
            self._iam.delete_role_policy(RoleName=self.name, PolicyName=self._policy)
        try:
            yield
        finally:
            self._put(self.document)

    def _put(self, document):
        self._iam.put_role_policy(RoleName=self.name, PolicyName=self._policy, PolicyDocument=json.dumps(document))

    def asked(self):
        return self._account.rights_asked(self.name)


def listed(value):
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def role(guarded):
    return Role(guarded, "FunctionRole")


@pytest.fixture(scope="module")
def schedule_role(guarded):
    return Role(guarded, "ScheduleRole")


# ------------------------------------------------------------------------------------------------------------ all that it has


def test_a_refresh_needs_nothing_that_the_role_lacks(guarded, company):
    answer = guarded.refresh()
    assert answer.payload["tables"]["spend"]["rows"] == len(company.spend())
    [lines] = guarded.query("SELECT count(*) AS lines FROM spend")
    assert int(lines["lines"]) == len(company.spend())
    assert any("refresh ended" in record.get("message", "") for record in answer.records)


@pytest.mark.parametrize("command", ["report", "show", "snapshots", "schema --ddl"])
def test_a_reader_may_read_on_a_desk(guarded, reader, command, tmp_path):
    """With the policy for readers alone, which lists below some prefixes only."""
    lake = f"s3://{guarded.outputs['BucketName']}/lake"
    assert reader.succeed(f"{readers.program('xledger-spend')} {command} --lake {lake}", directory=tmp_path)
    denied = reader.run(f"{readers.program('xledger-spend')} rollback --lake {lake} 20261121T013000Z-0a1b2c3d")
    assert denied.status == 1 and "lake_denied" in denied.stderr, denied


def test_an_event_that_fails_is_put_aside(guarded):
    guarded.invoke_asynchronously({"action": "nothing of the sort"})
    [message] = wait_for(guarded.take_undelivered, 30, "the message")
    assert message["responsePayload"]["errorType"] == "event_invalid"


def test_somebody_with_a_wrong_key_gets_nothing(guarded):
    """So signatures are checked, and what passes was signed well."""
    user = guarded.account.client("iam")
    user.create_user(UserName="stranger")
    key = user.create_access_key(UserName="stranger")["AccessKey"]
    stranger = guarded.account.signed_in_as(key["AccessKeyId"], "not-the-secret-of-this-key")
    known = guarded.account.signed_in_as(key["AccessKeyId"], key["SecretAccessKey"])
    assert refusal(stranger, guarded) in ("SignatureDoesNotMatch", "InvalidSignatureException")
    assert refusal(known, guarded) in ("AccessDenied", "AccessDeniedException")


def refusal(account, stack):
    with pytest.raises(ClientError) as refused:
        account.client("s3").get_object(Bucket=stack.outputs["BucketName"], Key="lake/CURRENT.json")
    return refused.value.response["Error"]["Code"]


def test_an_upload_that_breaks_off_is_cleared_up(guarded, company):
    answer = broken_off_refresh(guarded, company)
    assert [record for record in answer.records if "left behind" in record.get("message", "")] == []
    uploads = guarded.account.client("s3").list_multipart_uploads(Bucket=guarded.outputs["BucketName"])
    assert uploads.get("Uploads", []) == []
    # What had come by then is cached, and the next refresh asks for the rest.
    assert guarded.refresh().payload["invocation"] == 2


def test_a_refresh_goes_on_by_itself(guarded, company):
    answer = refresh_in_short_time(guarded, company)
    assert not answer.failed and answer.payload["status"] == "incomplete", answer.payload
    refresh = answer.payload["refresh_id"]
    [schedule] = schedules_to_go_on(guarded)
    assert json.loads(schedule["Target"]["Input"]) == {"action": "refresh", "continues": refresh}
    assert schedule["ScheduleExpression"] > f"at({answer.payload['continues_at']})"
    fire_early(guarded, schedule)
    ends = f"SELECT status FROM runs WHERE refresh_id = '{refresh}' ORDER BY started_at"
    _, last = wait_for(lambda: len(found := guarded.query(ends)) > 1 and found, 60, "the second run")
    assert last["status"] == "succeeded"
    [lines] = guarded.query("SELECT count(*) AS lines FROM spend")
    assert int(lines["lines"]) == len(company.spend())
    assert schedules_to_go_on(guarded) == []


def refresh_in_short_time(guarded, company):
    """A refresh of many small answers that come slowly: the function's time does not suffice for it."""
    with company.with_answers(delay_s=1), guarded.configured(timeout_s=20, XLEDGER_PAGE_ROWS="100"):
        return guarded.invoke({"action": "refresh", "mode": "full"})


def schedules_to_go_on(guarded):
    """The schedules that the function has made and that have not fired."""
    client, group = guarded.account.client("scheduler"), guarded.resources["ContinuationGroup"]
    names = [schedule["Name"] for schedule in client.list_schedules(GroupName=group)["Schedules"]]
    return [client.get_schedule(GroupName=group, Name=name) for name in names]


def fire_early(guarded, schedule):
    """Has a schedule that fires once do so now, and not in a minute or two; all else about it stays."""
    kept = ("Name", "GroupName", "FlexibleTimeWindow", "Target", "ActionAfterCompletion")
    client = guarded.account.client("scheduler")
    client.update_schedule(**{field: schedule[field] for field in kept}, ScheduleExpression=now())


def now():
    """A schedule's expression for this moment."""
    return time.strftime("at(%Y-%m-%dT%H:%M:%S)", time.gmtime())


# --------------------------------------------------------------------------------------------------------- one taken away each


def refused_refresh(guarded, company):
    """An ordinary refresh; it gives the message of its failure."""
    answer = guarded.invoke({"action": "refresh"})
    assert answer.failed, answer.payload
    return f"{answer.error_kind}: {answer.message}"


def refused_first_refresh(guarded, company):
    """The first refresh, before there are tables."""
    glue, database = guarded.account.client("glue"), guarded.outputs["DatabaseName"]
    for table in glue.get_tables(DatabaseName=database)["TableList"]:
        glue.delete_table(DatabaseName=database, Name=table["Name"])
    return refused_refresh(guarded, company)


def refused_clearing_up(guarded, company):
    """A refresh of which a large file breaks off; what is left of the upload stays, and the log says so."""
    answer = broken_off_refresh(guarded, company)
    [warning] = [record for record in answer.records if "left behind" in record.get("message", "")]
    return f"{answer.error_kind}: {warning['error']}"


def broken_off_refresh(guarded, company):
    """A refresh of which a large file breaks off."""
    guarded.account.broken_parts.touch()
    try:
        with company.with_answers(one_large_month), guarded.configured(XLEDGER_PAGE_ROWS="200"):
            answer = guarded.invoke({"action": "refresh", "mode": "full"})
    finally:
        guarded.account.broken_parts.unlink()
    assert answer.failed and "the test says so" in answer.message, answer.payload
    return answer


def one_large_month(data):
    """Puts all lines into one month and gives them texts that do not compress, so that a file of several parts comes of it."""
    for node in nodes(data, "transactions"):
        if node.get("period"):
            node["period"] |= {"year": 2025, "monthNumber": 1}
        if "text" in node:
            node["text"] = secrets.token_hex(32 * 1_024)


def refused_going_on(guarded, company):
    """A refresh that would go on in another invocation and cannot arrange it."""
    answer = refresh_in_short_time(guarded, company)
    assert answer.failed, answer.payload
    assert schedules_to_go_on(guarded) == []
    return f"{answer.error_kind}: {answer.message}"


def no_log(guarded, company):
    """A refresh of which nothing is written down: who may not write a log cannot say so there."""
    assert guarded.refresh().records == []
    return newest_refusal(guarded, "FunctionRole")


def no_message_put_aside(guarded, company):
    """An event that fails for good is lost."""
    before = len(guarded.account.rights_asked(guarded.resources["FunctionRole"]))
    guarded.invoke_asynchronously({"action": "nothing of the sort"})
    role = guarded.resources["FunctionRole"]
    wait_for(lambda: any(asked["action"] == "sqs:SendMessage" for asked in guarded.account.rights_asked(role)[before:]), 30, "the attempt")
    assert guarded.undelivered() == 0
    return newest_refusal(guarded, "FunctionRole")


def newest_refusal(guarded, role):
    """What AWS itself was refused in a role's name."""
    refused = [asked for asked in guarded.account.rights_asked(guarded.resources[role]) if not asked["allowed"]]
    return f"AccessDenied: {refused[-1]['action']} on {refused[-1]['resource']}"


# How the lack of a right shows, and the words that say so.
RIGHTS = {
    "s3:ListBucket": (refused_refresh, "lake_denied", "s3:ListBucket"),
    "s3:GetObject": (refused_refresh, "lake_denied", "s3:GetObject"),
    "s3:PutObject": (refused_refresh, "lake_denied", "s3:PutObject"),
    "s3:DeleteObject": (refused_refresh, "lake_denied", "s3:DeleteObject"),
    "s3:AbortMultipartUpload": (refused_clearing_up, "lake_denied", "s3:AbortMultipartUpload"),
    "secretsmanager:GetSecretValue": (refused_refresh, "secret_unreadable", "secretsmanager:GetSecretValue"),
    "glue:GetTable": (refused_refresh, "catalog_denied", "glue:GetTable"),
    "glue:CreateTable": (refused_first_refresh, "catalog_denied", "glue:CreateTable"),
    "glue:UpdateTable": (refused_refresh, "catalog_denied", "glue:UpdateTable"),
    "kms:GenerateDataKey": (refused_refresh, "lake_denied", "kms:GenerateDataKey"),
    "kms:Decrypt": (refused_refresh, "lake_denied", "kms:Decrypt"),
    "logs:CreateLogStream": (no_log, "AccessDenied", "logs:CreateLogStream"),
    "logs:PutLogEvents": (no_log, "AccessDenied", "logs:PutLogEvents"),
    "scheduler:CreateSchedule": (refused_going_on, "continuation_failed", "scheduler:CreateSchedule was denied"),
    "iam:PassRole": (refused_going_on, "continuation_failed", "iam:PassRole was denied"),
    "sqs:SendMessage": (no_message_put_aside, "AccessDenied", "sqs:SendMessage"),
}


def test_the_table_above_has_every_right_of_the_role(role):
    assert role.actions == RIGHTS.keys()


@pytest.mark.parametrize("action", RIGHTS)
def test_without_it_the_run_fails_and_names_it(guarded, company, role, action):
    provoke, kind, words = RIGHTS[action]
    with role.without(action):
        said = provoke(guarded, company)
    assert said.startswith(f"{kind}: "), said
    assert words in said
    guarded.refresh()


def test_the_secret_is_behind_the_key_as_well(guarded, role):
    """A check asks for the token before anything else."""
    with role.without("kms:Decrypt"):
        answer = guarded.invoke({"action": "check"})
    assert answer.error_kind == "secret_unreadable"
    assert "not authorized to perform: kms:Decrypt" in answer.message


# ---------------------------------------------------------------------------------------------------------------- the schedule


def fire(guarded, name):
    """Has a schedule of the stack's role fire now."""
    client = guarded.account.client("scheduler")
    target = client.get_schedule(Name=guarded.resources["RefreshSchedule"])["Target"]
    client.create_schedule(Name=name, ScheduleExpression=now(), FlexibleTimeWindow={"Mode": "OFF"}, Target=target)


def attempts(role, action, count):
    """The newest attempt to do something, once there are so many."""
    found = wait_for(lambda: len(each := [asked for asked in role.asked() if asked["action"] == action]) >= count and each, 30, action)
    return found[-1]


def test_the_schedule_may_invoke_the_function(guarded, schedule_role):
    runs = len(guarded.query("SELECT run_id FROM runs"))
    fire(guarded, "allowed")
    wait_for(lambda: len(guarded.query("SELECT run_id FROM runs")) > runs, 30, "the run")
    assert attempts(schedule_role, "lambda:InvokeFunction", 1)["allowed"]


def test_without_that_right_its_event_is_put_aside(guarded, schedule_role):
    with schedule_role.without("lambda:InvokeFunction"):
        fire(guarded, "not-allowed")
        [event] = wait_for(guarded.take_undelivered, 30, "the event in the queue")
    assert event == {"action": "refresh"}


def test_without_the_right_to_put_it_aside_it_is_lost(guarded, schedule_role):
    with schedule_role.without("lambda:InvokeFunction"):
        before = len([asked for asked in schedule_role.asked() if asked["action"] == "sqs:SendMessage"])
        with_neither = Role(guarded, "ScheduleRole")
        with with_neither.without("sqs:SendMessage"):
            fire(guarded, "lost")
            assert not attempts(schedule_role, "sqs:SendMessage", before + 1)["allowed"]
    assert guarded.undelivered() == 0


# ------------------------------------------------------------------------------------------------------- nothing that it lacks


def test_every_statement_was_needed(guarded, role, schedule_role):
    """All that was asked for in the tests before, against all that is granted: no right is there that nothing asks for."""
    for each in (role, schedule_role):
        used = {(asked["action"], asked["resource"]) for asked in each.asked() if asked["allowed"]}
        for statement in each.document["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in listed(statement["Action"]):
                assert any(action == name for name, _ in used), f"{action} is granted and never used"
            for resource in listed(statement["Resource"]):
                actions = set(listed(statement["Action"]))
                assert any(name in actions and matches(resource, what) for name, what in used), f"{resource} is granted and never used"


def matches(pattern, resource):
    """Whether a resource is one of those that a policy's pattern names; only a pattern's end is open in our policies."""
    start, opened, rest = re.match(r"([^*?]*)([*?]*)(.*)", pattern).groups()
    assert rest == "", f"{pattern} is open in the middle"
    return fnmatch.fnmatchcase(resource, pattern) if opened else resource == start


def test_no_statement_is_wider_than_the_stack(guarded, role, schedule_role):
    made = [*guarded.resources.values(), guarded.parameters["KmsKeyArn"]]
    own = {name.rpartition(":")[2].rpartition("/")[2] for name in made}
    for each in (role, schedule_role):
        for statement in each.document["Statement"]:
            assert [action for action in listed(statement["Action"]) if "*" in action] == []
            for resource in listed(statement["Resource"]):
                assert resource.endswith(":catalog") or any(name in resource for name in own), resource


# ---------------------------------------------------------------------------------------------------------- another secret


def test_a_secret_that_was_deleted_is_made_again(guarded, company):
    """By the page's command, which an administrator runs; a deployment would see nothing of it."""
    guarded.account.client("secretsmanager").delete_secret(SecretId=guarded.outputs["TokenSecretArn"], ForceDeleteWithoutRecovery=True)
    assert refused_refresh(guarded, company).startswith("secret_unreadable: ")
    guarded.account.succeed("aws secretsmanager create-secret --name xledger-spend/token")
    guarded.put_token(company.token)
    guarded.refresh()


# ------------------------------------------------------------------------------------------------------------ another key


def test_another_key_leaves_the_lake_readable_while_the_former_may_decrypt(guarded, company):
    """Last, for it changes the stack. What was written under a key stays under it."""
    former = guarded.parameters["KmsKeyArn"]
    other = guarded.account.client("kms").create_key(Description="the lake's next")["KeyMetadata"]["Arn"]
    rows = guarded.query("SELECT * FROM spend ORDER BY line_id")
    assert refused_refresh(guarded.deploy_again(KmsKeyArn=other), company).startswith("lake_denied: ")
    guarded.deploy_again(KmsKeyArn=other, FormerKmsKeyArns=former).refresh(mode="full")
    assert guarded.query("SELECT * FROM spend ORDER BY line_id") == rows
    assert keys_asked_for(guarded, "kms:GenerateDataKey")[-1] == other
    without = guarded.deploy_again(KmsKeyArn="", FormerKmsKeyArns=f"{former},{other}")
    asked = len(keys_asked_for(guarded, "kms:GenerateDataKey"))
    without.refresh(mode="full")
    assert len(keys_asked_for(guarded, "kms:GenerateDataKey")) == asked, "a key was used that the stack does not have any more"


def keys_asked_for(guarded, action):
    asked = guarded.account.rights_asked(guarded.resources["FunctionRole"])
    return [each["resource"] for each in asked if each["action"] == action]
