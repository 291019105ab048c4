"""
OpenTelemetry's variables.
"""

import pytest

from hasten.errors import ConfigError
from hasten.world.metrics.surroundings import collector, interval_s, resource


def test_nothing_said_is_the_default() -> None:
    """
    The collector of this machine, at the port for HTTP.
    """
    found = collector(environment={})

    assert "http://localhost:4318/v1/metrics" == found.metrics_url
    assert ({}, 10.0, False) == (found.metrics_headers, found.timeout_s, found.is_compressed)


@pytest.mark.parametrize(
    ("by_hand", "environment", "url"),
    [
        ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c:4318/"}, "https://c:4318/v1/metrics"),
        ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c/otlp"}, "https://c/otlp/v1/metrics"),
        ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://b/x"},
         "http://b/x"),
        ("http://hand:1", {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://b/x"}, "http://hand:1/v1/metrics"),
    ],
)  # fmt: skip
def test_the_address_is_the_one_that_is_meant(by_hand: str, environment: dict[str, str], url: str) -> None:
    """
    By hand before the variable for metrics, which is used as it is, before the general one, which is a base.
    """
    assert url == collector(by_hand, environment=environment).metrics_url


def test_headers_are_those_of_all_places() -> None:
    """
    Percent-encoded in variables, those for metrics before the general ones, and by hand before both.
    """
    environment = {
        "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b, x=1",
        "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "api-key=c%3D,y=2",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "2500",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
    }
    found = collector(headers=["y=3"], environment=environment)

    assert {"api-key": "c=", "y": "3"} == found.metrics_headers
    assert {"api-key": "a b", "x": "1", "y": "3"} == found.traces_headers
    assert (2.5, True) == (found.timeout_s, found.is_compressed)


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:port"},
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {"OTEL_EXPORTER_OTLP_COMPRESSION": "zstd"},
        {"OTEL_EXPORTER_OTLP_TIMEOUT": "soon"},
        {"OTEL_EXPORTER_OTLP_TIMEOUT": "-1"},
        {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"},
    ],
)
def test_what_cannot_be_meant_is_an_error(environment: dict[str, str]) -> None:
    """
    And it names the variable or the value, with what to write.
    """
    with pytest.raises(ConfigError) as refused:
        collector(environment=environment)

    assert refused.value.hint


@pytest.mark.parametrize("header", ["s3cret", "=s3cret", "a b=s3cret", "a=s3cret%0Ax"])
def test_a_broken_header_is_not_repeated(header: str) -> None:
    """
    What is wrong with it may be a secret in the wrong place.
    """
    with pytest.raises(ConfigError) as refused:
        collector(environment={"OTEL_EXPORTER_OTLP_HEADERS": header})

    assert "s3cret" not in str(refused.value)


def test_the_resource_has_a_name() -> None:
    """
    By hand, by the variable for it, by the attributes, or as hasten.toml calls the application.
    """
    attributes = {"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test,service.name=of-attributes"}

    assert {"service.name": "shop"} == resource("shop", environment={})
    assert {"service.name": "of-attributes", "deployment.environment": "test"} == (
        resource("shop", environment=attributes)
    )
    assert "own" == resource("shop", environment={**attributes, "OTEL_SERVICE_NAME": "own"})["service.name"]
    assert "hand" == resource("shop", "hand", {"OTEL_SERVICE_NAME": "own"})["service.name"]


def test_the_interval_is_a_minute_or_what_the_variable_says() -> None:
    """
    In milliseconds, as OpenTelemetry has it.
    """
    assert (60.0, 5.0) == (interval_s({}), interval_s({"OTEL_METRIC_EXPORT_INTERVAL": "5000"}))
