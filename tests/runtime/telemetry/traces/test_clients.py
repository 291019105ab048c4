"""
Clients that are made.
"""

import asyncio
import inspect
import time

import pytest

from hasten_runtime.telemetry.traces import clients, trace
from hasten_runtime.telemetry.traces.trace import Trace


class Client:
    """
    A client that takes a while to make.
    """

    def __init__(self, url: str, *, limit: int = 5) -> None:
        time.sleep(0.0015)
        self.given = (url, limit)


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Making one is a step.
    """
    monkeypatch.setattr(Client, "__init__", Client.__init__)
    clients.watch(Client, "library")


def test_making_a_client_is_a_step(of: Trace) -> None:
    """
    And a stall where a loop waits for it.
    """

    async def main() -> Client:
        return Client("b")

    assert ("a", 7) == Client("a", limit=7).given
    assert ("b", 5) == asyncio.run(main()).given
    assert [("client", "library"), ("client", "library"), ("stall", "making a client")] == [
        (each[0], each[3]) for each in of.steps
    ]


def test_a_class_looks_as_before(of: Trace) -> None:
    """
    Whoever inspects it sees its own parameters; untraced, making one is no step.
    """
    trace.ended(of)
    Client("a")

    assert [] == of.steps
    assert ["url", "limit"] == list(inspect.signature(Client).parameters)
