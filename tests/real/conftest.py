"""
One private PostgreSQL for all tests with a real server, and a fresh database in it for each.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from hasten.world.cluster import Cluster
from hasten.world.postgres import Database
from hasten.world.supervisor import Supervisor

_numbers = count()


@pytest.fixture(scope="session")
def open_place() -> Iterator[Path]:
    """
    Give a folder that the servers' user may pass through (pytest's own are closed to others).
    """
    folder = Path(tempfile.mkdtemp(prefix="hasten-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def place(open_place: Path) -> Iterator[Path]:
    """
    Give an empty folder of this test's own that the servers' user may pass through.
    """
    folder = Path(tempfile.mkdtemp(dir=open_place))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers(open_place: Path) -> Iterator[Supervisor]:
    """
    Give the supervisor of the shared cluster.
    """
    with Supervisor(open_place / ".hasten") as supervisor:
        yield supervisor


@pytest.fixture(scope="session")
def cluster(servers: Supervisor, open_place: Path) -> Iterator[Cluster]:
    """
    Give a private PostgreSQL that runs and records its statements.
    """
    made = Cluster.create(open_place / "cluster", settings={"shared_buffers": "64MB", "fsync": "off"})
    made.start(servers, recording=True)
    yield made
    made.delete()


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    """
    Give an empty database in the shared cluster; it is dropped afterwards.
    """
    name = f"test_{next(_numbers)}"
    yield cluster.create_database(name)
    cluster.database().run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def another() -> Iterator[Callable[..., tuple["subprocess.Popen[str]", list[str]]]]:
    """
    Give a way to run code in another process, up to the first line that it prints; it is killed at the end.
    """
    started = []

    def run(code: str, *words: object) -> tuple["subprocess.Popen[str]", list[str]]:
        argv = [sys.executable, "-c", code, *map(str, words)]
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        started.append(child)
        assert child.stdout is not None
        line = child.stdout.readline().split()
        assert line, f"it ended with {child.wait(10)} before it said anything"
        return child, line

    yield run
    for child in started:
        child.kill()
        child.wait()
        child.stdout.close()
