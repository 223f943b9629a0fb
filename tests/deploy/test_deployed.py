"""From nothing to rows in Athena: deploy, put the token, wait for the schedule, query."""

import json
import shlex
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from stack import wait_for


def test_until_the_token_is_put_a_check_says_so(stack):
    answer = stack.invoke({"action": "check"})
    assert answer.error_kind == "token_missing"
    assert "put-secret-value" in answer.message


def test_the_token_is_put_by_the_documented_command(stack, company):
    """Shown neither on the terminal nor in what the command prints, nor to those who list processes."""
    command = stack.outputs["PutTokenCommand"]
    assert "read -rs" in command and "file:///dev/stdin" in command
    printed = stack.command("PutTokenCommand", typed=f"{company.token}\n")
    assert json.loads(printed)["VersionStages"] == ["AWSCURRENT"]
    assert company.token not in printed
    secrets = stack.account.client("secretsmanager")
    assert secrets.get_secret_value(SecretId=stack.outputs["TokenSecretArn"])["SecretString"] == company.token


def test_the_check_command_says_that_the_token_is_ready(stack, workbench):
    said = stack.command("CheckCommand", directory=workbench)
    answer = json.loads((workbench / "answer.json").read_text("utf-8"))
    assert answer["ready"] is True
    assert {right["access"] for right in answer["rights"]} == {"readable", "not_used"}
    assert "Leverandørfaktura" in said, "the answer cannot be read in a terminal"


def test_a_deployment_starts_the_schedule_and_athena_has_the_rows(stack, company):
    before = datetime.now(timezone.utc)
    stack.deploy_again(ScheduleState="ENABLED")
    [run] = wait_for(lambda: stack.has_table("runs") and stack.query("SELECT * FROM runs"), 150, "the scheduled run")
    stack.stop_schedule()
    assert datetime.fromisoformat(run["started_at"]).replace(tzinfo=timezone.utc) >= before
    counts = company.line_counts
    assert (run["action"], run["status"], run["error_kind"]) == ("refresh", "succeeded", None)
    assert int(run["lines_listed"]) == counts["listed"]
    assert int(run["lines_kept"]) == counts["kept"]
    assert int(run["excluded_payroll"]) == counts["excluded_payroll"]


@pytest.mark.parametrize("table", ["spend", "supplier"])
def test_the_tables_hold_what_the_books_say(stack, company, table):
    expected = getattr(company, table)()
    key = "line_id" if table == "spend" else "supplier_id"
    rows = stack.query(f"SELECT * FROM {table} ORDER BY {key}")
    assert len(rows) == len(expected) > 0
    for row, wanted in zip(rows, sorted(expected, key=lambda row: row[key]), strict=True):
        assert {column: like(text, wanted[column]) for column, text in row.items()} == wanted


def like(text, wanted):
    """Athena's text as the kind of value that is wanted."""
    if text is None or wanted is None:
        return text
    if isinstance(wanted, datetime):
        return datetime.fromisoformat(text.removesuffix("+00:00")).replace(tzinfo=timezone.utc)
    if isinstance(wanted, date):
        return date.fromisoformat(text)
    if isinstance(wanted, bool):
        return {"true": True, "false": False}[text]
    return type(wanted)(text) if isinstance(wanted, int | Decimal) else text


def test_no_payroll_line_is_in_athena(stack, company):
    ids = company.payroll_line_ids()
    assert len(ids) > 20
    assert stack.query(f"SELECT count(*) AS lines FROM spend WHERE line_id IN ({', '.join(map(str, ids))})") == [{"lines": "0"}]


def test_the_query_command_shows_the_years(stack, company):
    said = stack.command("QueryCommand")
    header, *years = [line.split("\t") for line in said.splitlines()]
    assert header == ["year", "lines", "amount"]
    rows = company.spend()
    assert [year for year, _, _ in years] == sorted({str(row["year"]) for row in rows})
    assert sum(int(lines) for _, lines, _ in years) == len(rows)
    assert sum(Decimal(amount) for _, _, amount in years) == sum(row["amount"] for row in rows)


