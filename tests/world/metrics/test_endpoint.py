"""
The server that a Prometheus scrapes.
"""

import http.client
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.world.metrics.exposition import read
from tests.world.test_telemetry import route, write

from hasten.errors import ConfigError, NotAllowed, Unreachable
from hasten.world.metrics.endpoint import Endpoint
from hasten.world.metrics.steady import Steady


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    """
    A server with one worker's counts.
    """
    write(tmp_path, os.getpid(), [route("/a", 1, 2)], [])
    with Endpoint(Steady(tmp_path).metrics, port=0) as found:
        yield found


def ask(endpoint: Endpoint, path: str = "/metrics", method: str = "GET", **headers: str) -> tuple[int, str, str]:
    """
    Status, type and text of an answer.
    """
    connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
    finally:
        connection.close()


def test_a_scrape_gets_the_counts(endpoint: Endpoint) -> None:
    """
    In the text format, or in OpenMetrics for who asks for it.
    """
    status, kind, text = ask(endpoint)
    _, open_kind, open_text = ask(endpoint, Accept="application/openmetrics-text")

    assert (200, "text/plain; version=0.0.4; charset=utf-8") == (status, kind)
    assert "http_server_request_duration_seconds" in read(text)
    assert "application/openmetrics-text; version=1.0.0; charset=utf-8" == open_kind
    assert "http_server_request_duration_seconds" in read(open_text, openmetrics=True)


def test_there_is_nothing_else(endpoint: Endpoint) -> None:
    """
    Other paths are not there, other methods are not done, HEAD has no body.
    """
    assert [404, 501] == [ask(endpoint, "/")[0], ask(endpoint, method="POST")[0]]
    assert (200, "") == (ask(endpoint, method="HEAD")[0], ask(endpoint, method="HEAD")[2])


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9464", 200),
        ("127.0.0.1", 200),
        ("[::1]:9464", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("10.0.0.1", 403),
        ("[::2", 403),
    ],
)
def test_a_page_of_somebody_else_reads_nothing(endpoint: Endpoint, host: str, status: int) -> None:
    """
    A browser that was led here by another name gets no counts.
    """
    assert status == ask(endpoint, Host=host)[0]


def test_other_machines_are_let_in_only_if_told(tmp_path: Path) -> None:
    """
    An address that others reach is refused, with what to say if it is meant.
    """
    with pytest.raises(NotAllowed, match=r"0\.0\.0\.0") as refused:
        Endpoint(Steady(tmp_path).metrics, host="0.0.0.0", port=0)
    with Endpoint(Steady(tmp_path).metrics, host="0.0.0.0", port=0, allow_remote=True) as endpoint:
        status = ask(endpoint, Host="metrics.internal")[0]

    assert "--allow-remote" in refused.value.hint
    assert 200 == status


def test_a_port_that_is_taken_is_named(endpoint: Endpoint, tmp_path: Path) -> None:
    """
    Who has it is said, and how to take another one.
    """
    port = int(endpoint.url.split(":")[2].partition("/")[0])
    with pytest.raises(Unreachable, match=str(port)) as refused:
        Endpoint(Steady(tmp_path).metrics, port=port)
    with pytest.raises(ConfigError):
        Endpoint(Steady(tmp_path).metrics, port=70_000)

    assert "--port" in refused.value.hint
