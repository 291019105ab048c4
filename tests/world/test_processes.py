"""
CPU and memory of process trees, on real processes.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from hasten.world.processes import CpuMeter, core_count, memory, trees

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.read()
"""
BURN = "import time\nwhile time.process_time() < %s: pass\n"


@pytest.fixture
def family() -> Iterator[tuple[int, int]]:
    """
    The pids of a parent and its child.
    """
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        yield parent.pid, int(parent.stdout.readline())
        parent.communicate()


def test_a_tree_holds_the_children(family: tuple[int, int]) -> None:
    """
    The children of a process are in its tree, itself first.
    """
    parent, child = family

    assert {parent: [parent, child]} == trees([parent])


def test_a_tree_ends_at_another_root(family: tuple[int, int]) -> None:
    """
    A child that is watched by itself is not counted with its parent too.
    """
    parent, child = family

    assert {parent: [parent], child: [child]} == trees([parent, child])


def test_a_process_that_is_gone_has_no_tree() -> None:
    """
    A pid that nobody has any more gives an empty tree, no memory and no time.
    """
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as gone:
        pass

    assert {gone.pid: []} == trees([gone.pid])
    assert 0 == memory([gone.pid]).size_bytes
    assert 0.0 == CpuMeter().used_s([gone.pid])


def test_the_time_of_children_that_ended_is_counted_once() -> None:
    """
    Between two looks, a parent's meter sees what a child used that was born and waited for, as the kernel counted it.
    """
    meter = CpuMeter()
    meter.used_s([os.getpid()])
    before = os.times()

    subprocess.run([sys.executable, "-S", "-c", BURN % 0.3], check=True)

    used_s = meter.used_s([os.getpid()])
    after = os.times()
    exact = sum(after[:4]) - sum(before[:4])
    # The kernel counts in ticks of 10 ms, for each of the four numbers.
    assert used_s >= 0.3 - 0.05
    assert used_s == pytest.approx(exact, abs=0.1)


def test_a_child_seen_alive_is_not_counted_again() -> None:
    """
    What a child used while it was seen is not added a second time when its parent waits for it.
    """
    meter, before = CpuMeter(), os.times()
    meter.used_s([os.getpid()])
    used_s = 0.0

    with subprocess.Popen([sys.executable, "-S", "-c", BURN % 0.4]) as child:
        while child.poll() is None:
            used_s += meter.used_s([os.getpid(), child.pid])
            time.sleep(0.02)
    used_s += meter.used_s([os.getpid()])

    after = os.times()
    assert used_s == pytest.approx(sum(after[:4]) - sum(before[:4]), abs=0.1)


def test_memory_counts_shared_pages_once(family: tuple[int, int]) -> None:
    """
    Two processes of one program need less than twice what their resident memory says.
    """
    parent, child = family
    together = memory([parent, child])
    resident = sum(psutil.Process(pid).memory_info().rss for pid in (parent, child))

    assert together.kind in ("pss", "rss")
    assert 1_000_000 < together.size_bytes < resident


def test_there_is_a_core() -> None:
    """
    A machine has at least one core.
    """
    assert core_count() >= 1
