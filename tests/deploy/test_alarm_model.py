"""The model of alarms beside what AWS publishes, and the template's alarms by that model. Nothing is deployed."""

from pathlib import Path

import pytest

from alarms import Point, rings, state, watched
from cloudformation import Stack, load

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
INSUFFICIENT, RETAIN = "INSUFFICIENT_DATA", None
# The CloudWatch guide, "Configuring how CloudWatch alarms treat missing data": both tables, and what the text below them adds. 0 is within
# the threshold, X beyond, - is missing; the newest is on the right. Three periods are judged, five are looked at.
PUBLISHED = {
    3: {
        "0 - X - X": ("OK", "OK", "OK", "OK"),
        "0 - - - -": ("OK", "OK", "OK", "OK"),
        "- - - - -": (INSUFFICIENT, RETAIN, "ALARM", "OK"),
        "0 X X - X": ("ALARM", "ALARM", "ALARM", "ALARM"),
        "- - X - -": ("ALARM", RETAIN, "ALARM", "OK"),
        "- - - - X": (INSUFFICIENT, RETAIN, "ALARM", "OK"),
    },
    2: {
        "0 - X - X": ("ALARM", "ALARM", "ALARM", "ALARM"),
        "0 0 X 0 X": ("ALARM", "ALARM", "ALARM", "ALARM"),
        "0 - X - -": ("OK", "OK", "ALARM", "OK"),
        "- - - - 0": ("OK", "OK", "ALARM", "OK"),
        "- - - X -": ("ALARM", RETAIN, "ALARM", "OK"),
    },
}


@pytest.mark.parametrize(("needed", "points"), [(needed, points) for needed, rows in PUBLISHED.items() for points in rows])
def test_the_model_does_as_aws_says(needed, points):
    breaches = [{"0": False, "X": True, "-": None}[point] for point in points.split()]
    assert tuple(state(breaches, needed, 3, missing) for missing in TREATMENTS) == PUBLISHED[needed][points]


HOUR_S = 3_600
DAY_S = 24 * HOUR_S


def alarm_of(name, **given):
    return Stack(load(TEMPLATE.read_text("utf-8")), **given).resources()[name]["Properties"]


def at(alarm, hours, value=1.0):
    """Values of what an alarm watches, at these hours."""
    seen = watched(alarm)
    dimensions = frozenset((dimension["Name"], dimension["Value"]) for dimension in seen.dimensions)
    return [Point(seen.namespace, seen.name, dimensions, "Count", value, hour * HOUR_S) for hour in hours]


def first_ring(alarm, data, from_hour, to_hour):
    """The first hour in which an alarm rings."""
    return next((hour for hour in range(from_hour, to_hour) if rings(alarm, data, hour * HOUR_S)), None)


@pytest.mark.parametrize("days", range(1, 8))
def test_no_success_rings_after_as_many_days_as_it_says(days):
    alarm = alarm_of("NoSuccessAlarm", MaximumDaysWithoutSuccess=days)
    assert watched(alarm).period_s * days <= 604_800, "CloudWatch looks back no further"
    once = at(alarm, [1_000])
    assert first_ring(alarm, once, 1_000, 1_300) == 1_000 + 24 * days
    assert not rings(alarm, [], 0), "no run has ended yet"
    assert state([None] * (days + 2), days, days, alarm["TreatMissingData"]) is RETAIN, "and it rings on when all is long ago"
    failed = once + at(alarm, range(1_024, 1_300, 24), 0.0)
    assert first_ring(alarm, failed, 1_000, 1_300) == 1_000 + 24 * days, "a run that fails is no success"


@pytest.mark.parametrize(("interval", "days"), [(72, 4), (24, 2), (12, 1)])
def test_no_success_is_silent_while_runs_succeed(interval, days):
    alarm = alarm_of("NoSuccessAlarm", MaximumDaysWithoutSuccess=days)
    assert first_ring(alarm, at(alarm, range(0, 2_000, interval)), 0, 2_000) is None


def test_waiting_for_the_token_rings_after_a_day_and_until_it_is_put():
    alarm, silent = alarm_of("WaitingAlarm"), alarm_of("NoSuccessAlarm")
    looks = at(alarm, [1_000 + look / 2 for look in range(72)])
    assert first_ring(alarm, looks, 1_000, 1_036) == 1_000 + 23, "with the first hour and the last, a day"
    assert not rings(alarm, looks + at(alarm, [1_036], 0.0), 1_039 * HOUR_S), "and ends within hours once it is put"
    assert first_ring(alarm, looks[:44], 1_000, 1_100) is None, "it was put within the day"
    assert first_ring(silent, looks, 1_000, 1_036) is None, "no success is missing yet"


def test_without_being_filled_it_would_be_two_days_late():
    """So that the model shows what the expression is for."""
    alarm = alarm_of("NoSuccessAlarm")
    [stat] = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    plain = {key: value for key, value in alarm.items() if key != "Metrics"} | stat["Metric"] | {"Period": stat["Period"], "Statistic": stat["Stat"], "TreatMissingData": "breaching"}
    assert first_ring(plain, at(alarm, [1_000]), 1_000, 1_300) == 1_000 + 24 * (int(alarm["EvaluationPeriods"]) + 2)


def test_an_error_rings_though_lambda_dates_it_back():
    """To the begin of a run of 15 minutes; a metric comes some minutes late as it is. Within the period, for AWS does not say what is beyond."""
    alarm, function = alarm_of("RunFailedAlarm"), alarm_of("RefreshFunction")
    told_s = function["Timeout"] + 240
    assert watched(alarm).period_s >= told_s
    assert rings(alarm, at(alarm, [0]), told_s)


def test_an_undelivered_event_rings_until_the_queue_says_that_it_is_empty():
    """A queue that nobody calls reports nothing."""
    alarm = alarm_of("UndeliveredAlarm")
    assert state([None, None, None], 1, 1, alarm["TreatMissingData"]) is RETAIN
    assert state([True, None, False], 1, 1, alarm["TreatMissingData"]) == "OK"
