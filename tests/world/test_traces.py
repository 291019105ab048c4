"""
Reading the traces that workers write, while they write them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hasten.world.traces import TraceFiles

MINE = os.getpid()


def line(number: int, **changed: Any) -> bytes:
    """
    A trace as the agent writes it.
    """
    value = {
        "version": 1, "at": 1000.0 + number, "pid": MINE, "thread": 1, "http.route": "/orders/{id}",
        "http.request.method": "GET", "http.response.status_code": 200, "duration_ns": 5_000_000, "cpu_ns": -1,
        "sent_bytes": 512, "identity": "", "asked": "ab", "answer": "cd", "cache_control": "", "sets_cookie": False,
        "names": ["select ?", "shop/orders.py:42 show"], "steps": [["db", 1, 2, 0, "ef", 1, [1]]], "left_out": 0,
    }  # fmt: skip
    return json.dumps({**value, **changed}).encode() + b"\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """
    The file of this process.
    """
    return tmp_path / f"{MINE}.jsonl"


def moments(files: TraceFiles) -> list[float]:
    """
    The requests that are new, by when they came.
    """
    return [trace.at - 1000 for trace in files.read()]


def test_each_trace_is_read_once(path: Path) -> None:
    """
    What was added since the last look, and nothing again.
    """
    files = TraceFiles(path.parent)
    path.write_bytes(line(1) + line(2))
    first = moments(files)
    with path.open("ab") as file:
        file.write(line(3))

    assert ([1, 2], [3], []) == (first, moments(files), moments(files))


def test_a_torn_line_is_read_when_its_rest_is_there(path: Path) -> None:
    """
    A worker may be writing while it is read.
    """
    files = TraceFiles(path.parent)
    path.write_bytes(line(1) + line(2)[:40])
    first = moments(files)
    path.write_bytes(line(1) + line(2))

    assert ([1], [2], {}) == (first, moments(files), files.unread)


def test_a_file_that_begins_anew_loses_nothing(path: Path) -> None:
    """
    The rest of the old one is read from where it was put.
    """
    files = TraceFiles(path.parent)
    path.write_bytes(line(1))
    first = moments(files)
    with path.open("ab") as file:
        file.write(line(2))
    path.rename(path.with_suffix(".1.jsonl"))
    path.write_bytes(line(3))

    assert ([1], [2, 3], {}) == (first, moments(files), files.unread)


def test_what_was_overwritten_is_told(path: Path) -> None:
    """
    A worker that writes more than two files between two looks is faster than the reader.
    """
    files = TraceFiles(path.parent)
    path.write_bytes(line(1))
    moments(files)
    path.rename(path.with_suffix(".gone"))
    path.with_suffix(".1.jsonl").write_bytes(line(7))
    path.write_bytes(line(8))

    assert ([7, 8], {"overwritten before it was read": 1}) == (moments(files), files.unread)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{nothing\n", "not readable"),
        (b"\x00\xff\n", "not readable"),
        (line(2, version=2), "of another version"),
        (line(2, pid=1), "of another process"),
        (line(2, steps=[["db", 1, 2, 5, "", 1, []]]), "not readable"),
        (line(2, steps=[["db", 1, 2, 0, "", 1, [-1]]]), "not readable"),
        (line(2, duration_ns=-1), "not readable"),
        (line(2, steps="none"), "not readable"),
    ],
    ids=["no JSON", "bytes", "version", "pid", "name", "place", "duration", "type"],
)
def test_what_cannot_be_read_is_counted_and_stops_nothing(path: Path, data: bytes, reason: str) -> None:
    """
    The lines before and after it are read.
    """
    path.write_bytes(line(1) + data + line(3))
    files = TraceFiles(path.parent)

    assert ([1, 3], {reason: 1}) == (moments(files), files.unread)


def test_files_of_processes_that_have_ended_are_nobody_s(tmp_path: Path) -> None:
    """
    Nor is a file that was written before the process of its number began, and one that is none of ours.
    """
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / f"{ended.pid}.jsonl").write_bytes(line(1, pid=ended.pid))
    (tmp_path / "notes.jsonl").write_bytes(line(1))
    old = tmp_path / f"{MINE}.jsonl"
    old.write_bytes(line(1))
    os.utime(old, (1000, 1000))

    assert [] == moments(TraceFiles(tmp_path))


def test_what_is_there_already_can_be_left_out(path: Path) -> None:
    """
    A run reads what happens during it.
    """
    path.write_bytes(line(1))
    files = TraceFiles(path.parent, from_now=True)
    with path.open("ab") as file:
        file.write(line(2))

    assert [2] == moments(files)


def test_no_folder_is_no_trace(tmp_path: Path) -> None:
    """
    Nothing ran with the agent yet.
    """
    assert [] == moments(TraceFiles(tmp_path / "traces"))
