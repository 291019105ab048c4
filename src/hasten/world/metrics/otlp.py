"""
Metrics as OpenTelemetry's protocol carries them: the JSON form of an ExportMetricsServiceRequest.

Counts are cumulative, so an export that was lost costs nothing: the next one has it all. Histograms have explicit
bounds. Exponential ones would not be exact: their bounds are powers of two of seconds, and the agents count in parts of
powers of two of nanoseconds.
"""

from typing import Any

import hasten
from hasten.world.metrics.families import Family, Labels, Metrics, Point

#: AGGREGATION_TEMPORALITY_CUMULATIVE
CUMULATIVE = 2


def document(metrics: Metrics, resource: dict[str, str]) -> dict[str, Any]:
    """
    The request that exports these metrics; `resource` is whose they are.
    """
    scope = {
        "scope": {"name": "hasten", "version": hasten.__version__},
        "metrics": [_metric(family, metrics) for family in metrics.families],
    }
    return {"resourceMetrics": [{"resource": {"attributes": attributes(resource.items())}, "scopeMetrics": [scope]}]}


def attributes(pairs: Any) -> list[dict[str, Any]]:
    """
    Texts by name in the protocol's form; empty ones are left out.
    """
    return [{"key": key, "value": {"stringValue": value}} for key, value in pairs if value]


def nanoseconds(seconds: float) -> str:
    """
    A moment as the protocol's JSON writes 64 bits: in digits, as text.
    """
    return str(round(seconds * 1e6) * 1_000)


def _metric(family: Family, metrics: Metrics) -> dict[str, Any]:
    points = [_point(family, point, metrics) for point in family.points]
    data: dict[str, Any] = {"dataPoints": points}
    if family.kind != "gauge":
        data["aggregationTemporality"] = CUMULATIVE
    if family.kind == "counter":
        data["isMonotonic"] = True
    name = {"counter": "sum", "gauge": "gauge", "histogram": "histogram"}[family.kind]
    return {"name": family.name, "description": family.says, "unit": family.unit, name: data}


def _point(family: Family, point: Point, metrics: Metrics) -> dict[str, Any]:
    made: dict[str, Any] = {"attributes": _labels(point.labels), "timeUnixNano": nanoseconds(metrics.at)}
    if family.kind != "gauge":
        made["startTimeUnixNano"] = nanoseconds(metrics.at if metrics.since is None else metrics.since)
    if family.kind == "histogram":
        counts = [str(each) for each in point.counts]
        return {
            **made,
            "count": str(point.count),
            "sum": point.value,
            "bucketCounts": counts,
            "explicitBounds": list(family.bounds),
        }
    if point.value == int(point.value):
        return {**made, "asInt": str(int(point.value))}
    return {**made, "asDouble": point.value}


def _labels(labels: Labels) -> list[dict[str, Any]]:
    return attributes(labels)
