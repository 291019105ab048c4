"""
psycopg 3: the generators below `execute` and `executemany`, which its synchronous and asynchronous cursors share.

What is timed is the statement and the receiving of its rows, with the BEGIN that it may open a transaction with, and
without waiting for another statement of the same connection. COMMIT, ROLLBACK and savepoints are statements of their
own. Of `stream` and COPY nothing is counted, and in pipeline mode only the sending is timed.
"""

from __future__ import annotations

from collections.abc import Generator
from time import perf_counter_ns as now
from types import ModuleType
from typing import Any, Callable

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.statements import took

Method = Callable[..., Any]

#: Opens the transaction of the statement that follows, and is timed with it.
_PART_OF_THE_NEXT = b"BEGIN"


def hook(psycopg: ModuleType) -> None:
    """
    Every cursor and connection of psycopg counts its statements.
    """
    for name in ("_execute_gen", "_executemany_gen_pipeline", "_executemany_gen_no_pipeline"):
        _replace(psycopg.Cursor, name, _timed)
    _replace(psycopg.ServerCursor, "_declare_gen", _timed)
    _replace(psycopg.Connection, "_exec_command", _command)


def _replace(of: type, name: str, wrapper: Callable[[Method], Method]) -> None:
    """
    The method is wrapped where it is defined, once for all classes that inherit it.
    """
    owner = next((each for each in of.__mro__ if name in each.__dict__), None)
    if owner is None:
        say_once("psycopg " + name, "this psycopg has no " + name + ", so what goes that way is not counted")
        return
    setattr(owner, name, wrapper(owner.__dict__[name]))


def _timed(inner: Method) -> Method:
    def timed(self: Any, query: Any, *args: Any, **named: Any) -> Generator[Any, Any, Any]:
        began_ns = now()
        try:
            result = yield from inner(self, query, *args, **named)
        except BaseException:
            took(query if type(query) is str else _text(self, query), began_ns, True)
            raise
        took(query if type(query) is str else _text(self, query), began_ns)
        return result

    return alike(timed, inner)


def _command(inner: Method) -> Method:
    def command(self: Any, command: Any, *args: Any, **named: Any) -> Any:
        if type(command) is not bytes or command.startswith(_PART_OF_THE_NEXT):
            return inner(self, command, *args, **named)
        return timed(self, command, *args, **named)

    timed = _timed(inner)
    return alike(command, inner)


def _text(cursor: Any, query: Any) -> Any:
    """
    The text of a statement that is not a plain string: composed ones are known as they were sent, if they were.
    """
    try:
        if isinstance(query, (str, bytes)):
            return query
        sent = cursor._query
        return b"" if sent is None else bytes(sent.query)
    except Exception as error:
        say_once("psycopg text", "a composed statement has no name: " + reason_of(error))
        return b""
