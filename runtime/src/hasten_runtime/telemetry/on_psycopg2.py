"""
psycopg2: its cursors are made in C, so those of a plain connection become cursors of a class that counts.

The cursors of `psycopg2.extras`, which are Python, count themselves, whoever asks for them. Cursors of other classes
that an application brings are left alone, and COMMIT, which psycopg2 sends from C, is not counted.
"""

from __future__ import annotations

from time import perf_counter_ns as now
from types import ModuleType
from typing import Any, Callable

from hasten_runtime.hooks import after_import
from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.statements import took
from hasten_runtime.telemetry.traces import database, stalls, trace

Method = Callable[..., Any]


def hook(psycopg2: ModuleType) -> None:
    """
    Connections made from now on count the statements of their cursors.
    """
    connect = psycopg2.connect
    plain_connection, plain_cursor = psycopg2.extensions.connection, psycopg2.extensions.cursor
    counting = type("cursor", (plain_cursor,), {"__module__": plain_cursor.__module__, "__slots__": ()})
    for name in ("execute", "executemany"):
        setattr(counting, name, _timed(getattr(plain_cursor, name)))

    def connect_and_count(*args: Any, **named: Any) -> Any:
        began_ns = now()
        connection = connect(*args, **named)
        database.connected(began_ns, "postgresql")
        if trace.under_way:
            stalls.held(began_ns, "opening a connection")
        try:
            # A connection of another class may make something of its own out of `cursor_factory`.
            if type(connection) is plain_connection and connection.cursor_factory in (None, plain_cursor):
                connection.cursor_factory = counting
        except Exception as error:
            say_once("psycopg2", "the statements of a connection are not counted: " + reason_of(error))
        return connection

    psycopg2.connect = alike(connect_and_count, connect)  # type: ignore[attr-defined]
    after_import("psycopg2.extras", _hook_extras)


def _hook_extras(extras: ModuleType) -> None:
    for of in (extras.DictCursor, extras.RealDictCursor, extras.NamedTupleCursor, extras.LoggingCursor):
        for name in ("execute", "executemany"):
            setattr(of, name, _timed(getattr(of, name)))


def _timed(inner: Method) -> Method:
    def timed(self: Any, query: Any, *args: Any, **named: Any) -> Any:
        began_ns = now()
        try:
            result = inner(self, query, *args, **named)
        except BaseException:
            took(query if type(query) is str else _text(self, query), began_ns, True)
            if trace.under_way:
                _trace(self, query, args, named, began_ns)
            raise
        took(query if type(query) is str else _text(self, query), began_ns)
        if trace.under_way:
            _trace(self, query, args, named, began_ns)
        return result

    timed.__wrapped__ = inner  # type: ignore[attr-defined]
    timed.__name__, timed.__doc__ = inner.__name__, inner.__doc__
    return timed


def _trace(cursor: Any, query: Any, args: tuple[Any, ...], named: dict[str, Any], began_ns: int) -> None:
    """
    The statement is a step of the request under way.
    """
    try:
        if not trace.is_here():
            return
        values = args[0] if args else named.get("vars", named.get("vars_list"))
        rows = cursor.rowcount if cursor.description is not None else -1
        database.executed(_text(cursor, query), values, began_ns, rows, is_blocking=True)
    except Exception as error:
        say_once("psycopg2 trace", "a statement is missing in a trace: " + reason_of(error))


def _text(cursor: Any, query: Any) -> Any:
    """
    The text of a statement that is not a plain string: composed ones are known as they were sent, if they were.
    """
    try:
        return query if isinstance(query, (str, bytes)) else cursor.query or b""
    except Exception as error:
        say_once("psycopg2 text", "a composed statement has no name: " + reason_of(error))
        return b""
