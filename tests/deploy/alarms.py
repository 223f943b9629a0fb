"""What CloudWatch would make of the deployed alarms: data points out of the log's embedded metrics, judged by each alarm's own definition.

The emulator neither reads embedded metrics nor evaluates missing data, so both are done here, as CloudWatch documents them.
"""

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


def rings(alarm, data, now_s):
    """Whether an alarm, as `describe_alarms` gives it, is in the state ALARM at this time."""
    assert "Metrics" not in alarm, "an alarm on an expression is more than this can judge"
    watched = {(dimension["Name"], dimension["Value"]) for dimension in alarm["Dimensions"]}
    period, periods = alarm["Period"], alarm["EvaluationPeriods"]
    # Periods begin at multiples of their length, counted back from the one that is on.
    newest = now_s // period
    breaching = missing = 0
    for index in range(periods):
        values = [
            point.value
            for point in data
            if (point.namespace, point.name, point.dimensions) == (alarm["Namespace"], alarm["MetricName"], watched)
            and point.at_s // period == newest - index
        ]
        if not values:
            missing += 1
        elif COMPARISONS[alarm["ComparisonOperator"]](STATISTICS[alarm["Statistic"]](values), alarm["Threshold"]):
            breaching += 1
    needed = alarm.get("DatapointsToAlarm") or periods
    if alarm.get("TreatMissingData", "missing") == "breaching":
        breaching += missing
    return breaching >= needed
