"""
hasten.world.load.__main__
"""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from hasten.world.load import LoadPlan, LoadRequest


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    """
    The generator's process, which has not been told its plan yet.
    """
    command = [sys.executable, "-m", "hasten.world.load"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as found:
        yield found
        if found.poll() is None:
            found.kill()


def tell(process: "subprocess.Popen[bytes]", plan: LoadPlan) -> None:
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(plan) + b"\n")
    process.stdin.flush()


def test_it_ends_with_its_parent(application: Any, process: "subprocess.Popen[bytes]") -> None:
    """
    The end of stdin ends a run of ten minutes within seconds.
    """
    tell(process, LoadPlan(base_url=application.url, requests=[LoadRequest()], rate_per_s=10, duration_s=600))
    assert process.stdout is not None
    assert b"progress" in process.stdout.readline()

    assert process.stdin is not None
    process.stdin.close()

    assert 130 == process.wait(60)


def test_it_ends_without_a_plan(process: "subprocess.Popen[bytes]") -> None:
    """
    A parent that died before it said anything leaves nothing behind.
    """
    assert process.stdin is not None
    process.stdin.close()

    assert 130 == process.wait(60)


def test_it_checks_the_plan_itself(process: "subprocess.Popen[bytes]") -> None:
    """
    Whoever starts it by hand cannot load another machine by mistake.
    """
    tell(process, LoadPlan(base_url="http://192.0.2.1", requests=[LoadRequest()], rate_per_s=1, duration_s=1))

    assert process.stdout is not None
    said = msgspec.json.decode(process.stdout.readline())
    assert ("error", "NotAllowed") == (said["type"], said["value"]["kind"])
    assert 1 == process.wait(60)
