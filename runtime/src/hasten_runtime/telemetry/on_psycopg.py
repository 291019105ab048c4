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
from hasten_runtime.telemetry.request import Doing, doing_now
from hasten_runtime.telemetry.statements import settle, took
from hasten_runtime.telemetry.traces import database, trace
from hasten_runtime.telemetry.weaving import PREFIX, woven

Method = Callable[..., Any]

#: Opens the transaction of the statement that follows, and is timed with it.
_PART_OF_THE_NEXT = b"BEGIN"
#: The class of connections that wait for the server without an event loop.
_synchronous: Any = ()


def hook(psycopg: ModuleType) -> None:
    """
    Every cursor and connection of psycopg counts its statements.
    """
    global _synchronous
    _synchronous = psycopg.Connection
    database.watch_connect(psycopg.Connection, "postgresql", is_async=False)
    psycopg.connect = psycopg.Connection.connect  # type: ignore[attr-defined]
    database.watch_connect(psycopg.AsyncConnection, "postgresql", is_async=True)
    _replace(psycopg.Cursor, "_execute_gen", _timed_within)
    for name in ("_executemany_gen_pipeline", "_executemany_gen_no_pipeline"):
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


#: `statements.took` without its call, and what else there is to do only where somebody waits for it.
_TOOK = """
try:
    _hasten_doing = _hasten_doing_now()
    _hasten_doing += (query if type(query) is str else _hasten_text(self, query), _hasten_now() - _hasten_began_ns)
    if len(_hasten_doing) > _hasten_doing.room:
        _hasten_settle(_hasten_doing, self, query, (params,), _hasten_began_ns)
except Exception as _hasten_error:
    _hasten_lost(_hasten_error)
"""


def _timed_within(inner: Method) -> Method:
    """
    Timed as by `_timed`, by statements of its own: this is what every execution goes through.
    """
    found = woven(
        inner,
        before="_hasten_began_ns = _hasten_now()",
        after=_TOOK,
        failed="_hasten_failed(self, query, (params,), _hasten_began_ns)",
        names={
            PREFIX + "now": now, PREFIX + "doing_now": doing_now, PREFIX + "text": _text,
            PREFIX + "settle": _settle, PREFIX + "lost": _lost, PREFIX + "failed": _failed,
        },
    )  # fmt: skip
    return found or _timed(inner)


def _settle(doing: Doing, of: Any, query: Any, args: tuple[Any, ...], began_ns: int) -> None:
    """
    An execution is noted that did not only have to be noted.
    """
    settle(doing, query if type(query) is str else _text(of, query))
    if trace.under_way:
        _trace(of, query, args, began_ns)


def _failed(of: Any, query: Any, args: tuple[Any, ...], began_ns: int) -> None:
    """
    An execution has failed. Never raises.
    """
    took(query if type(query) is str else _text(of, query), began_ns, True)
    if trace.under_way:
        _trace(of, query, args, began_ns)


def _lost(error: Exception) -> None:
    say_once("statements", "a statement is not counted: " + reason_of(error))


def _timed(inner: Method) -> Method:
    def timed(self: Any, query: Any, *args: Any, **named: Any) -> Generator[Any, Any, Any]:
        began_ns = now()
        try:
            result = yield from inner(self, query, *args, **named)
        except BaseException:
            _failed(self, query, args, began_ns)
            raise
        took(query if type(query) is str else _text(self, query), began_ns)
        if trace.under_way:
            _trace(self, query, args, began_ns)
        return result

    return alike(timed, inner)


def _command(inner: Method) -> Method:
    def command(self: Any, command: Any, *args: Any, **named: Any) -> Any:
        if type(command) is not bytes or command.startswith(_PART_OF_THE_NEXT):
            return inner(self, command, *args, **named)
        return timed(self, command, *args, **named)

    timed = _timed(inner)
    return alike(command, inner)


def _trace(of: Any, query: Any, args: tuple[Any, ...], began_ns: int) -> None:
    """
    The statement is a step of the request under way; `of` is a cursor, or the connection for a COMMIT.
    """
    try:
        if not trace.is_here():
            return
        connection = getattr(of, "_conn", of)
        result = getattr(of, "pgresult", None)
        rows = result.ntuples if result is not None and result.nfields else -1
        database.executed(
            _text(of, query), args[0] if args else None, began_ns, rows, isinstance(connection, _synchronous)
        )
    except Exception as error:
        say_once("psycopg trace", "a statement is missing in a trace: " + reason_of(error))


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
