"""
Where a collector is and who sends to it, from the variables that OpenTelemetry defines and from what is given by hand.
"""

import os
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from hasten.errors import ConfigError
from hasten.model import Noun

#: What the specification has as the default.
ENDPOINT = "http://localhost:4318"
TIMEOUT_S = 10.0
EVERY_S = 60.0
PROTOCOLS = ("", "http/json", "http/protobuf")


class Collector(Noun, frozen=True, kw_only=True):
    """
    Where to export to and how. The headers may hold secrets: they are never shown.
    """

    metrics_url: str
    traces_url: str
    metrics_headers: dict[str, str] = {}
    traces_headers: dict[str, str] = {}
    timeout_s: float = TIMEOUT_S
    is_compressed: bool = False
    certificate: str = ""


def collector(
    endpoint: str = "", headers: Iterable[str] = (), environment: Mapping[str, str] = os.environ
) -> Collector:
    """
    The collector that is meant: what is given by hand goes before OTEL_EXPORTER_OTLP_*.

    Args:
        endpoint: The base address; `/v1/metrics` is added.
        headers: `NAME=VALUE` each.

    Raises:
        ConfigError: an address, a header or a number is none, or another protocol is asked for.
    """

    def said(name: str, signal: str = "METRICS") -> str:
        own = environment.get(f"OTEL_EXPORTER_OTLP_{signal}_{name}", "").strip()
        return own or environment.get(f"OTEL_EXPORTER_OTLP_{name}", "").strip()

    _check_protocol(said("PROTOCOL"))
    _check_temporality(environment.get("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", ""))
    by_hand = _pairs(",".join(headers), "--header", "NAME=VALUE")
    compression = said("COMPRESSION")
    if compression not in ("", "none", "gzip"):
        raise ConfigError(f"OTEL_EXPORTER_OTLP_COMPRESSION is {compression!r}", hint="known: gzip, none")
    return Collector(
        metrics_url=_address(endpoint, "METRICS", environment),
        traces_url=_address(endpoint, "TRACES", environment),
        metrics_headers={**_headers(said("HEADERS")), **by_hand},
        traces_headers={**_headers(said("HEADERS", "TRACES")), **by_hand},
        timeout_s=_milliseconds(said("TIMEOUT"), "OTEL_EXPORTER_OTLP_TIMEOUT", TIMEOUT_S),
        is_compressed=compression == "gzip",
        certificate=said("CERTIFICATE"),
    )


def resource(name: str, by_hand: str = "", environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """
    The attributes of what is measured: OTEL_RESOURCE_ATTRIBUTES, and its name by OTEL_SERVICE_NAME or as it is given.

    Args:
        name: What hasten.toml calls the application.
        by_hand: --service-name.
    """
    given = _pairs(environment.get("OTEL_RESOURCE_ATTRIBUTES", ""), "OTEL_RESOURCE_ATTRIBUTES", "name=value")
    own = by_hand or environment.get("OTEL_SERVICE_NAME", "") or given.get("service.name", "") or name
    return {**given, "service.name": own}


def interval_s(environment: Mapping[str, str] = os.environ) -> float:
    """
    How often metrics are exported: OTEL_METRIC_EXPORT_INTERVAL, else every minute.
    """
    name = "OTEL_METRIC_EXPORT_INTERVAL"
    return _milliseconds(environment.get(name, ""), name, EVERY_S)


def _check_protocol(protocol: str) -> None:
    if protocol not in PROTOCOLS:
        raise ConfigError(
            f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}, and Hasten speaks OTLP over HTTP",
            hint="set it to http/json, and the endpoint to the collector's port for HTTP (4318)",
        )


def _check_temporality(preference: str) -> None:
    if preference.strip().lower() not in ("", "cumulative"):
        raise ConfigError(
            f"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE is {preference!r}, and Hasten's counts are cumulative",
            hint="have the collector turn them into differences (its processor cumulativetodelta), and unset it here",
        )


def _address(by_hand: str, signal: str, environment: Mapping[str, str]) -> str:
    path = f"/v1/{signal.lower()}"
    whole = "" if by_hand else environment.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT", "").strip()
    base = by_hand or environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip() or ENDPOINT
    # An address for one signal is used as it is; the general one is the base of all.
    found = whole or base.rstrip("/") + path
    try:
        split = urlsplit(found)
        is_one = split.scheme in ("http", "https") and bool(split.hostname) and (split.port or 1) > 0
    except ValueError:
        is_one = False
    if not is_one:
        raise ConfigError(f"{found!r} is not an address of a collector", hint="give it as http://host:4318")
    return found


def _headers(text: str) -> dict[str, str]:
    return _pairs(text, "OTEL_EXPORTER_OTLP_HEADERS", "name=value,name=value")


def _pairs(text: str, where: str, form: str) -> dict[str, str]:
    """
    Names and values as W3C's Baggage writes them: separated by commas, values percent-encoded.
    """
    found = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name, value = name.strip(), unquote(value.strip())
        if not part.strip():
            continue
        # What is wrong may be a secret, so it is not repeated.
        if (
            not equals
            or not name
            or any(each <= " " or each > "~" for each in name)
            or any(c in "\r\n\0" for c in value)
        ):
            raise ConfigError(f"{where} holds something that is no pair of name and value", hint=f"write it as {form}")
        found[name] = value
    return found


def _milliseconds(text: str, where: str, default_s: float) -> float:
    if not text.strip():
        return default_s
    try:
        found = float(text) / 1000
    except ValueError:
        found = 0.0
    if not 0.001 <= found <= 86_400:
        raise ConfigError(f"{where} is {text!r}", hint="it is a number of milliseconds")
    return found
