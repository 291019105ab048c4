"""
Recorded executions on a real server: times, plans, and digests of their rows.
"""

from collections.abc import Iterator

import psycopg
import pytest

from hasten.application import App
from hasten.evidence import StatementSample
from hasten.model import now
from hasten.testing.servers import private_app
from hasten.world.execution import Rows, execute, outline_of, plan_of, rows_of
from hasten.world.postgres import as_query

pytestmark = pytest.mark.real


SEED = """
CREATE TABLE parents (id int PRIMARY KEY, name text);
CREATE TABLE children (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parents (id), weight float8);
INSERT INTO parents SELECT i, 'p' || i FROM generate_series(1, 5000) i;
INSERT INTO children SELECT i, 1 + i % 100, i / 3.0 FROM generate_series(1, 1000) i;
"""


@pytest.fixture(scope="module")
def small_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """
    An App on a private server with two small tables.
    """
    with private_app(tmp_path_factory.mktemp("small"), SEED) as app:
        yield app


def sample(text: str, *parameters: str | None) -> StatementSample:
    """
    One recorded execution.
    """
    return StatementSample(at=now(), query_id="q", text=text, parameters=list(parameters))


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


def test_parameters_take_the_type_that_the_statement_asks_for(small_app: App) -> None:
    """
    Text for integers, arrays, dates and NULL is understood; % in a statement is only that.
    """
    text = "SELECT id FROM parents WHERE id = ANY ($1) AND id > $2 AND name LIKE 'p%' AND ($3::date IS NULL OR true)"
    with small_app.database.connect() as connection:
        run = execute(connection, sample(text, "{1,2,3}", "1", None))

    assert (None, 2) == (run.error, run.count)


def test_a_write_leaves_nothing(small_app: App) -> None:
    """
    It is run for real, and rolled back.
    """
    with small_app.database.connect() as connection:
        run = execute(connection, sample("DELETE FROM children WHERE id < $1 RETURNING id", "5"))
        wrote = execute(connection, sample("INSERT INTO children VALUES ($1, 1, 1)", "7000"))

    assert (4, 1, None) == (run.count, wrote.count, wrote.error)
    assert 1000 == small_app.database.value("SELECT count(*) FROM children")


def test_an_error_is_a_result(small_app: App) -> None:
    """
    The SQLSTATE of a failed execution is told, and the connection can go on.
    """
    with small_app.database.connect() as connection:
        failed = execute(connection, sample("INSERT INTO children VALUES (1, 1, 1)"))
        after = execute(connection, sample("SELECT 1"))

    assert ("23505", None) == (failed.error, after.error)


def test_a_plan_is_of_the_real_parameters_and_leaves_the_transaction_alone(small_app: App) -> None:
    """
    Inside of a transaction a refused statement is rolled back to where it was, and the session goes on.
    """
    with small_app.database.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute("DROP INDEX IF EXISTS nothing")
        refused = plan_of(connection, sample("SELECT * FROM missing"))
        failed = execute(connection, sample("SELECT 1 / $1::int", "0"))
        few = plan_of(connection, sample("SELECT * FROM parents WHERE id < $1", "3"))
        many = plan_of(connection, sample("SELECT * FROM parents WHERE id < $1", "4999"))

    assert (None, "22012") == (refused, failed.error)
    assert few is not None
    assert many is not None
    assert few["Plan Rows"] < many["Plan Rows"]
    assert outline_of(few) != outline_of(many)


def test_an_outline_has_no_numbers(small_app: App) -> None:
    """
    The same work with other estimates has the same outline.
    """
    statement = sample("SELECT count(*) FROM parents WHERE name > 'a'")
    with small_app.database.connect() as connection, connection.transaction(force_rollback=True):
        before = plan_of(connection, statement)
        connection.execute("SET LOCAL cpu_tuple_cost = 0.02")
        after = plan_of(connection, statement)

    assert before is not None
    assert after is not None
    assert before["Total Cost"] != after["Total Cost"]
    assert outline_of(before) == outline_of(after)
