"""
Relations that a real application loads with its objects, from PostgreSQL, and what its requests read of them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.real.tracing import serving, step, steps, traced, uvicorn

from hasten.world.postgres import Database

pytestmark = pytest.mark.real


@pytest.fixture
def url(database: Database) -> str:
    """
    A database with a few orders.
    """
    database.run("CREATE TABLE customer AS SELECT id, 'name ' || id AS name FROM generate_series(1, 5) AS id")
    database.run("CREATE TABLE orders AS SELECT id, 1 + id % 5 AS customer_id FROM generate_series(1, 20) AS id")
    database.run(
        "CREATE TABLE line AS SELECT id, 1 + id % 20 AS order_id, 'x' AS text FROM generate_series(1, 60) AS id"
    )
    return database.dsn


@pytest.fixture
def client(tmp_path: Path, url: str) -> Iterator[httpx.Client]:
    """
    A client of the application.
    """
    with serving(tmp_path, *uvicorn("eager_app:app"), DATABASE_URL=url) as address:
        with httpx.Client(trust_env=False, base_url=address) as made:
            yield made


def told(trace: Any) -> dict[str, str]:
    """
    Relation → what is known of it.
    """
    return {each[3].split(" ")[1]: each[4] for each in steps(trace) if each[0] == "eager"}


def test_what_a_request_reads_of_what_it_loads(tmp_path: Path, client: httpx.Client) -> None:
    """
    Both by nobody; one by the model of the answer, by a template, by a task after the answer; and what is taken out of
    the object itself is not judged.
    """
    expected = {
        "/unread": {"Order.lines": "unread", "Order.customer": "unread"},
        "/async-unread": {"Order.lines": "unread", "Order.customer": "unread"},
        "/contained": {"Order.customer": "unread"},
        "/model": {"Order.lines": "read", "Order.customer": "unread"},
        "/template": {"Order.lines": "unread", "Order.customer": "read"},
    }
    assert expected == {path: told(traced(tmp_path, path, lambda path=path: client.get(path))) for path in expected}
    assert "read" == told(traced(tmp_path, "/background", lambda: client.get("/background")))["Order.lines"]
    assert "unread" not in told(traced(tmp_path, "/plain", lambda: client.get("/plain"))).values()


def test_its_statement_and_its_line_are_known(tmp_path: Path, client: httpx.Client) -> None:
    """
    Lines by a statement of their own, within the step; customers as a part of the statement of the orders.
    """
    for path, place in (("/unread", "eager_app.py unread"), ("/async-unread", "eager_app.py async_unread")):
        found = traced(tmp_path, path, lambda path=path: client.get(path))
        lines, customer = step(found, "eager", "Order.lines"), step(found, "eager", "Order.customer")
        of_orders, of_lines = step(found, "db", "FROM orders LEFT"), step(found, "db", "FROM line")

        assert ["selectin Order.lines line", "joined Order.customer customer"] == [lines[3], customer[3]]
        assert lines[1] <= of_lines[1] <= of_lines[1] + of_lines[2] <= lines[1] + lines[2]
        assert of_orders[1:3] == customer[1:3]
        assert (15, 5) == (lines[5], customer[5])
        assert place in lines[6] and place in customer[6]


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "waitress", "--listen=127.0.0.1:PORT", "eager_django:wsgi"],
        ["-m", "uvicorn", "eager_django:asgi", "--port", "PORT"],
    ],
    ids=["waitress", "uvicorn"],
)
def test_what_django_reads_of_what_it_loads(tmp_path: Path, url: str, command: list[str]) -> None:
    """
    Both by nobody; one by the view, one by the template; with the statement and the line of each.
    """
    expected = {
        "unread": {"Orders.lines": "unread", "Orders.customer": "unread"},
        "lines": {"Orders.lines": "read", "Orders.customer": "unread"},
        "page": {"Orders.lines": "unread", "Orders.customer": "read"},
    }
    with serving(tmp_path, *command, DATABASE_URL=url) as address:
        with httpx.Client(trust_env=False, base_url=address) as client:
            found = {name: traced(tmp_path, f"/{name}", lambda name=name: client.get(f"/{name}")) for name in expected}
    assert expected == {name: told(each) for name, each in found.items()}
    lines, customer = step(found["unread"], "eager", "Orders.lines"), step(found["unread"], "eager", "Orders.customer")
    of_orders, of_lines = step(found["unread"], "db", 'FROM "orders"'), step(found["unread"], "db", 'FROM "line"')
    assert ["prefetch Orders.lines line", "select_related Orders.customer customer"] == [lines[3], customer[3]]
    assert lines[1] <= of_lines[1] <= of_lines[1] + of_lines[2] <= lines[1] + lines[2]
    assert of_orders[1:3] == customer[1:3]
    assert (15, 5) == (lines[5], customer[5])
    assert "eager_django.py unread" in lines[6] and "eager_django.py unread" in customer[6]
