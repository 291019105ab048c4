"""
Calls of the standard library.
"""

import http.client
import urllib.request

import pytest

from hasten_runtime.telemetry.traces import on_http_client, trace
from hasten_runtime.telemetry.traces.trace import Trace


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Connections tell of their calls.
    """
    for name in ("request", "getresponse"):
        monkeypatch.setattr(http.client.HTTPConnection, name, http.client.HTTPConnection.__dict__[name])
    on_http_client.hook(http.client)


def test_calls_are_steps(of: Trace, service: str) -> None:
    """
    Of `http.client`, and of urllib, which is built on it.
    """
    host = service.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    for path in ("/orders/5", "/none"):
        connection.request("GET", path, headers={"x": "y"})
        connection.getresponse().read()
    connection.close()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(service + "/introspect", data=b"token=1") as answer:
        assert b"asked: /introspecttoken=1" == answer.read()

    assert [(f"GET {host}/orders/{{}}", 200), (f"GET {host}/none", 404), (f"POST {host}/introspect", 200)] == [
        (each[3], each[5]) for each in of.steps
    ]


def test_nothing_is_kept_where_nothing_is_traced(of: Trace, service: str) -> None:
    """
    A connection is as it was made.
    """
    trace.ended(of)
    connection = http.client.HTTPConnection(service.removeprefix("http://"))
    connection.request("GET", "/a")
    connection.getresponse().read()
    connection.close()

    assert [] == of.steps
    assert not hasattr(connection, on_http_client._ASKED)
