"""
The first lines of every process that Hasten starts.
"""

import json
import os
import subprocess
import sys

import pytest

from hasten.world import launch
from hasten.world.process_id import ProcessId


@pytest.fixture
def launched(tmp_path):
    """
    Run the launcher with some orders; it says hello as the program, if it gets there.
    """

    def run(**orders) -> "subprocess.CompletedProcess[str]":
        end, signal_end = os.pipe()
        known = {
            "argv": [sys.executable, "-c", "import os; print('hello', os.getpid(), os.environ['NAME'], os.getcwd())"],
            "cwd": str(tmp_path),
            "env": {"NAME": "shop"},
            "user": None,
            "parent": os.getpid(),
            "death_signal": 15,
            "exec_signal": signal_end,
            "path": str(tmp_path / "web.json"),
            "record": {"name": "web"},
        }
        argv = [sys.executable, "-I", "-S", launch.__file__]
        try:
            return subprocess.run(
                argv,
                input=json.dumps(known | orders),
                capture_output=True,
                text=True,
                timeout=30,
                pass_fds=[signal_end],
            )
        finally:
            os.close(end)
            os.close(signal_end)

    return run


def test_the_program_has_the_pid_that_was_registered(launched, tmp_path):
    """
    The launcher becomes the program, in its folder and with its environment.
    """
    done = launched()

    record = json.loads((tmp_path / "web.json").read_text())
    assert f"hello {record['process']['pid']} shop {tmp_path}\n" == done.stdout
    assert "web" == record["name"]
    assert [tmp_path / "web.json"] == list(tmp_path.iterdir())


def test_a_launcher_without_its_hasten_gives_up(launched):
    """
    When Hasten died in the meantime nobody would ever stop the program.
    """
    done = launched(parent=os.getpid() + 1)

    assert (launch.CANNOT_RUN, "") == (done.returncode, done.stdout)


@pytest.mark.parametrize("orders", [{"argv": ["/nowhere/program"]}, {"cwd": "/nowhere"}, {"path": "/nowhere/web.json"}])
def test_what_cannot_be_done_is_said(launched, orders):
    """
    As the last line, with a code of its own.
    """
    done = launched(**orders)

    assert (launch.CANNOT_RUN, "") == (done.returncode, done.stdout)
    assert "cannot be run: [Errno 2]" in done.stderr


def test_the_start_of_a_process_does_not_change():
    """
    It is read from the kernel, and None for a pid that nobody has.
    """
    assert launch.start_ticks(os.getpid()) == launch.start_ticks(os.getpid())
    assert ProcessId.mine().started == launch.start_ticks(os.getpid())[0]
    assert launch.start_ticks(2**22 + 1) is None
