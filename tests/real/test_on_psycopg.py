"""
psycopg 3 under the agent, on a real server: what is counted, and that nothing else is changed.
"""

from pathlib import Path

import pytest
from tests.real.counting import counted, executions

from hasten.world.postgres import Database

pytestmark = pytest.mark.real

SYNCHRONOUS = """
import psycopg
from psycopg import sql
with psycopg.connect(DSN) as db:
    db.execute("CREATE TABLE t (a int, b text)")
    with db.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s, %s)", [(n, "Ann") for n in range(5)])
    db.commit()
    for n in range(3):
        assert db.execute("SELECT b FROM t WHERE a = %s", (n,)).fetchone() == ("Ann",)
    db.execute(sql.SQL("SELECT {} FROM t WHERE b = {}").format(sql.Identifier("a"), sql.Literal("Ann")))
    db.execute(b"SELECT b FROM t WHERE b = 'Ann'")
    with db.transaction():
        db.execute("SELECT pg_sleep(0.05)")
    try:
        db.execute("SELECT missing FROM t")
    except psycopg.errors.UndefinedColumn:
        db.rollback()
    with psycopg.ClientCursor(db) as cursor:
        cursor.execute("SELECT a FROM t WHERE b = %s AND a < %s", ("Ann", 3))
        assert len(cursor.fetchall()) == 3
    with db.cursor(name="one use") as cursor:
        cursor.execute("SELECT a FROM t ORDER BY a")
        assert len(cursor.fetchall()) == 5
"""

ASYNCHRONOUS = """
import asyncio, inspect, psycopg
async def main():
    async with await psycopg.AsyncConnection.connect(DSN, autocommit=True) as db:
        async def one(n):
            cursor = await db.execute("SELECT %s::int", (n,))
            return (await cursor.fetchone())[0]
        assert await asyncio.gather(*map(one, range(10))) == list(range(10))
        async with db.transaction():
            await db.execute("SELECT 'in a transaction'")
        task = asyncio.ensure_future(db.execute("SELECT pg_sleep(30)"))
        await asyncio.sleep(0.2)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        else:
            raise AssertionError("it was not cancelled")
asyncio.run(main())
assert list(inspect.signature(psycopg.Cursor.execute).parameters)[:3] == ["self", "query", "params"]
"""


def test_what_a_connection_executes_is_counted(database: Database, place: Path) -> None:
    """
    Plain, composed, prepared, in bytes, many at once, with a server's cursor: each once, with errors and commits.
    """
    found = counted(SYNCHRONOUS, database.dsn, place)
    found.pop("DEALLOCATE ALL", None)  # after a ROLLBACK, by some versions

    assert {
        "CREATE TABLE t (a int, b text)": 1,
        "INSERT INTO t VALUES (?)": 1,
        "COMMIT": 2,
        "SELECT b FROM t WHERE a = ?": 3,
        'SELECT "a" FROM t WHERE b = ?': 1,
        "SELECT b FROM t WHERE b = ?": 1,
        "SAVEPOINT ?": 1,
        "RELEASE ?": 1,
        "SELECT pg_sleep(?)": 1,
        "SELECT missing FROM t": 1,
        "ROLLBACK": 1,
        "SELECT a FROM t WHERE b = ? AND a < ?": 1,
        "SELECT a FROM t ORDER BY a": 1,
    } == executions(found)
    assert 1 == found["SELECT missing FROM t"]["errors"]
    assert 50e6 < found["SELECT pg_sleep(?)"]["sum_ns"] < 5e9
    assert ["code.py:11 <module>"] == found["SELECT b FROM t WHERE a = ?"]["callers"][:1]


def test_asynchronous_connections_are_counted(database: Database, place: Path) -> None:
    """
    Statements that wait for one connection are timed one by one; a cancelled one counts as failed and is cancelled.
    """
    found = counted(ASYNCHRONOUS, database.dsn, place)

    assert {"SELECT ?::int": 10, "SELECT ?": 1, "COMMIT": 1, "SELECT pg_sleep(?)": 1} == executions(found)
    assert 1 == found["SELECT pg_sleep(?)"]["errors"]
    assert ["code.py:7 one"] == found["SELECT ?::int"]["callers"][:1]


def test_switched_off_nothing_is_counted(database: Database, place: Path) -> None:
    """
    With HASTEN_TELEMETRY=0 the driver is as it was installed.
    """
    code = f"{ASYNCHRONOUS}\nassert not hasattr(psycopg.Cursor._execute_gen, '__wrapped__')"

    assert {} == counted(code, database.dsn, place, HASTEN_TELEMETRY="0")
