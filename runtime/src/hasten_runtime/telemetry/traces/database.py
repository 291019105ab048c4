"""
Statements and connections of a traced request.

A synchronous driver that is called where an event loop runs holds that loop until the answer has come, whatever the
loop has to do meanwhile: that is a stall as well.
"""

from time import perf_counter_ns as now
from typing import Any, Callable

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import stalls, trace

#: Connections to databases that this process has opened.
opened = 0


def executed(query: Any, values: Any, began_ns: int, rows: int, is_blocking: bool) -> None:
    """
    A statement that was executed is a step of the request under way. Never raises.

    Args:
        values: Its parameters. Without any its text is what is compared: there are literals in it.
        rows: That were received; -1 where it returns none.
    """
    # The names of parameters are the statement's, and two statements with equal values are to have equal hashes.
    given = list(values.values()) if isinstance(values, dict) else values
    trace.record("db", began_ns, query, given or query, rows)
    if is_blocking:
        stalls.held(began_ns, "a synchronous statement")


def watch_connect(of: type, system: str, is_async: bool) -> None:
    """
    Opening connections with the class method `connect` is counted, and is a step of the request under way.
    """
    made = of.__dict__.get("connect")
    if made is None:
        say_once(f"{system} connect", f"{of.__module__} has no connect of its own, so connections are not counted")
        return
    setattr(of, "connect", classmethod((waited if is_async else _connected)(made.__func__, system)))  # noqa: B010


def connected(began_ns: int, system: str) -> None:
    """
    One more connection was opened. Never raises.
    """
    global opened
    try:
        opened += 1
        if trace.under_way:
            trace.record("connect", began_ns, system)
    except Exception as error:
        say_once("connections", "a connection is not counted: " + reason_of(error))


def _connected(inner: Callable[..., Any], system: str) -> Callable[..., Any]:
    def connect(cls: Any, *args: Any, **named: Any) -> Any:
        began_ns = now()
        connection = inner(cls, *args, **named)
        connected(began_ns, system)
        if trace.under_way:
            stalls.held(began_ns, "opening a connection")
        return connection

    return alike(connect, inner)


def waited(inner: Callable[..., Any], system: str) -> Callable[..., Any]:
    """
    The same asynchronous function; the connection that it opens is counted.
    """

    async def connect(*args: Any, **named: Any) -> Any:
        began_ns = now()
        connection = await inner(*args, **named)
        connected(began_ns, system)
        return connection

    return alike(connect, inner)


def forget() -> None:
    """
    No connection was opened yet.
    """
    global opened
    opened = 0


pulse.after_fork(forget)
