"""
A pid and the moment of its start.
"""

import signal
import subprocess
import sys

import pytest
from msgspec.structs import replace

from hasten.model import from_json, to_json
from hasten.world.process_id import ProcessId


@pytest.fixture
def sleeper():
    """
    A process of its own that does nothing.
    """
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield child
    child.kill()
    child.wait()


def test_this_process_is_alive():
    """
    Whoever asks is alive, and the same through JSON.
    """
    mine = ProcessId.mine()

    assert mine.is_alive()
    assert mine == from_json(to_json(mine), ProcessId)


def test_another_process_with_the_same_pid_is_not_meant(sleeper):
    """
    The same pid with another start, or another boot, is not alive and gets no signal.
    """
    found = ProcessId.of(sleeper.pid)

    for other in (replace(found, started=found.started - 1), replace(found, boot="another")):
        assert not other.is_alive()
        assert not other.send(signal.SIGKILL)
    assert sleeper.poll() is None


def test_a_signal_that_is_ignored_is_known():
    """
    As a shell has its background jobs ignore Ctrl-C; a process that is gone ignores nothing.
    """
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); print(1, flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as deaf:
        assert deaf.stdout.readline()
        found = ProcessId.of(deaf.pid)
        assert (True, False) == (found.ignores(signal.SIGINT), found.ignores(signal.SIGTERM))
        deaf.kill()

    assert not found.ignores(signal.SIGINT)


def test_a_signal_reaches_the_process(sleeper):
    """
    The one that is meant gets it; afterwards it is not alive, even while it is not reaped.
    """
    found = ProcessId.of(sleeper.pid)

    assert found.send(signal.SIGTERM)
    sleeper.wait(10)
    assert not found.is_alive()
    assert not found.send(signal.SIGTERM)


def test_a_zombie_is_no_process():
    """
    What has ended and only waits to be reaped does not count.
    """
    child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    child.stdout.read()
    child.stdout.close()
    for _ in range(500):
        if ProcessId.of(child.pid) is None:
            break
    gone = ProcessId.of(child.pid)
    child.wait()

    assert gone is None


def test_the_name_of_a_process_may_hold_anything(tmp_path):
    """
    Parentheses and spaces in a program's name do not confuse the reading of its start.
    """
    odd = tmp_path / "a) R (b"
    odd.symlink_to("/bin/sleep")
    child = subprocess.Popen([odd, "60"])
    try:
        assert ProcessId.of(child.pid).is_alive()
    finally:
        child.kill()
        child.wait()
