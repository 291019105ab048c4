"""
Pools of connections in a traced request, on a real server.
"""

from pathlib import Path

import pytest
from tests.real.stepping import kinds, stepped

from hasten.world.postgres import Database

pytestmark = pytest.mark.real

SYNCHRONOUS = """
from psycopg_pool import ConnectionPool
from sqlalchemy import create_engine, text
with ConnectionPool(URL, min_size=1, max_size=1, open=True) as pool:
    pool.wait()
    with pool.connection() as db:
        db.execute("SELECT 1")
engine = create_engine(URL.replace("postgresql://", "postgresql+psycopg://"), pool_size=1)
for _ in range(2):
    with engine.connect() as db:
        db.execute(text("SELECT 2"))
"""

ASYNCHRONOUS = """
import asyncio, asyncpg
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
async def main():
    async with AsyncConnectionPool(URL, min_size=1, max_size=1, open=False) as pool:
        await pool.wait()
        async def one():
            async with pool.connection() as db:
                await db.execute("SELECT pg_sleep(0.03)")
        await asyncio.gather(one(), one())
    engine = create_async_engine(URL.replace("postgresql://", "postgresql+psycopg://"))
    async with engine.connect() as db:
        await db.execute(text("SELECT 2"))
    await engine.dispose()
    async with asyncpg.create_pool(URL, min_size=0, max_size=1) as pool:
        async with pool.acquire() as db:
            await db.fetch("SELECT 3")
asyncio.run(main())
"""


def test_synchronous_pools(database: Database, place: Path) -> None:
    """
    Each wait is a step; opening a connection is one within it, and there is one the second time only if it must.
    """
    found = stepped(SYNCHRONOUS, database.dsn, place)
    began = kinds([each for each in found if each[1] not in ("COMMIT", "ROLLBACK")], "pool", "connect", "db")

    assert [
        ("pool", "psycopg_pool"), ("db", "SELECT ?"), ("pool", "sqlalchemy"), ("connect", "postgresql"),
    ] == began[:4]  # fmt: skip
    assert 2 == kinds(found, "pool").count(("pool", "sqlalchemy"))
    assert 1 == kinds(found, "connect").count(("connect", "postgresql"))
    assert [] == kinds(found, "stall")


def test_asynchronous_pools(database: Database, place: Path) -> None:
    """
    Who waits for a connection that another has is seen to; none of them holds the loop.
    """
    found = stepped(ASYNCHRONOUS, database.dsn, place)
    pools = [name for _, name in kinds(found, "pool")]

    assert ["psycopg_pool", "psycopg_pool", "sqlalchemy", "asyncpg"] == pools
    assert 2 <= len(kinds(found, "connect"))
    assert [] == kinds(found, "stall")
    assert ["main", "<module>"] == next(each for each in found if each[1] == "sqlalchemy")[4]
    assert ["one"] == found[[each[0] for each in found].index("pool")][4][:1]
