"""
The text that a Prometheus scrapes.
"""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.world.metrics.exposition import plain, read
from tests.world.metrics.test_families import metrics
from tests.world.test_telemetry import route, statement, write

from hasten.world.metrics.families import Family, Metrics, Point
from hasten.world.metrics.prometheus import Format, text_of, wanted


@pytest.mark.parametrize("form", ["prometheus", "openmetrics"])
def test_the_counts_can_be_scraped(tmp_path: Path, form: Format) -> None:
    """
    A strict reader finds the histograms with OpenTelemetry's names, their counts and their sums.
    """
    write(tmp_path, os.getpid(), [route("/orders/{id}", 3, 60, 20_000)], [statement('select "a\\b" from t', 2)])
    text = text_of(metrics(tmp_path, texts=True), form)
    found = read(text, openmetrics=form == "openmetrics")
    requests = found["http_server_request_duration_seconds"]
    labels = {("http_request_method", "GET"), ("http_route", "/orders/{id}"), ("http_response_status_class", "2xx")}
    name = "http_server_request_duration_seconds"

    assert ("histogram", 3) == (requests.kind, requests.samples[(f"{name}_count", frozenset(labels))])
    assert 20.063 == pytest.approx(requests.samples[(f"{name}_sum", frozenset(labels))])
    assert 1 == requests.samples[(f"{name}_bucket", frozenset({*labels, ("le", "0.004980735")}))]
    assert 3 == requests.samples[(f"{name}_bucket", frozenset({*labels, ("le", "+Inf")}))]
    assert any(
        ("db_query_text", 'select "a\\b" from t') in labels
        for _, labels in found["db_client_operation_duration_seconds"].samples
    )
    total = "hasten_http_server_response_body_size_bytes"
    assert (total if form == "openmetrics" else f"{total}_total") in found


@given(st.text(max_size=30), st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_whatever_a_label_says_it_is_read_back(text: str, value: float) -> None:
    """
    Quotes, line breaks and backslashes come out as they went in, and so does the value.
    """
    point = Point(labels=(("db.query.text", text),), value=value)
    family = Family(name="a.b", kind="counter", unit="s", says=text.replace("\r", ""), points=[point])
    made = text_of(Metrics(families=[family], since=None, at=0.0))
    (sample,) = [line for line in made.split("\n") if line and not line.startswith("#")]
    quoted = sample.removeprefix("a_b_seconds_total").rpartition(" ")
    label = quoted[0].removeprefix('{db_query_text="').removesuffix('"}')

    assert value == float(quoted[2])
    assert text == plain(label)


def test_nothing_counted_is_no_series(tmp_path: Path) -> None:
    """
    A family without points is not in the text; that no worker runs is.
    """
    found = read(text_of(metrics(tmp_path)))

    assert {"hasten_workers", "hasten_workers_ended_total", "hasten_telemetry_left_out"} == set(found)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "prometheus"),
        ("*/*", "prometheus"),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2", "openmetrics"),
        ("application/openmetrics-text; version=2.0.0", "prometheus"),
        ("application/openmetrics-text;q=0", "prometheus"),
        ("text/html", "prometheus"),
    ],
)
def test_a_scraper_gets_the_format_that_it_asks_for(accept: str, form: Format) -> None:
    """
    OpenMetrics in the version that is spoken here, else the text format that everybody reads.
    """
    assert form == wanted(accept)
