"""
Counts of workers that have ended.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.world.test_telemetry import route, statement, write

from hasten.world import durable, ended
from hasten.world.ended import Counted


@pytest.fixture
def gone() -> Callable[[], int]:
    """
    Gives the pid of a process that has ended, another one each time.
    """

    def pid() -> int:
        with subprocess.Popen([sys.executable, "-S", "-c", ""]) as process:
            process.wait()
        return process.pid

    return pid


def requests(found: Counted) -> dict[str, int]:
    """
    How many requests of each route, ended and living workers together.
    """
    counts: dict[str, int] = {}
    for line in [*found.ended.routes, *(line for each in found.living for line in each.routes)]:
        counts[line.route] = counts.get(line.route, 0) + sum(line.buckets[1::2])
    return counts


def test_a_worker_that_ends_leaves_its_counts(tmp_path: Path, gone: Callable[[], int]) -> None:
    """
    They go from its file into the sums, once, and the file goes.
    """
    first = write(tmp_path, gone(), [route("/a", 1, 2)], [statement("select ?", 1)], began_at=100.0)
    write(tmp_path, os.getpid(), [route("/a", 3)], [])
    found = ended.settle(tmp_path)
    again = ended.settle(tmp_path)

    assert {"/a": 3} == requests(found) == requests(again)
    assert (1, 100.0, False) == (again.ended.workers, again.ended.began_at, first.exists())
    assert [os.getpid()] == [each.pid for each in again.living]
    assert [1] == [line.errors for line in again.ended.statements]


def test_workers_that_end_one_after_the_other_add_up(tmp_path: Path, gone: Callable[[], int]) -> None:
    """
    Counts, bytes, statements and sums are those of all of them; nothing is told twice.
    """
    for _ in range(3):
        write(tmp_path, gone(), [route("/a", 1, 2), route("/b", 5)], [statement("select ?", 1, callers=("x",))])
        found = ended.settle(tmp_path)
    a = next(line for line in found.ended.routes if line.route == "/a")

    assert {"/a": 6, "/b": 3} == requests(found)
    assert (300, 15, 3, 9_000_000) == (a.sent_bytes, a.statements, a.most_statements, a.sum_ns)
    assert [(3, ["x"])] == [(line.errors, line.callers) for line in found.ended.statements]


def test_killed_between_writing_and_removing_nothing_counts_twice(
    tmp_path: Path, gone: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The sums name what is in them, so a file that was left behind is removed and not added.
    """
    path = write(tmp_path, gone(), [route("/a", 1, 2)], [])
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        ended.settle(tmp_path)
    assert path.exists()

    assert {"/a": 2} == requests(ended.settle(tmp_path))
    assert not path.exists()


def test_killed_before_writing_everything_is_there_the_next_time(
    tmp_path: Path, gone: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Nothing is removed that is not in the sums on the disk.
    """
    path = write(tmp_path, gone(), [route("/a", 1, 2)], [])
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(durable, "settle", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        ended.settle(tmp_path)
    assert path.exists()

    assert {"/a": 2} == requests(ended.settle(tmp_path))


def test_a_full_disk_loses_nothing(tmp_path: Path, gone: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where the sums cannot be written the file stays, and is added up anew each time.
    """
    path = write(tmp_path, gone(), [route("/a", 1, 2)], [])

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "write", full)

    assert {"/a": 2} == requests(ended.settle(tmp_path)) == requests(ended.settle(tmp_path))
    assert path.exists()


def test_sums_that_are_no_sums_begin_anew(tmp_path: Path, gone: Callable[[], int]) -> None:
    """
    What stands in a broken file is not guessed.
    """
    (tmp_path / ended.NAME).write_text('{"version"')
    write(tmp_path, gone(), [route("/a", 1)], [])

    assert {"/a": 1} == requests(ended.settle(tmp_path))
    assert 1 == json.loads((tmp_path / ended.NAME).read_text())["workers"]


def test_lines_are_bounded(tmp_path: Path, gone: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What finds no line of its own counts with the others; nothing is lost.
    """
    monkeypatch.setattr(ended, "MOST_ROUTES", 2)
    monkeypatch.setattr(ended, "MOST_STATEMENTS", 1)
    routes = [route(f"/{name}", 1, 2) for name in "abcd"]
    write(tmp_path, gone(), routes, [statement("select ?", 1), statement("select x", 2)])
    found = ended.settle(tmp_path)

    assert {"/a": 2, "/b": 2, ended.OTHER_ROUTES: 4} == requests(found)
    assert ["select ?", ended.OTHER_STATEMENTS] == [line.text for line in found.ended.statements]


def test_what_the_ended_have_left_lying_about_goes_with_them(tmp_path: Path, gone: Callable[[], int]) -> None:
    """
    A snapshot that was not finished, and their traces; those of the living stay.
    """
    folder, traces = tmp_path / "telemetry", tmp_path / "traces"
    traces.mkdir()
    pid = gone()
    write(folder, pid, [route("/a", 1)], [])
    theirs = [folder / f"{pid}.json.new", traces / f"{pid}.jsonl", traces / f"{pid}.1.jsonl"]
    ours = [folder / f"{os.getpid()}.json.new", traces / f"{os.getpid()}.jsonl", traces / "odd.jsonl"]
    for path in [*theirs, *ours]:
        path.write_text("{")
    ended.settle(folder)

    assert [False] * 3 == [path.exists() for path in theirs]
    assert [True] * 3 == [path.exists() for path in ours]


def test_without_a_folder_nothing_was_counted(tmp_path: Path) -> None:
    """
    And no folder is made by asking.
    """
    found = ended.settle(tmp_path / "none")

    assert ([], None, []) == (found.living, found.ended.began_at, found.ended.routes)
    assert not (tmp_path / "none").exists()


def test_whoever_looks_at_the_same_moment_counts_the_same(tmp_path: Path, gone: Callable[[], int]) -> None:
    """
    Several readers at once take each snapshot in once.
    """
    for _ in range(3):
        write(tmp_path, gone(), [route("/a", 1, 2)], [])
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ended.settle(tmp_path), range(24)))

    assert [{"/a": 6}] * 24 == [requests(each) for each in found]
    assert 3 == ended.settle(tmp_path).ended.workers
