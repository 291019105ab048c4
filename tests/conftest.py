"""
What holds for every test: the same clock zone, no settings of the person who runs them, and nothing left running.
"""

import os
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

MARK = "HASTEN_TEST_RUN"


@pytest.fixture(scope="session")
def checkout() -> Path:
    """
    Give the folder of this checkout.
    """
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def _surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """
    Hide the settings of the person and draw without a screen.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("HASTEN_", "PG")) and name != "HASTEN_BROWSER":
                patch.delenv(name)
        patch.setenv("MPLBACKEND", "Agg")
        patch.setenv("MPLCONFIGDIR", str(tmp_path_factory.mktemp("matplotlib")))
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """
    Let Ctrl-C mean something: what a shell starts in its background ignores SIGINT, and children inherit that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def _nothing_stays_running(_surroundings: None) -> Iterator[None]:
    """
    Fail when a program that a test started outlives the tests, and end it.

    Everything inherits one variable, so servers that left their parent are found too.
    """
    run = uuid.uuid4().hex
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, run)
        yield
    left = _after(5, run)
    for process in left:
        process.kill()
    assert [] == [" ".join(process.info["cmdline"])[:200] for process in left]


def _after(patience_s: float, run: str) -> list[psutil.Process]:
    """
    List the programs of this run that are still there when they had time to end.
    """
    until = time.monotonic() + patience_s
    while (left := _of_run(run)) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def _of_run(run: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == run and process.info["cmdline"]:
                found.append(process)
        except psutil.Error:  # ended meanwhile, or another user's
            continue
    # Python's own; it ends with the interpreter that started it.
    return [process for process in found if "resource_tracker" not in " ".join(process.info["cmdline"])]
