"""
urllib3's calls.
"""

import pytest
import urllib3
import urllib3.connectionpool

from hasten_runtime.telemetry.traces import on_urllib3
from hasten_runtime.telemetry.traces.trace import Trace


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its pools tell of their calls.
    """
    pool = urllib3.connectionpool.HTTPConnectionPool
    monkeypatch.setattr(pool, "urlopen", pool.urlopen)
    on_urllib3.hook(urllib3.connectionpool)


def test_calls_are_steps(of: Trace, service: str) -> None:
    """
    With the host of the pool, and what is followed within the first.
    """
    host = service.removeprefix("http://")
    with urllib3.PoolManager() as pool:
        pool.request("GET", service + "/orders/5?secret=1")
        pool.request("POST", service + "/none", body=b"x")

    assert [(f"GET {host}/orders/{{}}", 200), (f"POST {host}/none", 404)] == [(each[3], each[5]) for each in of.steps]
