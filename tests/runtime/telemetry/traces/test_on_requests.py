"""
The calls of requests.
"""

import pytest
import requests
import requests.sessions
import urllib3.connectionpool

from hasten_runtime.telemetry.traces import on_requests, on_urllib3
from hasten_runtime.telemetry.traces.trace import Trace


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It tells of its calls, and so does the library below it.
    """
    monkeypatch.setattr(requests.Session, "send", requests.Session.send)
    pool = urllib3.connectionpool.HTTPConnectionPool
    monkeypatch.setattr(pool, "urlopen", pool.urlopen)
    on_requests.hook(requests.sessions)
    on_urllib3.hook(urllib3.connectionpool)


def test_calls_are_steps(of: Trace, service: str) -> None:
    """
    Each once, whatever it goes through; bodies and credentials are compared.
    """
    host = service.removeprefix("http://")
    with requests.Session() as session:
        session.trust_env = False
        session.get(service + "/orders/5")
        for token in ("a", "a", "b"):
            session.post(service + "/introspect", data={"token": token}, headers={"Authorization": "us"})
        assert 200 == session.get(service + "/moved").status_code
    found = [(each[0], each[3], each[5]) for each in of.steps]

    assert [
        ("http", f"GET {host}/orders/{{}}", 200),
        *[("http", f"POST {host}/introspect", 200)] * 3,
        ("http", f"GET {host}/moved", 200),
    ] == found
    one, same, other = [each[4] for each in of.steps[1:4]]
    assert one == same != other
