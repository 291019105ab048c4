"""
Pools of connections: how long a request waits for one, with the opening of it where the pool has to open it.
"""

from types import ModuleType
from typing import Any

from hasten_runtime.telemetry.traces.sections import Section, replace

_HOLDS = "waiting for a connection"


def hook_psycopg_pool(pool: ModuleType) -> None:
    """
    Waiting for a connection of a synchronous pool of psycopg is a step.
    """
    replace(pool.ConnectionPool, "getconn", Section("pool", "psycopg_pool", holds=_HOLDS))


def hook_psycopg_pool_async(pool: ModuleType) -> None:
    """
    Waiting for a connection of an asynchronous pool of psycopg is a step.
    """
    replace(pool.AsyncConnectionPool, "getconn", Section("pool", "psycopg_pool"), is_async=True)


def hook_sqlalchemy(impl: ModuleType) -> None:
    """
    Waiting for a connection of a pool of SQLAlchemy's, of either kind, is a step.
    """
    replace(impl.QueuePool, "_do_get", Section("pool", "sqlalchemy", holds=_held))


def hook_asyncpg(pool: ModuleType) -> None:
    """
    Waiting for a connection of a pool of asyncpg is a step.
    """
    replace(pool.Pool, "_acquire", Section("pool", "asyncpg"), is_async=True)


def _held(args: tuple[Any, ...]) -> str:
    # The pool of an asynchronous engine hands the loop on while it waits.
    return "" if args[0]._is_asyncio else _HOLDS