def test_the_run_now_command_shows_the_report(stack, company, workbench):
    said = stack.command("RunNowCommand", directory=workbench)
    assert '"status": "succeeded"' in said
    report = json.loads((workbench / "answer.json").read_text("utf-8"))
    assert report["lines"]["kept"] == company.line_counts["kept"]
    [newest] = stack.query("SELECT run_id, snapshot FROM runs ORDER BY started_at DESC LIMIT 1")
    assert newest == {"run_id": report["run_id"], "snapshot": report["snapshot"]}


def test_the_watch_command_shows_the_log(stack):
    """It goes on until it is interrupted, and until it is killed where Python loses the interrupt in a finalizer."""
    watched = stack.account.run(f"timeout --signal=INT --kill-after=10 30 bash -c {shlex.quote(stack.outputs['WatchCommand'])}")
    assert "refresh ended" in watched.stdout, watched


def test_the_saved_queries_are_in_the_workgroup(stack):
    athena = stack.account.client("athena")
    found = athena.list_named_queries(WorkGroup=stack.outputs["WorkGroupName"])["NamedQueryIds"]
    queries = athena.batch_get_named_query(NamedQueryIds=found)["NamedQueries"]
    assert len(queries) >= 5
    assert {query["Database"] for query in queries} == {stack.outputs["DatabaseName"]}


def test_the_alarms_reach_a_person(stack):
    alarms = stack.alarms()
    topic = stack.resources["AlarmTopic"]
    assert len(alarms) == 13
    assert {name: alarm["AlarmActions"] for name, alarm in alarms.items()} == {name: [topic] for name in alarms}
    assert all(alarm["ActionsEnabled"] for alarm in alarms.values())
    [subscription] = stack.account.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "purchasing@example.org")


def test_neither_the_token_nor_payroll_is_in_the_log(stack, company):
    said = json.dumps(stack.log(), ensure_ascii=False)
    assert "refresh ended" in said
    assert company.token not in said
    assert "PAYROLL-CANARY" not in said


def test_a_deployment_changes_and_stops_the_schedule(stack):
    """And nothing of it is a date that would be past."""
    client = stack.account.client("scheduler")
    for state in ("ENABLED", "DISABLED"):
        stack.deploy_again(ScheduleExpression="cron(0 5 ? * MON,THU *)", ScheduleState=state)
        schedule = client.get_schedule(Name=stack.resources["RefreshSchedule"])
        assert (schedule["State"], schedule["ScheduleExpression"]) == (state, "cron(0 5 ? * MON,THU *)")
        assert "StartDate" not in schedule


@pytest.mark.parametrize("verb", ["create_schedule", "update_schedule"])
def test_the_account_refuses_a_start_that_is_past(stack, verb):
    """As AWS does, so that what deploys here is no schedule with one."""
    client = stack.account.client("scheduler")
    schedule = client.get_schedule(Name=stack.resources["RefreshSchedule"])
    kept = {field: schedule[field] for field in ("ScheduleExpression", "FlexibleTimeWindow", "Target", "State")}
    name = schedule["Name"] if verb == "update_schedule" else "another"
    with pytest.raises(client.exceptions.ValidationException, match="StartDate"):
        getattr(client, verb)(Name=name, StartDate=datetime.now(timezone.utc) - timedelta(minutes=6), **kept)


def test_another_deployment_changes_a_setting_and_keeps_the_rest(stack):
    """Upgrading is the same command again. The token stays, and so do the tables."""
    rows = stack.query("SELECT * FROM spend ORDER BY line_id")
    after = stack.deploy_again(SnapshotsKept=11)
    function = stack.account.client("lambda").get_function_configuration(FunctionName=after.outputs["FunctionName"])
    assert function["Environment"]["Variables"]["SPEND_SNAPSHOTS_KEPT"] == "11"
    assert after.outputs == stack.outputs
    assert after.query("SELECT * FROM spend ORDER BY line_id") == rows
    after.refresh()
