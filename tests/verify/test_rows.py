"""
Digests of results, on results of a real server.
"""

import psycopg
import pytest

from hasten.application import App
from hasten.verify.rows import Rows, rows_of
from hasten.world.postgres import as_query

pytestmark = pytest.mark.real


def digest(app: App, statement: str) -> Rows:
    """
    The digest of what a statement answers.
    """
    with app.database.connect() as connection:
        cursor = psycopg.RawCursor(connection)
        cursor.execute(as_query(statement))
        assert cursor.pgresult is not None
        return rows_of(cursor.pgresult)


def test_the_order_of_rows_is_told_apart_and_can_be_ignored(small_app: App) -> None:
    """
    The same rows in another order are the same multiset in another order.
    """
    up = digest(small_app, "SELECT id, name FROM parents ORDER BY id")
    down = digest(small_app, "SELECT id, name FROM parents ORDER BY id DESC")

    assert (up.count, up.multiset) == (down.count, down.multiset)
    assert up.ordered != down.ordered


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("VALUES ('ab', 'c')", "VALUES ('a', 'bc')"),
        ("VALUES ('', NULL)", "VALUES (NULL, '')"),
        ("VALUES (1), (1)", "VALUES (1)"),
        ("VALUES (1), (1), (2)", "VALUES (1), (2), (2)"),
        ("SELECT 1 WHERE false", "VALUES (NULL::int)"),
        ("VALUES (1.0::float8)", "VALUES (1.000001::float8)"),
        ("VALUES (1.10::numeric)", "VALUES (1.1000000000001::numeric)"),
    ],
)
def test_different_rows_have_different_digests(small_app: App, one: str, other: str) -> None:
    """
    Where values end, what is null and how often a row comes: all of it counts.
    """
    assert digest(small_app, one) != digest(small_app, other)


def test_the_last_digits_of_a_float_do_not_count(small_app: App) -> None:
    """
    Sums of floats in another order are the same answer.
    """
    up = digest(small_app, "SELECT sum(w) FROM (SELECT weight w FROM children ORDER BY id) x")
    down = digest(small_app, "SELECT sum(w) FROM (SELECT weight w FROM children ORDER BY id DESC) x")

    assert up == down
