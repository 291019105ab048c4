"""
Traces of a real application: FastAPI and PostgreSQL under uvicorn.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.real.tracing import serving, step, steps, traced, traces, uvicorn

from hasten.world.postgres import Database

pytestmark = pytest.mark.real


@pytest.fixture
def url(database: Database) -> str:
    """
    A database with the table that the application reads.
    """
    database.run("CREATE TABLE item AS SELECT id, 'x' AS name FROM generate_series(1, 100) AS id")
    return database.dsn


@pytest.fixture
def client(tmp_path: Path, url: str) -> Iterator[httpx.Client]:
    """
    A client of the application.
    """
    with serving(tmp_path, *uvicorn("traced_app:app"), DATABASE_URL=url) as address:
        with httpx.Client(trust_env=False, base_url=address) as made:
            yield made


def test_where_the_time_of_a_request_went(tmp_path: Path, client: httpx.Client) -> None:
    """
    Statements with rows and callers, within the dependencies where they belong; the ORM's callers are the application.
    """
    found = traced(tmp_path, "/items/{number}", lambda: client.get("/items/7", headers={"cookie": "session=ann"}))
    who, item = step(found, "db", "SELECT ?"), step(found, "db", "FROM item")
    dependencies = step(found, "dependencies")

    assert dependencies[1] <= who[1] <= who[1] + who[2] <= dependencies[1] + dependencies[2] <= item[1]
    assert (1, 1) == (who[5], item[5])
    assert ["traced_app.py current_user"] == who[6]
    assert ["traced_app.py item"] == item[6]
    assert item[1] + item[2] <= found["duration_ns"]
    assert all(len(found[each]) == 16 for each in ("identity", "asked", "answer"))
    assert "serialize" in {each[0] for each in steps(found)}
    assert not any("ann" in str(each) for each in traces(tmp_path))
    for path, route, place in (
        ("/orm/7", "/orm/{number}", "traced_app.py orm"),
        ("/async-orm/7", "/async-orm/{number}", "traced_app.py async_orm"),
    ):
        found = traced(tmp_path, route, lambda path=path: client.get(path))
        assert [place] == step(found, "db", "SELECT name FROM item WHERE id = ?")[6]
    assert "thread" in {each[0] for each in steps(traced(tmp_path, "/orm/{number}", lambda: client.get("/orm/7")))}


def test_a_blocking_call_is_a_stall(tmp_path: Path, client: httpx.Client) -> None:
    """
    A synchronous driver in a coroutine holds the loop while it connects and while it waits; so does work.
    """
    found = traced(tmp_path, "/blocking", lambda: client.get("/blocking"))
    statement = step(found, "db", "pg_sleep")
    stalls = [each for each in steps(found) if each[0] == "stall"]

    assert ["traced_app.py blocking"] == step(found, "connect", "postgresql")[6]
    assert any(each[1] <= statement[1] and statement[2] <= each[2] for each in stalls)
    assert ["traced_app.py blocking"] == next(each for each in stalls if each[2] > 25e6)[6]
    for _ in range(10):
        spin = step(traced(tmp_path, "/spin", lambda: client.get("/spin")), "stall")
        if spin[6]:
            break
    assert 190e6 < spin[2]
    assert ["traced_app.py spun", "traced_app.py spin"] == spin[6]


def test_calls_to_other_services_are_steps(tmp_path: Path, client: httpx.Client) -> None:
    """
    Making a client, and each call with its status and the line that made it.
    """
    found = traced(tmp_path, "/calls", lambda: client.get("/calls"))
    host = str(client.base_url).removeprefix("http://").rstrip("/")
    get, post = step(found, "http", f"GET {host}/items/{{}}"), step(found, "http", f"POST {host}/introspect")

    assert (200, 404) == (get[5], post[5])
    assert ["traced_app.py calls"] == get[6] == post[6] == step(found, "client", "httpx")[6]
    assert get[1] + get[2] <= post[1]
    assert "secret" not in str(found)


def test_switched_off_nothing_is_traced(tmp_path: Path, url: str) -> None:
    """
    With HASTEN_TRACES=0 the application answers and no file is written.
    """
    with serving(tmp_path, *uvicorn("traced_app:app"), DATABASE_URL=url, HASTEN_TRACES="0") as address:
        for _ in range(5):
            httpx.get(f"{address}/items/1", trust_env=False, verify=False).raise_for_status()
            time.sleep(0.05)

        assert [] == traces(tmp_path)
