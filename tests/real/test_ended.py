"""
Counts that survive their workers: gunicorn replaces its workers under load, a Prometheus scrapes meanwhile, all stop.
"""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.world.metrics.exposition import Labels, read

from hasten.world import agent, ended, telemetry
from hasten.world.metrics.endpoint import Endpoint
from hasten.world.metrics.steady import Steady
from hasten.world.policy_file import PolicyFile
from hasten.world.ports import free_port

pytestmark = pytest.mark.real

HERE = Path(__file__).parent
PATIENCE_S = 60.0
REQUESTS = 200
#: Each worker ends after so many.
REPLACED_AFTER = 40
NAME = "http_server_request_duration_seconds"


@contextmanager
def serving(state_dir: Path) -> Iterator[int]:
    """
    The port of a server that replaces its workers; it is asked to stop at the end, and waited for.
    """
    port = free_port()
    options = f"--bind 127.0.0.1:{port} --no-control-socket --workers 2 --max-requests {REPLACED_AFTER}"
    process = subprocess.Popen(
        [*agent.launcher(), sys.executable, "-m", "gunicorn", *options.split(), "served:wsgi"],
        cwd=HERE,
        env={**os.environ, **agent.surroundings(state_dir), "SERVED_GATE": str(state_dir / "gate")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def answered(port: int, most: int) -> int:
    """
    How many of so many requests were answered; a server that is just starting answers none.
    """
    count, until = 0, time.monotonic() + PATIENCE_S
    while count < most and time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            answer.read()
            count += answer.status == 200
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    return count


def scraped(url: str) -> dict[tuple[str, Labels], float]:
    """
    The counters of requests, as a Prometheus gets them.
    """
    split = urlsplit(url)
    connection = http.client.HTTPConnection(split.netloc, timeout=PATIENCE_S)
    connection.request("GET", split.path)
    families = read(connection.getresponse().read().decode())
    connection.close()
    return families[NAME].samples if NAME in families else {}


def test_no_count_is_lost_and_none_goes_backwards(tmp_path: Path) -> None:
    """
    While five workers come and go no counter ever falls, and at the end as many requests are counted as were sent.
    """
    folder = telemetry.folder_of(PolicyFile(tmp_path / "policy").workers_dir)
    before: dict[tuple[str, Labels], float] = {}
    with Endpoint(Steady(folder).metrics, port=0) as endpoint:
        with serving(tmp_path) as port:
            sent = 0
            while sent < REQUESTS:
                sent += answered(port, 10)
                now = scraped(endpoint.url)
                assert all(now.get(key, 0) >= value for key, value in before.items())
                before = now
        time.sleep(0.6)  # what several scrapes share is that old at most
        (total,) = (value for (name, _), value in scraped(endpoint.url).items() if name == f"{NAME}_count")
    left = ended.settle(folder)

    assert REQUESTS == sent == total
    assert REQUESTS // REPLACED_AFTER <= left.ended.workers
    assert [] == left.living
    assert [ended.NAME] == [path.name for path in folder.glob("*.json")]
