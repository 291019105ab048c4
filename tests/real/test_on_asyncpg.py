"""
asyncpg under the agent, on a real server.
"""

from pathlib import Path

import pytest
from tests.real.counting import counted, executions

from hasten.world.postgres import Database

pytestmark = pytest.mark.real

CODE = """
import asyncio, asyncpg
async def main():
    async with asyncpg.create_pool(DSN, min_size=1, max_size=2) as pool:
        async with pool.acquire() as db:
            await db.execute("CREATE TABLE t (a int, b text)")
            assert await db.execute("INSERT INTO t VALUES ($1, $2)", 1, "Ann") == "INSERT 0 1"
            await db.executemany("INSERT INTO t VALUES ($1, $2)", [(n, "Bob") for n in range(2, 6)])
            assert await db.fetchval("SELECT b FROM t WHERE a = $1", 1) == "Ann"
            assert len(await db.fetch("SELECT b FROM t WHERE a > 1")) == 4
            prepared = await db.prepare("SELECT a FROM t WHERE b = $1")
            assert len(await prepared.fetch("Bob")) == 4
            async with db.transaction():
                seen = [row["a"] async for row in db.cursor("SELECT a FROM t ORDER BY a")]
                assert seen == [1, 2, 3, 4, 5]
            try:
                await db.fetch("SELECT missing FROM t")
            except asyncpg.UndefinedColumnError:
                pass
        await asyncio.gather(*(pool.fetchval("SELECT $1::int", n) for n in range(6)))
asyncio.run(main())
"""


def test_what_a_connection_executes_is_counted(database: Database, place: Path) -> None:
    """
    With and without arguments, many at once, prepared, with a cursor, through a pool: each once, with its errors.
    """
    found = counted(CODE, database.dsn, place)
    ours = {text: count for text, count in executions(found).items() if not text.startswith("SELECT pg_advisory")}

    assert {
        "CREATE TABLE t (a int, b text)": 1,
        "INSERT INTO t VALUES (?)": 2,
        "SELECT b FROM t WHERE a = ?": 1,
        "SELECT b FROM t WHERE a > ?": 1,
        "SELECT a FROM t WHERE b = ?": 1,
        "BEGIN": 1,
        "SELECT a FROM t ORDER BY a": 1,
        "COMMIT": 1,
        "SELECT missing FROM t": 1,
        "SELECT ?::int": 6,
    } == ours
    assert 1 == found["SELECT missing FROM t"]["errors"]
    assert found["SELECT b FROM t WHERE a = ?"]["callers"][0].endswith(" main")
