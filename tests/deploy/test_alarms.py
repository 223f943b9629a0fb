"""Every failure that an alarm watches is made to happen; its metric is in the function's log, and the deployed alarm rings by it."""

import secrets
import time
from datetime import datetime, timedelta, timezone

import pytest

from alarms import Point, metrics, points, rings, watched
from stack import wait_for
from wire import nodes
from xledger import Order, bare_xledger

DAY_S = 86_400


def ringing(running, records):
    """The alarms that these records of the log make ring, out of those on the function's own metrics."""
    data = points(records)
    own = {name: alarm for name, alarm in running.alarms().items() if watched(alarm).namespace == "XledgerSpend" and name != "NoSuccessAlarm"}
    assert len(own) == 10
    return {name for name, alarm in own.items() if rings(alarm, data, data[-1].at_s)}


def test_each_alarm_watches_a_metric_that_a_run_reports(running):
    reported = {(point.namespace, point.name, point.dimensions) for point in points(running.refresh().records)}
    for name, alarm in running.alarms().items():
        seen = watched(alarm)
        if seen.namespace == "XledgerSpend":
            dimensions = frozenset((dimension["Name"], dimension["Value"]) for dimension in seen.dimensions)
            assert (seen.namespace, seen.name, dimensions) in reported, name


def test_a_good_run_makes_none_ring(running):
    answer = running.refresh()
    assert ringing(running, answer.records) == set()
    told = metrics(answer.records)
    assert (told["RunsSucceeded"], told["RunsFailed"], told["TokenRefused"], told["PayrollReceived"]) == (1, 0, 0, 0)
    assert told["SpendRows"] == answer.payload["tables"]["spend"]["rows"]


def test_no_success_for_days(running):
    """It rings when nothing runs any more, too. `test_alarm_model.py` has when."""
    alarm = running.alarms()["NoSuccessAlarm"]
    days = int(alarm["EvaluationPeriods"])
    success = points(running.refresh().records)
    now = success[-1].at_s
    assert not rings(alarm, [], now), "nothing has ever run"
    assert not rings(alarm, success, now)
    assert not rings(alarm, success, now + days * DAY_S - 60)
    assert rings(alarm, success, now + days * DAY_S + 1)
    with a_token(running, "another-token-that-was-never-made"):
        failure = points(running.invoke({"action": "refresh"}).records)
    assert rings(alarm, failure, failure[-1].at_s), "a failed run is no success"


@pytest.mark.parametrize(
    ("token", "kind"),
    [("another-token-that-was-never-made", "token_refused"), ("two words", "token_malformed"), ('{"key": "none"}', "token_malformed")],
)
def test_a_token_that_is_not_taken(running, token, kind):
    with a_token(running, token):
        answer = running.invoke({"action": "refresh"})
    assert answer.error_kind == kind
    assert token not in str(answer.records) + answer.message
    told = metrics(answer.records)
    assert (told["TokenRefused"], told["RunsFailed"], told["RunsSucceeded"]) == (1, 1, 0)
    assert ringing(running, answer.records) == {"TokenAlarm"}


class a_token:  # noqa: N801, it reads as what it is
    """Another token for a while."""

    def __init__(self, running, token):
        self._client, self._secret = running.account.client("secretsmanager"), running.outputs["TokenSecretArn"]
        self._token = token

    def __enter__(self):
        self._before = self._client.get_secret_value(SecretId=self._secret)["SecretString"]
        self._client.put_secret_value(SecretId=self._secret, SecretString=self._token)

    def __exit__(self, *_):
        self._client.put_secret_value(SecretId=self._secret, SecretString=self._before)


def recode_a_line(data):
    """Somebody makes salary of a line that was admitted."""
    fetched = [node for node in nodes(data, "transactions") if "amount" in node]
    if fetched:
        fetched[0]["header"]["transactionSource"]["description"] = "Lønn"


def answer_an_unasked_line(data):
    """The filter on ids does not work."""
    fetched = [node for node in nodes(data, "transactions") if "amount" in node]
    if fetched:
        number = int(fetched[0]["dbId"])
        fetched[0]["dbId"] = str(number + 1_000_000_000) if isinstance(fetched[0]["dbId"], str) else number + 1_000_000_000


@pytest.mark.parametrize(("alter", "kind"), [(recode_a_line, "payroll_received"), (answer_an_unasked_line, "unasked_line")])
def test_payroll_found_where_it_should_not_be(running, company, alter, kind):
    rows = running.refresh() and running.query("SELECT * FROM spend ORDER BY line_id")
    with company.with_answers(alter):
        answer = running.invoke({"action": "refresh", "mode": "full"})
    assert answer.error_kind == kind
    told = metrics(answer.records)
    assert (told["PayrollReceived"], told["RunsFailed"], told["RunsSucceeded"]) == (1, 1, 0)
    assert ringing(running, answer.records) == {"PayrollAlarm"}
    assert running.query("SELECT * FROM spend ORDER BY line_id") == rows, "something was published"


