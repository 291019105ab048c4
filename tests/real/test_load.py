"""
The load generator and Locust against a real server process.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hasten.world.load import LoadPlan, LoadRequest, LoadResult, run_load
from hasten.world.load.locust import run_locust

pytestmark = pytest.mark.real

SERVER = """
import asyncio, sys

class Answer(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        delay = 0.2 if b" /slow " in data else 0.02
        body = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nAge: 5\\r\\n\\r\\nok"
        asyncio.get_running_loop().call_later(delay, self.transport.write, body)

async def main():
    server = await asyncio.get_running_loop().create_server(Answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@pytest.fixture
def url() -> Iterator[str]:
    """
    A server that takes 20 ms, or 200 ms for /slow.
    """
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


def a_plan(url: str) -> LoadPlan:
    return LoadPlan(
        base_url=url,
        requests=[LoadRequest(path="/fast", weight=4), LoadRequest(path="/slow")],
        rate_per_s=40,
        duration_s=5,
        timeout_s=20,
    )


def fastest(result: LoadResult, route: str) -> float:
    """
    The least latency of a route in the whole run, rejected windows included: no machine makes it less than it is.
    """
    routes = result.records.ints("route")
    latencies = result.records.floats("latency")
    return min(value for at, value in enumerate(latencies) if result.routes[routes[at]] == route)


def test_no_route_is_faster_than_its_server(url: str) -> None:
    """
    Each route's latency is at least its delay, all requests are answered, and hits are seen.
    """
    result = run_load(a_plan(url))

    assert {200} == set(result.records.ints("status"))
    assert fastest(result, "GET /fast") >= 0.02
    assert fastest(result, "GET /slow") >= 0.2
    assert all(result.records.ints("flags"))
    assert result.connections < result.records.count


def test_locust_gives_the_same_kind_of_result(url: str) -> None:
    """
    Routes, statuses and latencies are there, marked as closed loop.
    """

    result = run_locust(a_plan(url))

    assert result.closed_loop
    assert ["GET /fast", "GET /slow"] == result.routes
    assert {200} == set(result.records.ints("status"))
    assert fastest(result, "GET /slow") >= 0.2
    assert (result.requests(), result.requests()) == result.cache_hits()


def test_locust_runs_journeys_of_the_user(url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """
    A locustfile of their own replaces the recorded requests, and its names are the routes.
    """
    own = tmp_path_factory.mktemp("own") / "mine.py"
    own.write_text(
        "from locust import FastHttpUser, task, constant\n"
        "class Visitor(FastHttpUser):\n"
        "    wait_time = constant(0.1)\n"
        "    @task\n"
        "    def look(self):\n"
        "        self.client.get('/fast', name='my journey')\n"
    )

    result = run_locust(a_plan(url), locustfile=own)

    assert ["GET my journey"] == result.routes


def test_locust_on_another_machine_tells_its_requests_too(url: str, tmp_path: Path) -> None:
    """
    A worker that knows only the master's address gets the plan from it, and its requests are in the result; the file
    with the sessions does not stay there.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "locust", "-f", "-", "--worker", "--master-host", "127.0.0.1"]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with subprocess.Popen(
        [*command, "--master-port", str(port)], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
    ) as worker:
        try:
            result = run_locust(a_plan(url), workers=1, port=port)
            worker.wait(30)
        finally:
            if worker.poll() is None:
                worker.kill()

    assert ["GET /fast", "GET /slow"] == result.routes
    assert {200} == set(result.records.ints("status"))
    assert [] == list(temporary.iterdir())
