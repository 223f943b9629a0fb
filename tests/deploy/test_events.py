"""Ad-hoc use: every sample event by its documented command; events that come twice, at once, or while a run is on."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloud import REPOSITORY
from stack import wait_for
from wire import nodes

EVENTS = sorted(path.name for path in (REPOSITORY / "events").glob("*.json"))
ENDS = {
    "refresh.json": "succeeded",
    "refresh-accept-shrink.json": "succeeded",
    "refresh-full.json": "succeeded",
    "refresh-period.json": "succeeded",
    "refresh-dry-run.json": "dry_run",
    "schedule.json": "succeeded",
    "rollback.json": "succeeded",
    "check.json": None,
}
COMMAND = "AWS_MAX_ATTEMPTS=1 aws lambda invoke --function-name {function} --cli-read-timeout 910 --payload fileb://events/{event} answer.json"


@pytest.fixture(scope="module", autouse=True)
def up_to_date(running):
    running.refresh()


def rows(running):
    return running.query("SELECT * FROM spend ORDER BY line_id")


@pytest.mark.parametrize("event", EVENTS)
def test_every_sample_event_is_sent_by_its_documented_command(running, workbench, event):
    if event == "rollback.json":
        choose_snapshot(running, workbench / "events" / event)
    before = rows(running)
    said = json.loads(running.account.succeed(COMMAND.format(function=running.outputs["FunctionName"], event=event), directory=workbench))
    answer = json.loads((workbench / "answer.json").read_text("utf-8"))
    assert said["StatusCode"] == 200 and "FunctionError" not in said, answer
    assert answer.get("status") == ENDS[event]
    assert rows(running) == before, "nothing changed in Xledger, but the table did"


def choose_snapshot(running, sample):
    """The sample names a snapshot that nobody has: a user puts in one that there is."""
    event = json.loads(sample.read_text("utf-8"))
    older = running.refresh().payload["snapshot"]
    running.refresh()
    sample.write_text(json.dumps(event | {"snapshot": older}), "utf-8")


def test_a_rollback_takes_athena_back(running, company):
    texts = "SELECT count(*) AS lines FROM spend WHERE text = 'set in the meantime'"
    older = running.refresh().payload["snapshot"]
    with company.with_answers(set_texts):
        newer = running.refresh(mode="full").payload["snapshot"]
    assert running.query(texts) != [{"lines": "0"}]
    answer = running.invoke({"action": "rollback", "snapshot": older})
    assert (answer.payload["status"], answer.payload["snapshot"]) == ("succeeded", older)
    assert running.query(texts) == [{"lines": "0"}]
    assert running.invoke({"action": "rollback", "snapshot": "20200101T000000Z-0a1b2c3d"}).error_kind == "snapshot_unknown"
    assert not running.invoke({"action": "rollback", "snapshot": newer}).failed
    assert running.query(texts) != [{"lines": "0"}]
    running.refresh(mode="full")


def set_texts(data):
    for node in nodes(data, "transactions"):
        if "text" in node:
            node["text"] = "set in the meantime"


def test_an_event_that_is_not_understood_is_refused_with_every_fault(running):
    answer = running.invoke({"action": "refresh", "mode": "some", "dryrun": True})
    assert answer.error_kind == "event_invalid"
    assert "mode" in answer.message and "dryrun" in answer.message


def test_a_call_while_a_run_is_on_is_told_to_wait(running, company):
    with ThreadPoolExecutor() as pool, company.with_answers(delay_s=0.5):
        first = pool.submit(running.refresh)
        wait_for(lambda: company.is_asked(), 30, "the first run's first question")
        with pytest.raises(running.account.client("lambda").exceptions.ClientError) as refused:
            running.invoke({"action": "refresh"})
        assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
        assert not first.result().failed


def test_events_that_come_twice_and_at_once_run_one_after_the_other(running):
    runs = "SELECT run_id, status, started_at, finished_at FROM runs ORDER BY started_at"
    before, table = running.query(runs), rows(running)
    for _ in range(3):
        running.invoke_asynchronously({"action": "refresh"})
    after = wait_for(lambda: len(found := running.query(runs)) >= len(before) + 3 and found, 60, "the three runs")
    new = [run for run in after if run not in before]
    assert [run["status"] for run in new] == ["succeeded"] * 3
    assert all(earlier["finished_at"] <= later["started_at"] for earlier, later in zip(new, new[1:], strict=False))
    assert rows(running) == table
    assert running.undelivered() == 0


def test_without_reserved_concurrency_the_second_run_ends_by_itself(running, company):
    """As an account has it whose quota is too small to reserve any."""
    client, function = running.account.client("lambda"), running.outputs["FunctionName"]
    client.delete_function_concurrency(FunctionName=function)
    try:
        with ThreadPoolExecutor() as pool, company.with_answers(delay_s=0.5):
            first = pool.submit(running.refresh)
            wait_for(lambda: company.is_asked(), 30, "the first run's first question")
            second = running.invoke({"action": "refresh"})
            first = first.result()
    finally:
        client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    assert second.error_kind == "lake_in_use"
    assert first.payload["status"] == "succeeded"


def test_a_failed_event_is_tried_once_more_and_then_put_aside(running):
    running.invoke_asynchronously({"action": "nothing of the sort"})
    [message] = wait_for(running.take_undelivered, 30, "the message")
    assert message["requestPayload"] == {"action": "nothing of the sort"}
    assert message["responsePayload"]["errorType"] == "event_invalid"
