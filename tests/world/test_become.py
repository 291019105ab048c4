"""
A process becomes a program, and another watches beside it. The whole of it, under real servers, is in tests/real.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hasten.world.become import ended_within, first_environment
from hasten.world.process_id import ProcessId

#: Becomes the words that follow the file's name, with somebody beside who writes into the file who it is, and then
#: that the program has ended.
CODE = """
import os, sys, time
from hasten.world.become import Beside, become, ended_within
def work(program):
    with open(sys.argv[1], "a") as file:
        print("begins", program.pid, os.getpid(), os.getsid(0), os.getcwd(), sorted(os.listdir("/proc/self/fd"))[:3],
              file=file, flush=True)
        while not ended_within(program, 5):
            pass
        print("ends", file=file)
beside = Beside(work)
try:
    become(sys.argv[2:], os.environ)
except OSError:
    beside.call_off()
    sys.exit(9)
"""


def becoming(tmp_path: Path, *words: str, **options: object) -> "subprocess.Popen[str]":
    """
    A process that becomes these words.
    """
    command = [sys.executable, "-c", CODE, str(tmp_path / "told"), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload,no-any-return]


def told(tmp_path: Path, lines: int) -> list[list[str]]:
    """
    What the watcher wrote, once it has written so many lines.
    """
    until = time.monotonic() + 30
    while time.monotonic() < until:
        path = tmp_path / "told"
        found = path.read_text().splitlines() if path.exists() else []
        if len(found) >= lines:
            return [line.split() for line in found]
        time.sleep(0.01)
    raise AssertionError("nothing was told")


def test_the_program_is_this_process_and_somebody_watches(tmp_path: Path) -> None:
    """
    Same pid, its own exit code; the watcher has another session and no child of the program's, and sees its end.
    """
    with becoming(tmp_path, "sh", "-c", "echo $$; exit 7") as process:
        out, err = process.communicate(timeout=30)
    begins, ends = told(tmp_path, 2)

    assert (f"{process.pid}\n", "", 7) == (out, err, process.returncode)
    assert ("begins", str(process.pid), "/") == (begins[0], begins[1], begins[4])
    assert begins[1] != begins[2] != begins[3]
    assert ["ends"] == ends


def test_the_program_outlives_its_watcher(tmp_path: Path) -> None:
    """
    Killed with SIGKILL, the watcher takes nothing with it; the program still takes its signals.
    """
    with becoming(tmp_path, "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done") as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(int(told(tmp_path, 1)[0][2]), signal.SIGKILL)
        time.sleep(0.1)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)

        assert 9 == process.wait(30)


def test_nothing_is_watched_where_nothing_was_started(tmp_path: Path) -> None:
    """
    A program that is not there is an error of this process, and the watcher ends without having begun.
    """
    with becoming(tmp_path, "no-such-program-anywhere") as process:
        process.communicate(timeout=30)

    assert (9, False) == (process.returncode, (tmp_path / "told").exists())


def test_ignored_signals_are_not_handed_on(tmp_path: Path) -> None:
    """
    Python ignores SIGPIPE for itself, the program does not; it has no child that it does not know of.
    """
    with becoming(tmp_path, "sh", "-c", "grep SigIgn /proc/self/status; ps -o pid= --ppid $$ | wc -l") as process:
        out, _ = process.communicate(timeout=30)
    words = out.split()

    assert 0 == int(words[1], 16) & (1 << (signal.SIGPIPE - 1))
    # `ps` itself, and the part of the shell that counts.
    assert int(words[2]) <= 2


def test_the_environment_is_the_one_that_was_given() -> None:
    """
    In the C locale Python sets LC_CTYPE; bytes that are no text arrive as they are.
    """
    code = "import os, sys; from hasten.world.become import first_environment\n"
    code += "os.environ['LATER'] = '1'\n"
    code += (
        "sys.stdout.buffer.write(b'\\0'.join(sorted(os.fsencode(f'{k}={v}') for k, v in first_environment().items())))"
    )
    given = {b"LC_ALL": b"C", b"ODD": b"\xff=x", b"PATH": os.environb[b"PATH"]}
    given |= {b"PYTHONPATH": os.fsencode(os.pathsep.join(each for each in sys.path if each))}
    run = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, timeout=60, check=True)

    assert b"\0".join(sorted(b"%s=%s" % pair for pair in given.items())) == run.stdout


def test_without_a_proc_the_environment_is_pythons(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Elsewhere than on Linux what the interpreter says is taken.
    """

    def refuse(_: Path) -> bytes:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_bytes", refuse)

    assert dict(os.environ) == first_environment()


@pytest.mark.parametrize("has_handle", [True, False])
def test_an_end_is_noticed(monkeypatch: pytest.MonkeyPatch, has_handle: bool) -> None:
    """
    At once where the kernel tells of it, soon where it does not; a process that goes on is waited for and not longer.
    """
    if not has_handle:
        monkeypatch.delattr(os, "pidfd_open")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        found = ProcessId.of(process.pid)
        assert found is not None
        assert not ended_within(found, 0.05)
        process.communicate(b"\n")

        assert ended_within(found, 30)
