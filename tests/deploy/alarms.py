"""What CloudWatch would make of the deployed alarms: data points out of the log's embedded metrics, judged by each alarm's own definition.

The emulator neither reads embedded metrics nor evaluates missing data, so both are done here, as CloudWatch documents them.
"""

import re
from dataclasses import dataclass

COMPARISONS = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
STATISTICS = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": len,
}


@dataclass(frozen=True)
class Point:
    """A value of a metric."""

    namespace: str
    name: str
    dimensions: frozenset
    unit: str
    value: float
    at_s: float


def points(records):
    """The data points in lines of a log, as CloudWatch reads the embedded metric format."""
    found = []
    for record in records:
        for directive in record.get("_aws", {}).get("CloudWatchMetrics", []):
            for dimensions in directive["Dimensions"]:
                at = frozenset((name, record[name]) for name in dimensions)
                for metric in directive["Metrics"]:
                    values = record.get(metric["Name"], [])
                    for value in values if isinstance(values, list) else [values]:
                        unit = metric.get("Unit", "None")
                        found.append(Point(directive["Namespace"], metric["Name"], at, unit, float(value), record["_aws"]["Timestamp"] / 1000))
    return found


def metrics(records):
    """The values by metric, where there is one record of metrics."""
    return {point.name: point.value for point in points(records)}


@dataclass(frozen=True)
class Watched:
    """What an alarm looks at: a metric by itself, or filled up by the one expression that ours have."""

    namespace: str
    name: str
    dimensions: list
    statistic: str
    period_s: int
    fill: float | None


def watched(alarm):
    """What an alarm looks at, out of a template or as `describe_alarms` gives it."""
    if "Metrics" not in alarm:
        return Watched(alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"], alarm["Statistic"], int(alarm["Period"]), None)
    told = {query["Id"]: query for query in alarm["Metrics"]}
    [shown] = [query for query in told.values() if query.get("ReturnData", True) not in (False, "false")]
    [(of, fill)] = re.findall(r"^FILL\((\w+), (\d+)\)$", shown["Expression"])
    stat = told[of]["MetricStat"]
    return Watched(*(stat["Metric"][key] for key in ("Namespace", "MetricName", "Dimensions")), stat["Stat"], int(stat["Period"]), float(fill))


LOOKS_FURTHER = 2
"""How many periods more than it judges CloudWatch looks at: as in AWS's tables; for other alarms AWS does not say."""


def rings(alarm, data, now_s):
    """Whether an alarm is in the state ALARM at this time."""
    looked_at, found = watched(alarm), []
    dimensions = {(dimension["Name"], dimension["Value"]) for dimension in looked_at.dimensions}
    # Periods are counted back from now: by default they slide.
    for index in reversed(range(int(alarm["EvaluationPeriods"]) + LOOKS_FURTHER)):
        values = [
            point.value
            for point in data
            if (point.namespace, point.name, point.dimensions) == (looked_at.namespace, looked_at.name, dimensions)
            and (now_s - point.at_s) // looked_at.period_s == index
        ]
        found.append(STATISTICS[looked_at.statistic](values) if values else None)
    # An expression has no value where its metric has none at all.
    if looked_at.fill is not None and any(value is not None for value in found):
        found = [looked_at.fill if value is None else value for value in found]
    compare = COMPARISONS[alarm["ComparisonOperator"]]
    breaches = [None if value is None else compare(value, float(alarm["Threshold"])) for value in found]
    needed = int(alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"])
    return state(breaches, needed, int(alarm["EvaluationPeriods"]), alarm.get("TreatMissingData", "missing")) == "ALARM"


def state(breaches, needed, periods, missing):
    """The state that follows, or None for the one before, as AWS documents it.

    `breaches` are the periods in the evaluation range, the oldest first: whether each breaches, None where nothing is known.
    """
    real = [breach for breach in breaches if breach is not None]
    judged = real[-periods:]
    if len(judged) < periods and missing in ("breaching", "notBreaching"):
        judged = judged + [missing == "breaching"] * (periods - len(judged))
    if sum(judged) >= needed:
        return "ALARM"
    if not all(real) or missing == "notBreaching":
        return "OK"
    if missing == "ignore":
        return None
    # All that is known breaches: an alarm if the oldest of it is old enough for what is missing since to have come.
    age = len(breaches) - breaches.index(True) if real else 0
    return "ALARM" if age >= needed else "INSUFFICIENT_DATA"
