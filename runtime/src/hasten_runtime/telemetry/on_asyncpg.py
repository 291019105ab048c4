"""
asyncpg: what `execute`, `fetch…` and `executemany` of a connection and of a prepared statement go through.

What is timed is preparing (where the statement is not prepared yet), executing and receiving the rows. Of a cursor only
the opening is counted; of COPY, nothing.
"""

from __future__ import annotations

from contextvars import ContextVar
from time import perf_counter_ns as now
from types import ModuleType
from typing import Any, Callable

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.statements import took
from hasten_runtime.telemetry.traces import database, trace

Method = Callable[..., Any]

#: Values that nobody here knows: those of a prepared statement, unless it says them.
_UNKNOWN = object()
_values: ContextVar[Any] = ContextVar("hasten_asyncpg_values", default=_UNKNOWN)


def hook(asyncpg: ModuleType) -> None:
    """
    Every connection of asyncpg counts its statements.
    """
    from importlib import import_module

    connection = asyncpg.connection.Connection
    prepared = import_module("asyncpg.prepared_stmt").PreparedStatement
    cursor = import_module("asyncpg.cursor").BaseCursor
    _replace(connection, "execute", _simple)
    _replace(connection, "_execute", _with_text)
    _replace(connection, "_executemany", _with_text)
    _replace(prepared, "_PreparedStatement__bind_execute", _with_values)
    _replace(prepared, "_PreparedStatement__do_execute", _with_own_text)
    _replace(cursor, "_bind_exec", _with_own_text)
    _replace(cursor, "_bind", _with_own_text)
    utils = import_module("asyncpg.connect_utils")
    connect = getattr(utils, "_connect", None)
    if connect is not None:
        utils._connect = database.waited(connect, "postgresql")  # type: ignore[attr-defined]


def _replace(of: type, name: str, wrapper: Callable[[Method], Method]) -> None:
    inner = of.__dict__.get(name)
    if inner is None:
        say_once("asyncpg " + name, "this asyncpg has no " + name + ", so what goes that way is not counted")
        return
    setattr(of, name, wrapper(inner))


def _with_text(inner: Method) -> Method:
    async def timed(self: Any, query: Any, *args: Any, **named: Any) -> Any:
        began_ns = now()
        try:
            result = await inner(self, query, *args, **named)
        except BaseException:
            took(query, began_ns, True)
            if trace.under_way:
                _trace(query, args[0] if args else None, began_ns, None)
            raise
        took(query, began_ns)
        if trace.under_way:
            _trace(query, args[0] if args else None, began_ns, result)
        return result

    return alike(timed, inner)


def _with_own_text(inner: Method) -> Method:
    async def timed(self: Any, *args: Any, **named: Any) -> Any:
        began_ns = now()
        try:
            result = await inner(self, *args, **named)
        except BaseException:
            took(self._query, began_ns, True)
            if trace.under_way:
                _trace(self._query, _values.get(), began_ns, None)
            raise
        took(self._query, began_ns)
        if trace.under_way:
            _trace(self._query, _values.get(), began_ns, result)
        return result

    return alike(timed, inner)


def _with_values(inner: Method) -> Method:
    """
    The values of a prepared statement are known to what it calls, if a request is being traced.
    """

    async def executed(self: Any, args: Any, *more: Any, **named: Any) -> Any:
        if not trace.under_way:
            return await inner(self, args, *more, **named)
        token = _values.set(args)
        try:
            return await inner(self, args, *more, **named)
        finally:
            _values.reset(token)

    return alike(executed, inner)


def _trace(query: Any, values: Any, began_ns: int, result: Any) -> None:
    """
    The statement is a step of the request under way.
    """
    try:
        if not trace.is_here():
            return
        # Rows, or rows with the server's word of what was done, or that word alone.
        found = result[0] if isinstance(result, tuple) and result else result
        database.executed(query, values, began_ns, len(found) if isinstance(found, list) else -1, is_blocking=False)
    except Exception as error:
        say_once("asyncpg trace", "a statement is missing in a trace: " + reason_of(error))


def _simple(inner: Method) -> Method:
    """
    With arguments `execute` goes through `_execute`, which counts.
    """
    timed = _with_text(inner)

    def execute(self: Any, query: Any, *args: Any, **named: Any) -> Any:
        return inner(self, query, *args, **named) if args else timed(self, query, *args, **named)

    return alike(execute, inner)
