"""
The counts as families with points.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.world.test_telemetry import route, statement, write

from hasten.world import ended
from hasten.world.metrics.families import Family, Metrics, Point, metrics_of, summary_of


def metrics(folder: Path, *, texts: bool = False) -> Metrics:
    """
    What was counted there.
    """
    return metrics_of(ended.settle(folder), 1_000.0, texts=texts)


def family(found: Metrics, name: str) -> Family:
    """
    The family of that name.
    """
    return next(each for each in found.families if each.name == name)


def labeled(point: Point) -> dict[str, str]:
    """
    The labels of a point, as a dict.
    """
    return dict(point.labels)


def test_workers_and_their_durations_are_one(tmp_path: Path) -> None:
    """
    Requests of all workers are one histogram per route, method and class of status, in seconds.
    """
    write(tmp_path, os.getpid(), [route("/a", 1, 2), route("/a", 7, status_class=5)], [], began_at=50.0)
    write(tmp_path, os.getppid(), [route("/a", 300)], [], began_at=40.0)
    found = metrics(tmp_path)
    good, bad = family(found, "http.server.request.duration").points

    assert {"http.request.method": "GET", "http.route": "/a", "http.response.status_class": "2xx"} == labeled(good)
    assert (3, 1) == (good.count, bad.count)
    assert (0.303, 40.0) == (pytest.approx(good.value), found.since)
    assert [200, 200] == [
        good.value
        for good in family(found, "hasten.http.server.response.body.size").points
        if labeled(good)["http.response.status_class"] == "2xx"
    ] * 2
    assert 2.0 == family(found, "hasten.workers").points[0].value


def test_statements_are_one_series_for_a_table(tmp_path: Path) -> None:
    """
    By operation and tables; with their texts only for who asks.
    """
    texts = ["select * from orders where id = ?", "select name from orders where x in (?)"]
    write(tmp_path, os.getpid(), [], [statement(text, 1) for text in texts])
    (point,) = family(metrics(tmp_path), "db.client.operation.duration").points
    both = family(metrics(tmp_path, texts=True), "db.client.operation.duration").points

    assert (2, "SELECT orders") == (point.count, labeled(point)["db.query.summary"])
    assert texts == sorted((labeled(each)["db.query.text"] for each in both), key=texts.index)
    assert [2] == [each.value for each in family(metrics(tmp_path), "hasten.db.client.operation.errors").points]


def test_what_was_not_counted_is_not_there(tmp_path: Path) -> None:
    """
    Where no worker has counted anything, only that is told: there are none.
    """
    found = metrics(tmp_path)

    assert ["hasten.workers", "hasten.workers.ended", "hasten.telemetry.left_out"] == [
        each.name for each in found.families
    ]
    assert found.since is None


def test_what_workers_say_of_themselves(tmp_path: Path) -> None:
    """
    Memory of each that runs; connections and stalls of all, the ended ones' too.
    """
    of_itself = {
        "process": {"rss_bytes": 5_000_000, "requests": 3, "cpu_ns": 1}, "connections": {"opened": 2},
        "hasten.event_loop.stall.duration": [{"place": "a.py:7 work", "count": 3, "sum_ns": 600_000_000}],
    }  # fmt: skip
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as ended_one:
        ended_one.wait()
    write(tmp_path, ended_one.pid, [], [], **of_itself)
    write(tmp_path, os.getpid(), [], [], **of_itself)
    ended.settle(tmp_path)
    found = metrics(tmp_path)
    (stalls,) = family(found, "hasten.event_loop.stalls").points

    assert [((("process.pid", str(os.getpid())),), 5e6)] == [
        (each.labels, each.value) for each in family(found, "process.memory.usage").points
    ]
    assert [4] == [each.value for each in family(found, "hasten.db.client.connections.opened").points]
    assert ({"code.place": "a.py:7 work"}, 6) == (labeled(stalls), stalls.value)
    assert [1.2] == [each.value for each in family(found, "hasten.event_loop.stall.time").points]


@pytest.mark.parametrize(
    ("operation", "text", "summary"),
    [
        ("SELECT", "SELECT a FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = ?",
         "SELECT orders customers"),
        ("INSERT", "insert into audit.events (at, what) values (?)", "INSERT audit.events"),
        ("UPDATE", "update t set n = n + ? where id = ?", "UPDATE t"),
        ("COMMIT", "COMMIT", "COMMIT"),
        ("SELECT", "select from where ?", "SELECT"),
        ("", "(other statements)", "(other statements)"),
    ],
)  # fmt: skip
def test_a_summary_is_the_operation_and_its_tables(operation: str, text: str, summary: str) -> None:
    """
    As far as the fingerprint can be read; a summary never has a value in it, for a fingerprint has none.
    """
    assert summary == summary_of(operation, text)
