"""
Every Python below the launcher counts its statements, whether or not it serves: management commands, queue workers,
and what these fork or spawn.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hasten.world import agent, telemetry, workers
from hasten.world.policy_file import PolicyFile
from hasten.world.postgres import Database

pytestmark = pytest.mark.real

HERE = Path(__file__).parent
PATIENCE_S = 60.0

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path, database: Database) -> Start:
    """
    Gives a way to start a Python with these words behind the launcher.
    """

    def started(*words: str) -> "subprocess.Popen[str]":
        environment = {
            **os.environ,
            **agent.surroundings(tmp_path),
            "DATABASE_URL": database.dsn,
            "QUEUE": str(tmp_path / "queue"),
            "DJANGO_SETTINGS_MODULE": "commanded.settings",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.Popen(
            [*agent.launcher(), sys.executable, *words],
            cwd=HERE, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    return started


def counted(tmp_path: Path, name: str) -> int:
    """
    The process that has counted a statement with that name in it, once one has.
    """
    folder = telemetry.folder_of(PolicyFile(tmp_path / "policy").workers_dir)
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for snapshot in telemetry.snapshots(folder):
            if any(name in line.text for line in snapshot.statements):
                return snapshot.pid
        time.sleep(0.05)
    raise AssertionError(f"nobody counted {name}: {list(folder.glob('*'))}")


def test_a_management_command_counts_its_statements(tmp_path: Path, start: Start) -> None:
    """
    Django's, through its ORM; it is none of the workers that report, and its output is its own.
    """
    with start("-m", "django", "ask") as process:
        assert process.stdout is not None
        assert "42\n" == process.stdout.readline()
        pid = counted(tmp_path, "asked_by_a_command")
        reporting = workers.alive(PolicyFile(tmp_path / "policy").workers_dir)
        process.communicate()

    assert (process.pid, [], 0) == (pid, reporting, process.returncode)


def test_a_queue_worker_counts_its_statements(tmp_path: Path, start: Start) -> None:
    """
    Celery's, in the process of its pool that ran the task.
    """
    worker = start("-m", "celery", "-A", "queued", "worker", "--pool", "prefork", "--concurrency", "1", "-l", "ERROR")
    try:
        with start("-c", "import queued; queued.ask.delay(41)") as sender:
            sender.communicate(timeout=PATIENCE_S)
        pid = counted(tmp_path, "asked_by_a_task")
        asked = (tmp_path / "asked").read_text()
    finally:
        # Asked to stop, it would take ten seconds.
        os.killpg(worker.pid, signal.SIGKILL)
        worker.communicate(timeout=PATIENCE_S)

    assert (f"{pid} 42", True) == (asked, pid != worker.pid)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_every_kind_count_their_own(tmp_path: Path, start: Start, method: str) -> None:
    """
    Forked, spawned or made by a server of forks: what the parent counted is not the child's.
    """
    (tmp_path / "parent.py").write_text(
        "import multiprocessing, os, sys\n"
        "import psycopg\n"
        "def ask(name):\n"
        "    with psycopg.connect(os.environ['DATABASE_URL']) as connection:\n"
        "        connection.execute('SELECT 1 AS ' + name)\n"
        "def child(begins, ends):\n"
        "    ask('asked_by_a_child'); begins.set(); ends.wait()\n"
        "if __name__ == '__main__':\n"
        f"    made = multiprocessing.get_context('{method}')\n"
        "    ask('asked_by_the_parent')\n"
        "    begins, ends = made.Event(), made.Event()\n"
        "    process = made.Process(target=child, args=(begins, ends))\n"
        "    process.start(); begins.wait()\n"
        "    print(process.pid, flush=True)\n"
        "    sys.stdin.read(); ends.set(); process.join()\n"
    )
    with start(str(tmp_path / "parent.py")) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        found = counted(tmp_path, "asked_by_a_child"), counted(tmp_path, "asked_by_the_parent")
        process.communicate(timeout=PATIENCE_S)

    assert (child, process.pid) == found