@pytest.mark.parametrize(
    ("weather", "metric", "alarm"),
    [
        ("missing-right-Currency-null-field", "RightsLost", "RightsAlarm"),
        ("chart-above-some-nowhere", "LinesUnknownAccount", "AccountsAlarm"),
        ("odd-values", "ValuesUnfit", "ValuesAlarm"),
        ("null-rows-for-ever", "NullRows", "NullRowsAlarm"),
    ],
)
def test_tables_that_lack_something(running, weather, metric, alarm):
    """They are published all the same, and somebody is told."""
    with bare_xledger(Order(3_000, 7, weather)) as xledger:
        with running.configured(XLEDGER_ENDPOINT=xledger.endpoint, SPEND_MAX_REFUSED_PERCENT="100"):
            answer = running.refresh(accept_shrink=True)
    running.refresh(accept_shrink=True)
    assert metrics(answer.records)[metric] > 0
    assert ringing(running, answer.records) == {alarm}


def test_accounts_that_look_like_wages_ring_until_they_are_confirmed(running):
    answer = running.refresh()
    assert answer.payload["accounts_to_confirm"] == ["5500"]
    data, alarm = points(answer.records), running.alarms()["WagesAlarm"]
    assert not rings(alarm, data, data[-1].at_s), "one is confirmed"
    assert rings(alarm | {"Threshold": 0.0}, data, data[-1].at_s), "none is, as after a first deployment"


def test_a_run_near_its_time_limit(running, company):
    """An answer does not come. The run stops some seconds before the limit, so as to be able to say so."""
    with running.configured(timeout_s=30), company.with_answers(delay_s=30):
        answer = running.invoke({"action": "refresh", "mode": "full"})
    assert answer.error_kind == "deadline_reached"
    assert metrics(answer.records)["TimeUsed"] > 80, answer.payload
    assert "TimeAlarm" in ringing(running, answer.records)


def test_a_run_near_its_memory_limit(running, company):
    """The emulator does not enforce the limit, so the run itself comes to its end."""
    with running.configured(memory_mb=128, XLEDGER_PAGE_ROWS="200"), company.with_answers(fatten):
        answer = running.refresh(mode="full")
    told = metrics(answer.records)
    assert told["MemoryUsed"] > 80, told
    assert told["MemoryPeak"] > 0.8 * 128
    assert ringing(running, answer.records) == {"MemoryAlarm"}
    running.refresh(mode="full")


def fatten(data):
    """Gives every line a text that fills memory."""
    for node in nodes(data, "transactions"):
        if "text" in node:
            node["text"] = secrets.token_hex(48 * 1_024)


def test_a_run_that_failed(running):
    """Lambda counts it, whatever the reason, and the function's log says why."""
    alarm = running.alarms()["RunFailedAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Errors")
    errors = lambda_errors(running, alarm)
    with running.configured(SPEND_HISTORY_FROM="last year"):
        answer = running.invoke({"action": "refresh"})
    assert answer.failed and answer.error_kind == "settings_invalid"
    assert metrics(answer.records)["RunsFailed"] == 1
    assert answer.error_kind in str(answer.records)
    assert lambda_errors(running, alarm) == errors + 1
    assert rings_at(alarm, errors + 1)
    assert not rings_at(alarm, 0)


def test_a_run_that_lambda_ends(running, company):
    """Too late to say anything itself: Lambda's own count is what rings."""
    alarm = running.alarms()["RunFailedAlarm"]
    errors = lambda_errors(running, alarm)
    with running.configured(timeout_s=1), company.with_answers(delay_s=5):
        answer = running.invoke({"action": "refresh"})
    assert answer.failed
    assert lambda_errors(running, alarm) == errors + 1
    running.let_the_lease_run_out()
    running.refresh()


def lambda_errors(running, alarm):
    """What Lambda has counted in the last hour."""
    now = datetime.now(timezone.utc)
    found = running.account.client("cloudwatch").get_metric_statistics(
        Namespace=alarm["Namespace"],
        MetricName=alarm["MetricName"],
        Dimensions=alarm["Dimensions"],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=5),
        Period=3_600,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in found["Datapoints"])


def rings_at(alarm, value):
    """Whether an alarm rings by this value of the metric that it watches, one that a service counts."""
    now = time.time()
    dimensions = frozenset((dimension["Name"], dimension["Value"]) for dimension in alarm["Dimensions"])
    return rings(alarm, [Point(alarm["Namespace"], alarm["MetricName"], dimensions, "Count", value, now)], now)


def test_an_event_that_could_not_be_delivered(running):
    alarm = running.alarms()["UndeliveredAlarm"]
    [queue] = alarm["Dimensions"]
    assert (alarm["Namespace"], alarm["MetricName"], queue["Name"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName")
    assert running.resources["UndeliveredQueue"].endswith("/" + queue["Value"])
    assert running.undelivered() == 0 and not rings_at(alarm, 0)
    running.invoke_asynchronously({"action": "nothing of the sort"})
    lying = wait_for(running.undelivered, 30, "the event in the queue")
    assert rings_at(alarm, lying)
    running.take_undelivered()
