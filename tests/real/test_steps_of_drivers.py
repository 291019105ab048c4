"""
Statements of psycopg2 and asyncpg in a traced request, on a real server.
"""

from pathlib import Path

import pytest
from tests.real.stepping import kinds, stepped

from hasten.world.postgres import Database

pytestmark = pytest.mark.real

PSYCOPG2 = """
import psycopg2, psycopg2.extras
db = psycopg2.connect(URL)
def shown(n):
    with db.cursor() as cursor:
        cursor.execute("SELECT n FROM generate_series(1, %s) AS n", (n,))
        return cursor.fetchall()
for n in (5, 5, 6):
    shown(n)
with db.cursor(cursor_factory=psycopg2.extras.DictCursor) as cursor:
    cursor.execute("SELECT n FROM generate_series(1, %(n)s) AS n WHERE n > 0", {"n": 5})
    cursor.execute("CREATE TEMP TABLE t (a int)")
    cursor.executemany("INSERT INTO t VALUES (%s)", [(1,), (2,)])
async def main():
    with psycopg2.connect(URL) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.005)")
import asyncio
asyncio.run(main())
"""

ASYNCPG = """
import asyncio, asyncpg
async def main():
    db = await asyncpg.connect(URL)
    async def shown(n):
        return await db.fetch("SELECT n FROM generate_series(1, $1::int) AS n", n)
    for n in (5, 5, 6):
        await shown(n)
    prepared = await db.prepare("SELECT n FROM generate_series(1, $1::int) AS n WHERE n > 0")
    await prepared.fetch(5)
    await prepared.executemany([(5,), (6,)])
    await db.execute("CREATE TEMP TABLE t (a int)")
    await db.close()
asyncio.run(main())
"""


def test_psycopg2(database: Database, place: Path) -> None:
    """
    Rows, equal values and the function that executes; where a loop runs it is held.
    """
    found = stepped(PSYCOPG2, database.dsn, place)
    steps = [each for each in found if each[0] == "db"]
    five, same, six, named, made, many, slept = steps

    assert (5, 6, 5, -1) == (five[3], six[3], named[3], made[3])
    assert five[2] == same[2] == named[2] != six[2]
    assert ["shown", "<module>"] == five[4]
    assert "INSERT INTO t VALUES (?)" == many[1]
    assert ["main", "<module>"] == slept[4]
    assert 2 == len(kinds(found, "connect"))
    assert ("stall", "a synchronous statement") in kinds(found, "stall")


def test_asyncpg(database: Database, place: Path) -> None:
    """
    The same; of a prepared statement values are known where it is given one row of them.
    """
    found = stepped(ASYNCPG, database.dsn, place)
    five, same, six, prepared, many, made = [each for each in found if each[0] == "db"]

    assert (5, 6, 5, -1) == (five[3], six[3], prepared[3], made[3])
    assert five[2] == same[2] == prepared[2] != six[2]
    assert "" == many[2]
    assert ["shown", "main"] == five[4][:2]
    assert [("connect", "postgresql")] == kinds(found, "connect")
    assert [] == kinds(found, "stall")
