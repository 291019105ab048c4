"""
Statements and connections as steps.
"""

import asyncio
import time
from time import perf_counter_ns as now
from typing import Any

import pytest

from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.traces import database
from hasten_runtime.telemetry.traces.trace import Trace


def details(of: Trace) -> list[str]:
    """
    The hashes of its steps.
    """
    return [each[4] for each in of.steps]


def test_equal_parameters_are_seen_whatever_the_statement(of: Trace) -> None:
    """
    By position or by name; other values are others.
    """
    for query, values in (("a = %s", (5,)), ("b = %s", [5]), ("c = %(id)s", {"id": 5}), ("a = %s", (6,))):
        database.executed(query, values, now(), 1, is_blocking=False)
    one, two, three, other = details(of)

    assert one == two == three != other


def test_without_parameters_the_text_is_compared(of: Trace) -> None:
    """
    Its literals are what it asks for.
    """
    for query in ("a = 5", "a = 5", "a = 6"):
        database.executed(query, None, now(), 1, is_blocking=False)
    one, same, other = details(of)

    assert one == same != other


def test_a_synchronous_statement_in_a_loop_holds_it(of: Trace) -> None:
    """
    It is a step and a stall of the same time; in a thread it is a step.
    """

    def execute() -> None:
        database.executed("SELECT 1", (), now() - 2_000_000, 1, is_blocking=True)

    async def main() -> None:
        execute()
        await asyncio.to_thread(execute)

    asyncio.run(main())

    assert ["db", "stall", "db"] == [each[0] for each in of.steps]
    assert of.steps[0][1] == of.steps[1][1]


class Driver:
    """
    A class whose connections are opened as psycopg's are.
    """

    @classmethod
    def connect(cls, dsn: str) -> Any:
        """
        A connection, after a while.
        """
        if dsn == "nowhere":
            raise OSError(dsn)
        time.sleep(0.002)
        return cls, dsn


class WaitingDriver(Driver):
    """
    The same, to be awaited.
    """

    @classmethod
    async def connect(cls, dsn: str) -> Any:
        """
        A connection.
        """
        return cls, dsn


class Special(Driver):
    """
    A class that inherits its connect.
    """


def test_connections_are_counted_and_traced(of: Trace) -> None:
    """
    Whoever opens them gets what he asked for; one that failed is none.
    """
    database.watch_connect(Driver, "postgresql", is_async=False)
    database.watch_connect(WaitingDriver, "postgresql", is_async=True)
    with pytest.raises(OSError, match="nowhere"):
        Driver.connect("nowhere")

    assert (Special, "x") == Special.connect("x")
    assert (WaitingDriver, "y") == asyncio.run(WaitingDriver.connect("y"))
    assert [("connect", "postgresql")] * 2 == [(each[0], each[3]) for each in of.steps]
    assert 2 == database.opened
    pulse.forget()
    assert 0 == database.opened


def test_a_class_without_connect_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A driver of another version is said to be one.
    """
    database.watch_connect(type("Other", (), {}), "postgresql", is_async=False)

    assert "has no connect of its own" in capsys.readouterr().err
