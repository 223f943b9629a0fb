"""The stack as its users meet it: deployed by the documented commands, asked and invoked by the commands that it puts out."""

import json
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cloud

NAME = "xledger-spend"
BUILD = "sam build"
DEPLOY = f"sam deploy --stack-name {NAME} --resolve-s3 --capabilities CAPABILITY_IAM"
# A build for users is optimised for minutes. This one is as that of the other tests, and without symbols as in a release.
QUICKLY = {"SAM_BUILD_MODE": "debug", "CARGO_PROFILE_DEV_STRIP": "true"}
LONGEST_BUILD_S = 1800
# What stands in for the compiler, in a directory by itself.
COMPILED = Path(__file__).parent / "compiled"


def build(shell):
    """`sam build`, as the documentation says; with COMPILE as users have it, else around the program that the other tests' build has made."""
    if os.environ.get("COMPILE"):
        shell.succeed(BUILD, limit_s=LONGEST_BUILD_S, **QUICKLY)
    else:
        shell.succeed(f'PATH="{COMPILED}{os.pathsep}$PATH" {BUILD}')


def deploy(account, **parameters):
    """`sam deploy`, as the documentation says."""
    # SAM takes a value with a space only in quotes of its own.
    overrides = " ".join(f"{name}='\"{value}\"'" for name, value in parameters.items())
    command = f"{DEPLOY} --no-progressbar" + (f" --parameter-overrides {overrides}" if overrides else "")
    account.succeed(command, limit_s=300)
    return Stack(account, parameters)


@dataclass(frozen=True)
class Answer:
    """What an invocation answered, and what the function wrote into its log on the way."""

    payload: dict
    failed: bool
    records: list

    @property
    def error_kind(self):
        return self.payload.get("errorType") if self.failed else None

    @property
    def message(self):
        return self.payload.get("errorMessage", "")


