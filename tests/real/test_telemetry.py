"""
Telemetry of a real application: FastAPI and PostgreSQL under uvicorn, in an environment that has no Hasten.
"""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.real.test_agent import FOREIGN, ROOT, is_up

from hasten.world import agent, telemetry
from hasten.world.policy_file import PolicyFile
from hasten.world.ports import free_port
from hasten.world.postgres import Database
from hasten.world.telemetry import Telemetry

pytestmark = pytest.mark.real

PATIENCE_S = 30.0


@pytest.fixture
def url(database: Database) -> str:
    """
    A database with the table that the application reads.
    """
    database.run("CREATE TABLE item AS SELECT id, 'x' AS name, 1 AS price_cents FROM generate_series(1, 100) AS id")
    return database.dsn


@contextmanager
def serving(state_dir: Path, url: str, *options: str, **environment: str) -> Iterator[str]:
    """
    The address of the application of the benchmark, started as Hasten starts it.
    """
    port = free_port()
    command = [*agent.launcher(), str(FOREIGN), "-m", "uvicorn", "bench.agent_cost.app:app", "--port", str(port)]
    process = subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, **agent.surroundings(state_dir), "DATABASE_URL": url, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while not is_up(address):
            assert process.poll() is None and time.monotonic() < until, "the server did not start"
            time.sleep(0.05)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        said = process.communicate(timeout=30)[1]
    assert "hasten:" not in said


def seen(state_dir: Path) -> Telemetry:
    """
    What the workers have counted so far.
    """
    workers_dir = PolicyFile(state_dir / "policy").workers_dir
    return telemetry.merged(telemetry.snapshots(telemetry.folder_of(workers_dir)))


def counts(found: Telemetry) -> Counter[str]:
    """
    How many requests of each route.
    """
    return Counter({f"{each.method} {each.route} {each.status}": each.took.count for each in found.routes})


def complete(state_dir: Path, wanted: dict[str, int]) -> Telemetry:
    """
    The counts, once they are these.
    """
    until = time.monotonic() + PATIENCE_S
    while (found := seen(state_dir)) and counts(found) & Counter(wanted) != Counter(wanted):
        assert time.monotonic() < until, f"counted are {counts(found)}"
        time.sleep(0.1)
    return found


def test_requests_and_statements_of_a_server_are_counted(tmp_path: Path, url: str) -> None:
    """
    Routes by template, with statements by text, in one worker; what a pause follows is written, too.
    """
    with serving(tmp_path, url) as address, httpx.Client(trust_env=False, base_url=address) as client:
        sizes = [len(client.get(f"/five/{number}").content) for number in range(1, 21)]
        assert 422 == client.get("/plain/none").status_code
        assert 404 == client.get("/wp-admin/secret").status_code
        wanted = {"GET /five/{number} 2xx": 20, "GET /plain/{number} 4xx": 1}
        found = complete(tmp_path, wanted)
    five = next(each for each in found.routes if each.route == "/five/{number}")
    item, near = sorted(found.statements, key=lambda each: -each.took.count)

    assert (20, 100, 5, sum(sizes)) == (five.took.count, five.statements, five.most_statements, five.sent_bytes)
    assert 0 < five.database_ms < five.took.total_ms
    assert ("SELECT id, name, price_cents FROM item WHERE id = ?", 80) == (item.text, item.took.count)
    assert 20 == near.took.count
    assert item.callers[0].startswith("bench/agent_cost/app.py:")
    assert item.took.p50_ms <= item.took.p95_ms <= item.took.p99_ms
    assert five.database_ms == pytest.approx(item.took.total_ms + near.took.total_ms)
    assert not any("secret" in each.route for each in found.routes)


def test_every_worker_counts_its_own(tmp_path: Path, url: str) -> None:
    """
    With two workers the counts of both add up to what was asked.
    """
    with serving(tmp_path, url, "--workers", "2") as address:
        for number in range(60):
            httpx.get(f"{address}/five/{number + 1}", trust_env=False, verify=False).raise_for_status()
        found = complete(tmp_path, {"GET /five/{number} 2xx": 60})

    assert 300 == sum(each.took.count for each in found.statements)
    assert 1 <= len(found.workers) <= 2


def test_switched_off_nothing_is_counted(tmp_path: Path, url: str) -> None:
    """
    With HASTEN_TELEMETRY=0 the application answers and no file is written.
    """
    with serving(tmp_path, url, HASTEN_TELEMETRY="0") as address:
        httpx.get(f"{address}/five/1", trust_env=False).raise_for_status()
        time.sleep(0.5)

        assert [] == seen(tmp_path).workers
