"""Deployed before there is a token: the function waits for it, and once it is put it makes the tables, without another command."""

import json

import pytest

import cloud
import stack as deployment
from alarms import points, rings, watched
from stack import wait_for
from test_rights import fire_early, schedules_to_go_on


@pytest.fixture(scope="module")
def waiting(built, company, tmp_path_factory):
    """The stack as the page deploys it, in an account that has nothing."""
    with cloud.account(tmp_path_factory.mktemp("waiting") / "account") as account:
        yield deployment.deploy(account, XledgerEndpoint=company.endpoint, AlarmEmail="purchasing@example.org", AccountsConfirmed=1)


def waits(stack):
    return [record for record in stack.log() if record.get("status") == "waiting_for_token" and "_aws" in record]


def test_the_deployment_itself_begins_to_wait(waiting):
    wait_for(lambda: schedules_to_go_on(waiting), 60, "the look for the token")
    assert len(waits(waiting)) == 1, "the rate has begun at once"
    assert [record for record in waiting.log() if record.get("level") == "ERROR"] == []
    assert waiting.undelivered() == 0


def test_whoever_runs_by_hand_meanwhile_begins_no_second_chain(waiting):
    answers = [waiting.invoke({"action": "refresh"}) for _ in range(2)]
    assert [answer.payload["status"] for answer in answers] == ["waiting_for_token"] * 2
    planned = {schedule["ScheduleExpression"]: schedule for schedule in schedules_to_go_on(waiting)}
    assert len(planned) == len(schedules_to_go_on(waiting)) <= 2, "two only if five minutes have ended in between"
    assert f"at({answers[-1].payload['continues_at'][:19]})" in planned


def test_nothing_rings_while_it_waits(waiting):
    data = points(waits(waiting))
    alarms = {name: alarm for name, alarm in waiting.alarms().items() if watched(alarm).namespace == "XledgerSpend"}
    assert {name for name, alarm in alarms.items() if rings(alarm, data, data[-1].at_s)} == set()


def test_a_token_that_is_not_taken_is_a_failure(waiting):
    waiting.put_token("another-token-that-was-never-made")
    [event, *_] = [json.loads(schedule["Target"]["Input"]) for schedule in schedules_to_go_on(waiting)]
    answer = waiting.invoke(event)
    assert answer.error_kind == "token_refused"
    assert not waiting.has_table("spend")


def test_the_look_after_the_token_is_put_makes_the_tables(waiting, company):
    before = len(waits(waiting))
    waiting.put_token(company.token)
    for schedule in schedules_to_go_on(waiting):
        fire_early(waiting, schedule)
    wait_for(lambda: waiting.has_table("spend"), 60, "the tables")
    [lines] = waiting.query("SELECT count(*) AS lines FROM spend")
    assert int(lines["lines"]) == len(company.spend()) > 0
    [run] = wait_for(lambda: waiting.query("SELECT * FROM runs WHERE status = 'succeeded'"), 30, "the run")
    assert int(run["excluded_payroll"]) == company.line_counts["excluded_payroll"]
    wait_for(lambda: not schedules_to_go_on(waiting), 30, "the end of the chain")
    assert len(waits(waiting)) == before
    assert waiting.undelivered() == 0


def test_a_cron_begins_at_once_too(waiting):
    """Else the token would be waited for from the first day on that the expression means."""
    runs = "SELECT run_id FROM runs WHERE status = 'succeeded'"
    before = len(waiting.query(runs))
    after = waiting.deploy_again(ScheduleExpression="cron(0 5 ? * MON,THU *)")
    wait_for(lambda: len(after.query(runs)) == before + 1, 60, "the first run")
