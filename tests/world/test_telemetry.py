"""
Reading and merging what workers have counted.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hasten.world import telemetry
from hasten.world.telemetry import Telemetry
from hasten_runtime.telemetry.histogram import Histogram

MS = 1_000_000


def counts(*durations_ms: float) -> dict[str, Any]:
    """
    The durations as the agent writes them, by the agent's own histogram.
    """
    histogram = Histogram()
    for each in durations_ms:
        histogram.add(int(each * MS))
    return {"sum_ns": histogram.sum_ns, "buckets": [number for bucket in histogram.buckets() for number in bucket]}


def route(name: str, *durations_ms: float, **changed: Any) -> dict[str, Any]:
    """
    A line of a route.
    """
    line = {
        "http.route": name, "http.request.method": "GET", "status_class": 2, "http.server.response.body.size": 100,
        "statements": 5, "most_statements": 3, "database_ns": 2 * MS,
    }  # fmt: skip
    return {**line, **counts(*durations_ms), **changed}


def statement(text: str, *durations_ms: float, callers: tuple[str, ...] = ()) -> dict[str, Any]:
    """
    A line of a statement.
    """
    line = {"db.system.name": "postgresql", "db.operation.name": "SELECT", "db.query.text": text, "errors": 1}
    return {**line, "callers": list(callers), **counts(*durations_ms)}


def write(folder: Path, pid: int, routes: list[Any], statements: list[Any], **changed: Any) -> Path:
    """
    A snapshot as a worker writes it.
    """
    value = {
        "version": 1, "pid": pid, "server": "uvicorn", "agent": "0.1.0", "python": "3.11.7",
        "began_at": time.time() - 60, "at": time.time(), "http.server.request.duration": routes,
        "db.client.operation.duration": statements, "left_out": 1,
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    path = folder / f"{pid}.json"
    path.write_text(json.dumps({**value, **changed}))
    return path


def read(folder: Path) -> Telemetry:
    """
    Everything merged.
    """
    return telemetry.merged(telemetry.snapshots(folder))


def test_workers_are_merged_as_if_one_had_counted(tmp_path: Path) -> None:
    """
    Counts and sums add up, quantiles are those of all durations together, the dearest comes first.
    """
    write(
        tmp_path, os.getpid(), [route("/a", 1, 2, 3), route("/b", 500)], [statement("select ?", 1, callers=("x", "y"))]
    )
    write(
        tmp_path, os.getppid(), [route("/a", 4, 100, most_statements=9)], [statement("select ?", 9, callers=("y", "z"))]
    )
    found = read(tmp_path)
    slow, quick = found.routes
    (selected,) = found.statements

    assert sorted((os.getpid(), os.getppid())) == found.workers
    assert ("/b", "/a", "2xx", 5) == (slow.route, quick.route, quick.status, quick.took.count)
    assert (200, 10, 9, 4.0) == (quick.sent_bytes, quick.statements, quick.most_statements, quick.database_ms)
    assert 110.0 == quick.took.total_ms
    assert (3, 100, 100) == pytest.approx((quick.took.p50_ms, quick.took.p95_ms, quick.took.p99_ms), rel=0.01)
    assert (2, 2, ["x", "y", "z"]) == (selected.took.count, selected.errors, sorted(selected.callers))
    assert 2 == found.left_out


def test_only_the_living_count(tmp_path: Path) -> None:
    """
    The snapshot of a process that has ended is not told; nothing is removed.
    """
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    dead = write(tmp_path, ended.pid, [route("/a", 1)], [])
    other = write(tmp_path, os.getpid(), [route("/a", 1)], [], version=2)
    (tmp_path / "odd.json").write_text("{")

    assert [] == read(tmp_path).workers
    assert (True, True, True) == (dead.exists(), other.exists(), (tmp_path / "odd.json").exists())


def test_nobody_has_counted_where_there_is_no_folder(tmp_path: Path) -> None:
    """
    No data is no data: no workers, no moment, no lines.
    """
    found = read(telemetry.folder_of(tmp_path))

    assert ([], None, None, [], []) == (found.workers, found.since, found.at, found.routes, found.statements)
