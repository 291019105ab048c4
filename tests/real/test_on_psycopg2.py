"""
psycopg2 under the agent, on a real server.
"""

from pathlib import Path

import pytest
from tests.real.counting import counted, executions

from hasten.world.postgres import Database

pytestmark = pytest.mark.real

CODE = """
import psycopg2, psycopg2.extras
from psycopg2 import sql
db = psycopg2.connect(DSN)
with db.cursor() as cursor:
    cursor.execute("CREATE TABLE t (a int, b text)")
    cursor.executemany("INSERT INTO t VALUES (%s, %s)", [(n, "Ann") for n in range(3)])
    cursor.execute("SELECT b FROM t WHERE a = %s", (1,))
    assert cursor.fetchone() == ("Ann",)
    cursor.execute(sql.SQL("SELECT {} FROM t WHERE b = {}").format(sql.Identifier("a"), sql.Literal("Ann")))
    assert isinstance(cursor, psycopg2.extensions.cursor)
with db.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
    cursor.execute("SELECT a, b FROM t WHERE a = %s", (1,))
    assert dict(cursor.fetchone()) == {"a": 1, "b": "Ann"}
with db.cursor() as cursor:
    try:
        cursor.execute("SELECT missing FROM t")
    except psycopg2.errors.UndefinedColumn:
        db.rollback()
db.close()
class Own(psycopg2.extensions.cursor):
    pass
db = psycopg2.connect(DSN, cursor_factory=Own)
assert type(db.cursor()) is Own
db.close()
db = psycopg2.connect(DSN, connection_factory=psycopg2.extras.DictConnection)
with db.cursor() as cursor:
    cursor.execute("SELECT 1 AS one")
    assert cursor.fetchone()["one"] == 1
db.close()
"""


def test_what_a_connection_executes_is_counted(database: Database, place: Path) -> None:
    """
    Plain cursors and those of the extras count each statement once; an application's own class stays its own.
    """
    found = counted(CODE, database.dsn, place)

    assert {
        "CREATE TABLE t (a int, b text)": 1,
        "INSERT INTO t VALUES (?)": 1,
        "SELECT b FROM t WHERE a = ?": 1,
        'SELECT "a" FROM t WHERE b = ?': 1,
        "SELECT a, b FROM t WHERE a = ?": 1,
        "SELECT missing FROM t": 1,
        "SELECT ? AS one": 1,
    } == executions(found)
    assert 1 == found["SELECT missing FROM t"]["errors"]
