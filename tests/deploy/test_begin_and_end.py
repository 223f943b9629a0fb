"""A first deployment that fails and the way out of it, and a removal: in an account of their own, by the commands of the pages."""

import pytest

import cloud
from stack import DEPLOY, NAME, deploy
from test_documents import commands

REMOVAL = [
    f'BUCKET=$(aws cloudformation describe-stacks --stack-name {NAME} --query "Stacks[0].Outputs[?OutputKey==\'BucketName\'].OutputValue" --output text)',
    f"aws cloudformation delete-stack --stack-name {NAME}",
    f"aws cloudformation wait stack-delete-complete --stack-name {NAME}",
]
NO_BUCKET = 'aws s3 rb "s3://$BUCKET" --force'


@pytest.fixture(scope="module")
def new_account(tmp_path_factory):
    with cloud.account(tmp_path_factory.mktemp("new") / "account") as account:
        yield account


def test_the_pages_have_these_commands():
    assert {*REMOVAL, NO_BUCKET} <= set(commands())


def test_a_first_deployment_that_fails_is_deleted_and_made_again(built, new_account, company):
    glue, stacks = new_account.client("glue"), new_account.client("cloudformation")
    glue.create_database(DatabaseInput={"Name": "xledger_spend"})
    failed = new_account.run(f"{DEPLOY} --no-progressbar", limit_s=300)
    assert failed.status != 0, failed
    [stack] = stacks.describe_stacks(StackName=NAME)["Stacks"]
    assert stack["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"), stack
    events = stacks.describe_stack_events(StackName=NAME)["StackEvents"]
    assert "GlueDatabase" in {event["LogicalResourceId"] for event in events if event["ResourceStatus"] == "CREATE_FAILED"}

    glue.delete_database(Name="xledger_spend")
    new_account.succeed(" && ".join(REMOVAL[1:]))
    stack = deploy(new_account, XledgerEndpoint=company.endpoint, ScheduleState="DISABLED")
    stack.put_token(company.token)
    stack.refresh()


def test_a_removal_leaves_the_lake_until_it_is_deleted_too(new_account):
    s3 = new_account.client("s3")
    bucket = new_account.succeed(" && ".join([*REMOVAL, 'echo "$BUCKET"'])).strip()
    assert not new_account.client("lambda").list_functions()["Functions"]
    assert not new_account.client("scheduler").list_schedules()["Schedules"]
    assert not new_account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert "xledger_spend" not in {database["Name"] for database in new_account.client("glue").get_databases()["DatabaseList"]}
    s3.head_object(Bucket=bucket, Key="lake/CURRENT.json")

    new_account.succeed(NO_BUCKET, BUCKET=bucket)
    assert bucket not in {each["Name"] for each in s3.list_buckets()["Buckets"]}
