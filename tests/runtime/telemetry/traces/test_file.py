"""
Writing traces down.
"""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.traces import file
from hasten_runtime.telemetry.traces.trace import Trace

Written = Callable[[], list[Any]]


@contextmanager
def limited(size_bytes: int) -> Iterator[None]:
    """
    No file of this process may become longer: what a full disk does to it, too.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def finished(route: str = "/") -> Trace:
    """
    The trace of a request that has its answer.
    """
    of = Trace(1, 0.0, 1)
    of.ended_ns, of.route = 2, route
    return of


def test_each_trace_is_a_line(written: Written) -> None:
    """
    In the order in which they were finished, in the file of this process.
    """
    for route in ("/a", "/b", "/c"):
        file.write_soon(finished(route))

    assert ["/a", "/b", "/c"] == [each["http.route"] for each in written()]


def test_a_long_file_is_put_aside(written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The next begins anew; only the last long one is kept.
    """
    monkeypatch.setattr(file, "MOST_BYTES", 500)
    for number in range(5):
        file.write_soon(finished(f"/{number}"))
        written()
    names = sorted(path.name for path in tmp_path.glob("traces/*"))

    assert [f"{os.getpid()}.1.jsonl", f"{os.getpid()}.jsonl"] == names
    assert ["/2", "/3", "/4"] == [each["http.route"] for each in written()]


def test_what_is_there_already_is_of_another_process(written: Written, tmp_path: Path) -> None:
    """
    A file of an ended process of the same number is begun anew.
    """
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / f"{os.getpid()}.jsonl").write_text('{"http.route": "/old"}\n')
    file.write_soon(finished("/new"))

    assert ["/new"] == [each["http.route"] for each in written()]


def test_where_nothing_can_be_written_that_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A folder that is a file: the traces are gone, and nothing else happens.
    """
    (tmp_path / "traces").write_text("")
    file.begin(str(tmp_path / "traces"))
    file._place.waiting = [finished(), finished()]
    file.write()

    assert 1 == capsys.readouterr().err.count("no traces are written to")
    assert [] == file._place.waiting


def test_half_a_line_is_taken_back(written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A disk that is full in the middle of a line spoils only that one.
    """
    for route in ("/a", "/" + "b" * 5000, "/c"):
        limit = 1000 if len(route) > 5 else resource.RLIM_INFINITY
        with limited(limit):
            file.write_soon(finished(route))
            written()

    assert ["/a", "/c"] == [each["http.route"] for each in written()]
    assert "the disk is full" in capsys.readouterr().err


def test_what_waits_is_bounded(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    While a writer does not keep up, traces are left out.
    """
    file._place.coming.acquire()
    for _ in range(file.MOST_WAITING + 5):
        file.write_soon(finished())
    waiting = len(file._place.waiting)
    file._place.coming.release()

    assert file.MOST_WAITING == waiting == len(written())


def test_several_are_written_together(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    One thread writes all that are finished within a while.
    """
    started = []
    start = file._thread.start_new_thread

    def counted(function: Any, *given: Any) -> int:
        # Whatever else of the agent is alive in this process may start threads of its own.
        if function is file._write_later:
            started.append(function)
        return start(function, *given)

    monkeypatch.setattr(file._thread, "start_new_thread", counted)
    monkeypatch.setattr(file, "TOGETHER_S", 0.05)
    for route in ("/a", "/b", "/c"):
        file.write_soon(finished(route))
    found = written()

    assert (3, 1) == (len(found), len(started))


def test_without_a_thread_it_waits_for_the_next(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    At the end of the interpreter no thread can be started; that is no error, and the lock is free.
    """

    def fail(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(file._thread, "start_new_thread", fail)
    file.write_soon(finished())

    assert 1 == len(file._place.waiting)
    assert not file._place.coming.locked()


def test_the_end_of_a_process_waits_for_who_is_writing(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What is left is written by itself; a writer that does not come to its end is not waited for.
    """
    monkeypatch.setattr(file, "LAST_S", 0.01)
    file._place.writing.acquire()
    file._place.waiting.append(finished("/last"))
    file.write()
    before = len(file._place.waiting)
    file._place.writing.release()

    assert 1 == before
    assert ["/last"] == [each["http.route"] for each in written()]


def test_a_child_has_written_nothing(written: Written) -> None:
    """
    What its parent had not written yet is the parent's, and so is a lock that was held.
    """
    file._place.writing.acquire()
    file._place.coming.acquire()
    file._place.waiting.append(finished())
    pulse.forget()

    assert [] == written()
    assert not file._place.writing.locked()