class Stack:
    """A deployed stack."""

    def __init__(self, account, parameters, name=NAME):
        self.account = account
        self.parameters = parameters
        self.name = name
        [described] = account.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        assert described["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), described
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    @cached_property
    def resources(self):
        """Physical ids by logical id."""
        pages = self.account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for page in pages for each in page["StackResourceSummaries"]}

    def seen_by(self, account):
        """The same stack for somebody else of its account."""
        return Stack(account, self.parameters)

    def deploy_again(self, **parameters):
        """The same command again, with some parameters changed."""
        return deploy(self.account, **self.parameters | parameters)

    # -------------------------------------------------------------------------------------------------------------- commands

    def command(self, output, typed="", **options):
        """Runs a command that the stack put out."""
        return self.account.succeed(self.outputs[output], typed=typed, **options)

    def put_token(self, token):
        self.command("PutTokenCommand", typed=f"{token}\n")

    # ------------------------------------------------------------------------------------------------------------ invocations

    def invoke(self, event):
        """Invokes the function and waits for its answer."""
        client = self.account.client("lambda")
        before = self._streams()
        answered = client.invoke(FunctionName=self.outputs["FunctionName"], Payload=json.dumps(event))
        payload = json.loads(answered["Payload"].read())
        return Answer(payload, "FunctionError" in answered, self._records(self._streams() - before))

    def refresh(self, **more):
        answer = self.invoke({"action": "refresh"} | more)
        assert not answer.failed, answer.payload
        return answer

    def invoke_asynchronously(self, event):
        answered = self.account.client("lambda").invoke(
            FunctionName=self.outputs["FunctionName"], InvocationType="Event", Payload=json.dumps(event)
        )
        assert answered["StatusCode"] == 202

    # -------------------------------------------------------------------------------------------------------------------- log

    def _streams(self):
        pages = self.account.client("logs").get_paginator("describe_log_streams").paginate(logGroupName=self.resources["FunctionLogGroup"])
        return {stream["logStreamName"] for page in pages for stream in page["logStreams"]}

    def _records(self, streams):
        client, records = self.account.client("logs"), []
        for stream in streams:
            pages = client.get_paginator("filter_log_events").paginate(
                logGroupName=self.resources["FunctionLogGroup"], logStreamNames=[stream]
            )
            records += [event for page in pages for event in page["events"]]
        return [json.loads(event["message"]) for event in records if event["message"].startswith("{")]

    def log(self):
        """All that was logged in JSON, whatever invocation it was of."""
        return self._records(self._streams())

    # ------------------------------------------------------------------------------------------------ schedule, queue, alarms

    def stop_schedule(self):
        """Switches the schedule off, as somebody does who wants no runs but his own."""
        client, name = self.account.client("scheduler"), self.resources["RefreshSchedule"]
        schedule = client.get_schedule(Name=name)
        kept = ("Name", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target", "Description")
        client.update_schedule(**{field: schedule[field] for field in kept if field in schedule}, State="DISABLED")

    def let_the_lease_run_out(self):
        """Lets so much time pass after a run died that the lake is free."""
        client, lease = self.account.client("s3"), {"Bucket": self.outputs["BucketName"], "Key": "lake/state/lease.json"}
        said = json.loads(client.get_object(**lease)["Body"].read())
        client.put_object(**lease, Body=json.dumps(said | {"expires_at": "2020-01-01T00:00:00.000Z"}).encode())

    def take_undelivered(self):
        """What lies in the queue of undelivered events, which is empty afterwards."""
        client, queue = self.account.client("sqs"), self.resources["UndeliveredQueue"]
        messages = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    def undelivered(self):
        """How many events lie in the queue."""
        attributes = self.account.client("sqs").get_queue_attributes(
            QueueUrl=self.resources["UndeliveredQueue"], AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(attributes["Attributes"]["ApproximateNumberOfMessages"])

    def alarms(self):
        """The alarms by logical id, as they were deployed."""
        names = {physical: logical for logical, physical in self.resources.items() if logical.endswith("Alarm")}
        found = self.account.client("cloudwatch").describe_alarms(AlarmNames=list(names))["MetricAlarms"]
        return {names[alarm["AlarmName"]]: alarm for alarm in found}

    # ---------------------------------------------------------------------------------------------------------------- settings

    def configured(self, timeout_s=None, memory_mb=None, **variables):
        """Runs the function with other settings than the template's; a context manager."""
        return _Configured(self, timeout_s, memory_mb, variables)

    # ------------------------------------------------------------------------------------------------------------------ Athena

    def has_table(self, table):
        database = self.outputs["DatabaseName"]
        tables = self.account.client("glue").get_tables(DatabaseName=database)["TableList"]
        return table in {each["Name"] for each in tables}

    def query(self, statement):
        """The rows of a query in the stack's workgroup: texts, as Athena gives them, by column."""
        athena = self.account.client("athena")
        started = athena.start_query_execution(
            QueryString=statement,
            QueryExecutionContext={"Database": self.outputs["DatabaseName"]},
            WorkGroup=self.outputs["WorkGroupName"],
        )
        query = started["QueryExecutionId"]
        status = wait_for(lambda: self._ended(athena, query), 60, "the query's end")
        assert status["State"] == "SUCCEEDED", f"{statement}: {status}"
        pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query)
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
        header, *rows = rows
        return [dict(zip(header, row, strict=True)) for row in rows]

    @staticmethod
    def _ended(athena, query):
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        return status if status["State"] in ("SUCCEEDED", "FAILED", "CANCELLED") else None


class _Configured:
    """Settings of the function that hold for a while."""

    def __init__(self, stack, timeout_s, memory_mb, variables):
        self._client = stack.account.client("lambda")
        self._function = stack.outputs["FunctionName"]
        self._timeout_s, self._memory_mb, self._variables = timeout_s, memory_mb, variables

    def __enter__(self):
        self._before = self._client.get_function_configuration(FunctionName=self._function)
        variables = self._before["Environment"]["Variables"] | self._variables
        self._set(self._timeout_s or self._before["Timeout"], self._memory_mb or self._before["MemorySize"], variables)

    def __exit__(self, *_):
        self._set(self._before["Timeout"], self._before["MemorySize"], self._before["Environment"]["Variables"])

    def _set(self, timeout_s, memory_mb, variables):
        self._client.update_function_configuration(
            FunctionName=self._function, Timeout=timeout_s, MemorySize=memory_mb, Environment={"Variables": variables}
        )


def wait_for(look, limit_s, what):
    """What `look` gives once it gives something."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {limit_s} s in vain for {what}")


# By itself it builds the function ahead of the tests, of which two at once would build it into one directory.
if __name__ == "__main__" and platform.machine() == "x86_64":
    with tempfile.TemporaryDirectory() as home:
        build(cloud.Shell(Path(home)))
