"""
Counters that only grow.
"""

import os
from pathlib import Path

from tests.world.metrics.test_families import family, labeled
from tests.world.test_telemetry import route, statement, write

from hasten.world.metrics.families import Metrics
from hasten.world.metrics.steady import Steady


def counts(found: Metrics) -> dict[str, int]:
    """
    Requests by route.
    """
    return {labeled(each)["http.route"]: each.count for each in family(found, "http.server.request.duration").points}


def test_a_line_that_is_left_out_keeps_its_counts(tmp_path: Path) -> None:
    """
    What found no place in the next snapshot is told as before, and goes on when it is back.
    """
    steady = Steady(tmp_path)
    write(tmp_path, os.getpid(), [route("/a", 1, 2), route("/b", 1)], [statement("select ?", 1)])
    first = counts(steady.metrics(1.0))
    write(tmp_path, os.getpid(), [route("/a", 1, 2, 3)], [])
    without = steady.metrics(2.0)
    write(tmp_path, os.getpid(), [route("/a", 1, 2, 3), route("/b", 1, 9)], [])

    assert {"/a": 2, "/b": 1} == first
    assert {"/a": 3, "/b": 1} == counts(without)
    assert {"/a": 3, "/b": 2} == counts(steady.metrics(3.0))
    assert [1] == [each.count for each in family(without, "db.client.operation.duration").points]


def test_gauges_go_up_and_down(tmp_path: Path) -> None:
    """
    How many workers run is what runs now.
    """
    steady = Steady(tmp_path)
    write(tmp_path, os.getpid(), [route("/a", 1)], [])
    write(tmp_path, os.getppid(), [route("/a", 1)], [])
    before = family(steady.metrics(1.0), "hasten.workers").points[0].value
    (tmp_path / f"{os.getppid()}.json").unlink()

    assert (2, 1) == (before, family(steady.metrics(2.0), "hasten.workers").points[0].value)


def test_the_beginning_stays(tmp_path: Path) -> None:
    """
    Since when is counted is the earliest moment that was ever told: cumulative counts keep their start.
    """
    steady = Steady(tmp_path)
    write(tmp_path, os.getpid(), [route("/a", 1)], [], began_at=10.0)
    steady.metrics(20.0)
    write(tmp_path, os.getpid(), [route("/a", 1)], [], began_at=15.0)

    assert 10.0 == steady.metrics(30.0).since
