"""
One Hasten at a time, and it is known which.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hasten.errors import NotAllowed
from hasten.lock import alone, holder, is_held
from hasten.world.process_id import ProcessId

OTHER = """
import sys, pathlib
from hasten.lock import alone
with alone(pathlib.Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.read()
"""


def test_nobody_is_in_an_empty_folder(tmp_path: Path) -> None:
    """
    Looking makes nothing; a folder that is not there is nobody's.
    """
    for folder in (tmp_path, tmp_path / "gone"):
        assert (False, None) == (is_held(folder), holder(folder))
    assert [] == list(tmp_path.iterdir())


def test_the_holder_is_a_process_and_its_start(tmp_path: Path) -> None:
    """
    While the block runs it is this one; afterwards it is nobody, although the file still names it.
    """
    with alone(tmp_path):
        assert (True, ProcessId.mine()) == (is_held(tmp_path), holder(tmp_path))
        with pytest.raises(NotAllowed, match=rf"\(process {os.getpid()}\) is at work"), alone(tmp_path):
            pass

    assert (False, None) == (is_held(tmp_path), holder(tmp_path))


def test_another_process_is_found_and_its_death_opens_the_folder(tmp_path: Path) -> None:
    """
    Killed, it needs no cleaning up: the lock is the kernel's.
    """
    words = [sys.executable, "-c", OTHER, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert "in" == other.stdout.readline().strip()
        found = holder(tmp_path)
        other.kill()
        other.wait()

    assert found is not None
    assert (other.pid, False) == (found.pid, found.is_alive())
    with alone(tmp_path):
        assert ProcessId.mine() == holder(tmp_path)


@pytest.mark.parametrize("text", ["", "4711\n", "4711\nnot json\n", '4711\n{"pid": 1, "started": 0}\n'])
def test_a_file_that_does_not_tell_names_nobody(tmp_path: Path, text: str) -> None:
    """
    Held, but unfinished, of an earlier version or of a process with another start: nobody is to be signaled.
    """
    with alone(tmp_path):
        (tmp_path / "lock").write_text(text)

        assert (True, None) == (is_held(tmp_path), holder(tmp_path))
