"""
Metrics in the JSON of OpenTelemetry's protocol.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseError
from tests.world.metrics.protocol import metrics_request, texts
from tests.world.metrics.test_families import metrics
from tests.world.test_telemetry import route, statement, write

from hasten.world.metrics.bounds import BOUNDS_S
from hasten.world.metrics.otlp import document, nanoseconds


def sent(folder: Path) -> tuple[Any, Any]:
    """
    The resource and the metrics by name, as a collector reads them.
    """
    body = json.dumps(document(metrics(folder), {"service.name": "shop"})).encode()
    (resource,) = metrics_request(body).resource_metrics
    (scope,) = resource.scope_metrics
    assert "hasten" == scope.scope.name
    return resource.resource, {each.name: each for each in scope.metrics}


def test_a_collector_reads_the_histograms(tmp_path: Path) -> None:
    """
    Cumulative, with their beginning, exact counts between explicit bounds, and the resource that they are of.
    """
    write(tmp_path, os.getpid(), [route("/a", 3, 60, 20_000)], [statement("select * from t", 2)], began_at=50.25)
    resource, found = sent(tmp_path)
    histogram = found["http.server.request.duration"].histogram
    (point,) = histogram.data_points

    assert {"service.name": "shop"} == texts(resource.attributes)
    assert ("s", 2) == (found["http.server.request.duration"].unit, histogram.aggregation_temporality)
    assert (3, 20.063) == (point.count, pytest.approx(point.sum))
    assert (50_250_000_000, 1_000_000_000_000) == (point.start_time_unix_nano, point.time_unix_nano)
    assert list(BOUNDS_S) == list(point.explicit_bounds)
    assert 3 == sum(point.bucket_counts) and len(BOUNDS_S) + 1 == len(point.bucket_counts)
    assert [1, 1, 1] == [each for each in point.bucket_counts if each]
    assert {"http.route": "/a", "http.request.method": "GET", "http.response.status_class": "2xx"} == (
        texts(point.attributes)
    )


def test_a_collector_reads_counters_and_gauges(tmp_path: Path) -> None:
    """
    Counters are monotonic sums, whole numbers are whole, and a gauge has no beginning.
    """
    write(tmp_path, os.getpid(), [route("/a", 3)], [statement("select ?", 2)])
    _, found = sent(tmp_path)
    size, database = found["hasten.http.server.response.body.size"].sum, found["hasten.http.server.database.time"].sum

    assert (True, 2, 100) == (size.is_monotonic, size.aggregation_temporality, size.data_points[0].as_int)
    assert 0.002 == database.data_points[0].as_double
    assert (1, 0) == (
        found["hasten.workers"].gauge.data_points[0].as_int,
        found["hasten.workers"].gauge.data_points[0].start_time_unix_nano,
    )


def test_sixty_four_bits_are_digits() -> None:
    """
    A moment loses nothing that the clock told, and is a text as the protocol has it.
    """
    assert "1764165660123457000" == nanoseconds(1764165660.123457)


@pytest.mark.parametrize(
    "broken",
    [
        {"resourceMetrics": [{"resources": {}}]},
        {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"sum": {"isMonotonic": "yes"}}]}]}]},
        {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"sum": {"aggregationTemporality": "CUMULATIVE"}}]}]}]},
        {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"sum": {}, "gauge": {}}]}]}]},
    ],
)
def test_the_reader_of_these_tests_is_strict(broken: Any) -> None:
    """
    What a collector would refuse, it refuses.
    """
    with pytest.raises(ParseError):
        metrics_request(json.dumps(broken).encode())
