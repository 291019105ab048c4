"""
Commands of set-up are bounded, ended with all they started, and explained when they fail.
"""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from scripts.environment.commands import CommandFailed, Commands


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    """
    Give a way to run commands in an empty folder.
    """
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    yield Commands(tmp_path, tmp_path / "logs", lock)
    os.close(lock)


def runs(pid: int) -> bool:
    """
    Say whether a process still does anything.
    """
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_log_holds_what_was_said(commands: Commands) -> None:
    """
    Output and errors of a command end up in the log of its step.
    """
    commands.run("step", ["sh", "-c", "echo out; echo err >&2"])

    assert ["out", "err"] == (commands.logs / "step.log").read_text().splitlines()[1:]


def test_a_failed_command_shows_its_tail(commands: Commands) -> None:
    """
    The error carries the last lines of this very run, and names the log.
    """
    commands.run("step", ["echo", "from before"])
    with pytest.raises(CommandFailed, match="sh ended with 3") as caught:
        commands.run("step", ["sh", "-c", "echo too bad; exit 3"])

    assert ("too bad", commands.logs / "step.log") == (caught.value.tail, caught.value.log)


def test_a_download_is_tried_twice(commands: Commands, tmp_path: Path) -> None:
    """
    What fails once and succeeds then is no failure.
    """
    commands.run("step", ["sh", "-c", "test -e once || { touch once; exit 1; }"], tries=2)

    assert (tmp_path / "once").exists()


@pytest.mark.parametrize(
    ("says", "hint"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("npm error code EAI_AGAIN", "cannot be reached"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that was locked"),
        ("ERROR: No matching distribution found for shop==1.0", "no ready-made package"),
        ("something else", "the log says more"),
    ],
)
def test_a_failure_has_a_hint(commands: Commands, says: str, hint: str) -> None:
    """
    What a person can do about a failure follows from what pip or npm said.
    """
    with pytest.raises(CommandFailed) as caught:
        commands.run("step", ["sh", "-c", 'echo "$1"; exit 1', "sh", says])

    assert hint in caught.value.hint


def test_a_command_that_takes_too_long_is_ended_with_its_children(commands: Commands, tmp_path: Path) -> None:
    """
    After the limit neither the command nor what it started is left.
    """
    with pytest.raises(CommandFailed, match="longer than 1 s"):
        commands.run("step", ["sh", "-c", "sleep 300 & echo $! > pid; wait"], limit_s=1)
    child = int((tmp_path / "pid").read_text())
    until = time.monotonic() + 10
    while runs(child) and time.monotonic() < until:
        time.sleep(0.02)

    assert not runs(child)


def test_after_the_end_nothing_is_started(commands: Commands) -> None:
    """
    A step that was about to start when set-up is ended does not start.
    """
    commands.end_all()
    with pytest.raises(CommandFailed, match="being ended"):
        commands.run("step", ["true"])


def test_a_command_that_will_not_end_is_killed(commands: Commands, tmp_path: Path) -> None:
    """
    Ending waits a moment, and then does not ask again.
    """
    failures: list[CommandFailed] = []

    def run() -> None:
        try:
            commands.run("step", ["sh", "-c", "trap '' TERM; touch ready; while :; do sleep 0.1; done"])
        except CommandFailed as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until = time.monotonic() + 30
    while not (tmp_path / "ready").exists() and time.monotonic() < until:
        time.sleep(0.02)
    commands.end_all(patience_s=0.3)
    thread.join(timeout=30)

    assert ["sh ended with -9"] == [str(error) for error in failures]
