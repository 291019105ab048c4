"""
asyncpg: what `execute`, `fetch…` and `executemany` of a connection and of a prepared statement go through.

What is timed is preparing (where the statement is not prepared yet), executing and receiving the rows. Of a cursor only
the opening is counted; of COPY, nothing.
"""

from __future__ import annotations

from time import perf_counter_ns as now
from types import ModuleType
from typing import Any, Callable

from hasten_runtime.once import say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.statements import took

Method = Callable[..., Any]


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
    _replace(prepared, "_PreparedStatement__do_execute", _with_own_text)
    _replace(cursor, "_bind_exec", _with_own_text)
    _replace(cursor, "_bind", _with_own_text)


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
            raise
        took(query, began_ns)
        return result

    return alike(timed, inner)


def _with_own_text(inner: Method) -> Method:
    async def timed(self: Any, *args: Any, **named: Any) -> Any:
        began_ns = now()
        try:
            result = await inner(self, *args, **named)
        except BaseException:
            took(self._query, began_ns, True)
            raise
        took(self._query, began_ns)
        return result

    return alike(timed, inner)


def _simple(inner: Method) -> Method:
    """
    With arguments `execute` goes through `_execute`, which counts.
    """
    timed = _with_text(inner)

    def execute(self: Any, query: Any, *args: Any, **named: Any) -> Any:
        return inner(self, query, *args, **named) if args else timed(self, query, *args, **named)

    return alike(execute, inner)
