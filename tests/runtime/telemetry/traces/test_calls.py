"""
Calls to other services, whatever library makes them.
"""

import asyncio
import time
from typing import Any

import pytest

from hasten_runtime.telemetry.traces import calls, trace
from hasten_runtime.telemetry.traces.calls import Call
from hasten_runtime.telemetry.traces.trace import Trace


class Inner:
    """
    A library that another one calls.
    """

    def get(self, url: str, headers: Any = None) -> int:
        """
        A status.
        """
        time.sleep(0.0015)
        if url.endswith("/down"):
            raise OSError(url)
        return 200

    async def get_soon(self, url: str) -> int:
        """
        The same, to be awaited.
        """
        return 200


class Outer(Inner):
    """
    The other one.
    """

    def fetch(self, url: str) -> int:
        """
        A status, by way of the inner library.
        """
        return self.get(url)


def describe(args: tuple[Any, ...], named: dict[str, Any], status: Any) -> Call:
    """
    The call that these libraries make.
    """
    return Call("GET", args[1], None, named.get("headers"), status)


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Both libraries tell of their calls.
    """
    for of, name in ((Inner, "get"), (Inner, "get_soon"), (Outer, "fetch")):
        monkeypatch.setattr(of, name, of.__dict__[name])
        calls.replace(of, name, describe, is_async=name == "get_soon")


def test_one_call_is_one_step(of: Trace) -> None:
    """
    The outermost library that is known tells, with name and status.
    """
    Outer().fetch("http://one/a")

    assert [("http", "GET one/a", 200)] == [(each[0], each[3], each[5]) for each in of.steps]


def test_a_call_that_fails_is_a_step(of: Trace) -> None:
    """
    The error goes on; there is no status, and the next call tells again.
    """
    for _ in range(2):
        with pytest.raises(OSError, match="down"):
            Outer().fetch("http://one/down")

    assert [-1, -1] == [each[5] for each in of.steps]


def test_who_calls_is_compared(of: Trace) -> None:
    """
    The same call with other credentials is another one; other headers make no difference.
    """
    for headers in ({"Authorization": "ann"}, [("authorization", "ann"), ("x", "y")], {"authorization": "bob"}, None):
        Inner().get("http://one/a", headers=headers)
    one, same, other, nobody = [each[4] for each in of.steps]

    assert one == same
    assert 3 == len({one, other, nobody})


def test_a_synchronous_call_in_a_loop_holds_it(of: Trace) -> None:
    """
    It is a stall; one that is awaited is none.
    """

    async def main() -> None:
        await Inner().get_soon("http://one/a")
        Inner().get("http://one/b")

    asyncio.run(main())

    assert ["http", "http", "stall"] == [each[0] for each in of.steps]


def test_without_a_trace_the_library_is_called(of: Trace) -> None:
    """
    And nothing else happens.
    """
    trace.ended(of)

    assert 200 == Inner().get("http://one/a") == asyncio.run(Inner().get_soon("http://one/a"))
    assert [] == of.steps


def test_a_call_that_cannot_be_described_is_made(of: Trace, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The fault is said, the answer is given.
    """
    assert 200 == Inner().get(url="http://one/a")
    assert [] == of.steps
    assert "is missing in a trace: IndexError" in capsys.readouterr().err


def test_another_version_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    """
    What is not there is not hooked.
    """
    calls.replace(Inner, "post", describe)

    assert "has no Inner.post" in capsys.readouterr().err
