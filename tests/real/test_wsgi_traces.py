"""
Telemetry and traces of WSGI applications: Flask and Django on PostgreSQL, under gunicorn and waitress.
"""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.real.tracing import serving, step, steps, traced

from hasten.world import telemetry
from hasten.world.policy_file import PolicyFile
from hasten.world.postgres import Database

pytestmark = pytest.mark.real

GUNICORN = ["-m", "gunicorn", "--bind", "127.0.0.1:PORT", "--no-control-socket", "--graceful-timeout", "1"]
THREADS = [*GUNICORN, "--worker-class", "gthread", "--threads", "4"]


@pytest.fixture
def url(database: Database) -> str:
    """
    A database with the table that the application reads.
    """
    database.run("CREATE TABLE item AS SELECT id, 'name ' || id AS name FROM generate_series(1, 100) AS id")
    return database.dsn


def seen(state_dir: Path, wanted: Counter[str]) -> Any:
    """
    What the workers have counted, once these requests are in it.
    """
    folder = telemetry.folder_of(PolicyFile(state_dir / "policy").workers_dir)
    until = time.monotonic() + 30
    while True:
        found = telemetry.merged(telemetry.snapshots(folder))
        counts = Counter({f"{each.method} {each.route} {each.status}": each.took.count for each in found.routes})
        if counts & wanted == wanted:
            return found
        assert time.monotonic() < until, f"counted are {counts}"
        time.sleep(0.1)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_flask_under_threads(tmp_path: Path, url: str, driver: str) -> None:
    """
    Requests by rule, with statements of their streams; steps with the line of the application, not of the ORM.
    """
    command = [*THREADS, "traced_flask:app"]
    with serving(tmp_path, *command, DATABASE_URL=url, DRIVER=driver) as address:
        with httpx.Client(trust_env=False, base_url=address) as client:
            assert "name 1name 2name 3" == client.get("/stream").text
            item = traced(tmp_path, "/items/{number}", lambda: client.get("/items/7"))
            page = traced(tmp_path, "/page/{number}", lambda: client.get("/page/7"))
            found = seen(tmp_path, Counter({"GET /stream 2xx": 1}))
    stream = next(each for each in found.routes if each.route == "/stream")
    statement, template = step(page, "db", "FROM item"), step(page, "template")

    assert 18 == stream.sent_bytes
    assert 3 <= stream.most_statements
    assert ["traced_flask.py found", "traced_flask.py item"] == step(item, "db", "FROM item")[6]
    assert 1 == step(item, "db", "FROM item")[5]
    assert "flask.jsonify" == step(item, "serialize")[3]
    assert template[1] <= statement[1] <= template[1] + template[2]
    assert 0 < item["cpu_ns"] <= item["duration_ns"]
    assert "stall" not in {each[0] for each in steps(item)}


@pytest.mark.parametrize("server", ["gunicorn", "waitress", "asgi"])
def test_django(tmp_path: Path, url: str, server: str) -> None:
    """
    Routes by pattern, under WSGI and ASGI; steps with the line of the application, not of the ORM.
    """
    command = {
        "gunicorn": [*GUNICORN, "traced_django:wsgi"],
        "waitress": ["-m", "waitress", "--listen=127.0.0.1:PORT", "traced_django:wsgi"],
        "asgi": ["-m", "uvicorn", "traced_django:asgi", "--port", "PORT"],
    }[server]
    with serving(tmp_path, *command, DATABASE_URL=url) as address:
        with httpx.Client(trust_env=False, base_url=address) as client:
            item = traced(tmp_path, "/shop/items/{number}/", lambda: client.get("/shop/items/7/"))
            page = traced(tmp_path, "/shop/page/", lambda: client.get("/shop/page/"))
            seen(tmp_path, Counter({"GET /shop/items/{number}/ 2xx": 1, "GET /shop/page/ 2xx": 1}))
    statement, template = step(page, "db", 'FROM "item"'), step(page, "template")

    assert ["traced_django.py item"] == step(item, "db", 'FROM "item"')[6]
    assert "django.JsonResponse" == step(item, "serialize")[3]
    assert ("list.html", 3) == (template[3], statement[5])
    assert template[1] <= statement[1] <= template[1] + template[2]
