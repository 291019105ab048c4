"""
Where another thread is.
"""

import os
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hasten_runtime.telemetry.traces import stacks


@contextmanager
def waiting(name: str = "waits", file: str = __file__, depth: int = 0) -> Iterator[threading.Thread]:
    """
    A thread that waits in a function of that name and file, so many calls deep.
    """
    ready, go = threading.Event(), threading.Event()
    made: dict[str, Any] = {"ready": ready, "go": go}
    text = f"def {name}(left):\n    if left:\n        return {name}(left - 1)\n    ready.set()\n    go.wait()\n"
    exec(compile(text, file, "exec"), made)
    thread = threading.Thread(target=made[name], args=(depth,))
    thread.start()
    try:
        assert ready.wait(10)
        yield thread
    finally:
        go.set()
        thread.join()


def of(thread: threading.Thread) -> list[tuple[str, int, str]]:
    """
    Its frames.
    """
    assert thread.ident is not None
    return stacks.of_thread(thread.ident)


def test_the_nearest_frame_comes_first() -> None:
    """
    File, line and function of each frame, from where the thread waits to where it began.
    """
    with waiting(depth=2) as thread:
        found = of(thread)
    own = [each for each in found if each[0] == __file__]

    assert [(__file__, 5, "waits"), (__file__, 3, "waits"), (__file__, 3, "waits")] == own
    assert "wait" == found[0][2] and "_bootstrap" == found[-1][2]


@pytest.mark.parametrize("file", ['/srv/my "shop", line 3 in/ö€😀/back\\slash.py', "/srv/plain.py"])
def test_names_are_read_as_they_are(file: str) -> None:
    """
    Whatever characters a path or a name is made of.
    """
    with waiting("wärts", file) as thread:
        assert (file, 5, "wärts") in of(thread)


def test_only_the_thread_that_is_asked_for_is_told() -> None:
    """
    Others wait beside it, and the one that asks is one, too.
    """
    with waiting("one") as one, waiting("other") as other:
        found = [{each[2] for each in of(thread)} & {"one", "other", "of_thread"} for thread in (one, other)]
        own = {each[2] for each in stacks.of_thread(threading.get_ident())}

    assert [{"one"}, {"other"}] == found
    assert "of_thread" in own


def test_a_thread_that_is_gone_is_nowhere() -> None:
    """
    There is nothing to tell, and nothing fails.
    """
    with waiting() as thread:
        pass

    assert [] == of(thread)


def test_nothing_stays_open() -> None:
    """
    Looking leaves no descriptor behind.
    """
    before = len(list(Path("/proc/self/fd").iterdir()))
    with waiting() as thread:
        for _ in range(50):
            of(thread)

    assert before == len(list(Path("/proc/self/fd").iterdir()))


def test_where_it_cannot_be_known_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without a file in memory there are no frames.
    """
    monkeypatch.setattr(stacks, "os", types.SimpleNamespace())

    assert [] == stacks.of_thread(threading.get_ident())


def test_the_applications_own_frames_are_at_most_four() -> None:
    """
    Those of libraries are left out, and the nearest are told.
    """
    lines = [(threading.__file__, 1, "wait"), *((__file__, line, "shop") for line in range(9))]

    assert [0, 1, 2, 3] == [each[1] for each in stacks.own_frames(lines)]
    assert {os.path.relpath(__file__)} == {each[0] for each in stacks.own_frames(lines)}
