"""
Collecting what the agents write while the application is loaded.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.world.test_telemetry import route, write
from tests.world.test_traces import line

from hasten.errors import NoData
from hasten.model import to_json
from hasten.observe import traces
from hasten.observe.traces import TraceSampler, as_evidence, load_route
from hasten.world.traces import TraceFiles, TraceLine


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    Where workers report, with the folders of an agent.
    """
    monkeypatch.setattr(traces, "LAST_SNAPSHOT_S", 0.0)
    for name in ("traces", "telemetry"):
        (tmp_path / name).mkdir()
    return tmp_path


def add(workers: Path, *lines: bytes) -> None:
    """
    This process has followed some more requests.
    """
    with (workers / "traces" / f"{os.getpid()}.jsonl").open("ab") as file:
        file.write(b"".join(lines))


def read(tmp_path: Path, *lines: bytes) -> list[TraceLine]:
    """
    Lines as they are read.
    """
    (tmp_path / f"{os.getpid()}.jsonl").write_bytes(b"".join(lines))
    return TraceFiles(tmp_path).read()


def test_what_happens_during_the_run_is_collected(workers: Path) -> None:
    """
    Not what was there before; names stand once, and what the worker says of itself is there too.
    """
    add(workers, line(0))
    with TraceSampler(workers) as sampler:
        add(workers, line(1), line(2, names=["select ?", "shop/users.py:7 show"]))
        write(
            workers / "telemetry", os.getpid(), [route("/orders/{id}", 5)], [],
            process={"rss_bytes": 80_000_000, "requests": 12, "cpu_ns": 5},
            connections={"opened": 3},
            **{"hasten.event_loop.stall.duration": [{"place": "a.py:1 f", "count": 2, "sum_ns": 10**9, "buckets": []}]},
        )  # fmt: skip
    found, [worker] = sampler.result()

    assert (2, ["select ?", "shop/orders.py:42 show", "shop/users.py:7 show"]) == (found.read, found.names)
    assert [[1], [2]] == [trace.steps[0].stack for trace in found.taken]
    assert ([(0.0, 80_000_000, 12)], 3) == (worker.series, worker.connections_opened)
    assert ("a.py:1 f", 2, 1.0) == (worker.stalls[0].place, worker.stalls[0].count, worker.stalls[0].total_s)


def test_no_trace_is_told_and_not_read_as_health(workers: Path) -> None:
    """
    With what to do about it.
    """
    with TraceSampler(workers) as sampler:
        pass
    with pytest.raises(NoData) as caught:
        sampler.result()
    assert "agent = true" in caught.value.hint


def test_of_a_busy_route_a_sample_is_kept(workers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Each as likely as any other; a rare route keeps all of its own.
    """
    monkeypatch.setattr(traces, "MOST_PER_ROUTE", 20)
    with TraceSampler(workers) as sampler:
        add(workers, *(line(number) for number in range(1000)), line(5, **{"http.route": "/rare"}))
    found, _ = sampler.result()
    kept = [trace.at - 1000 for trace in found.taken if trace.route == "GET /orders/{id}"]

    assert (1001, 20, 1) == (found.read, len(kept), len(found.taken) - len(kept))
    assert min(kept) < 300 < 700 < max(kept)


def test_steps_are_bounded_where_routes_have_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A route with lists of steps gives some of its requests up, one with few keeps all.
    """
    monkeypatch.setattr(traces, "MOST_STEPS", 100)
    steps = [["db", 1, 2, 0, "ef", 1, [1]]] * 20
    many = [line(number, steps=steps) for number in range(10)]
    few = [line(number, **{"http.route": "/few"}) for number in range(10)]
    found = as_evidence(read(tmp_path, *many, *few), None, 20, {})
    counts = {name: sum(trace.route == name for trace in found.taken) for name in ("GET /orders/{id}", "GET /few")}

    assert {"GET /orders/{id}": 4, "GET /few": 10} == counts


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("GET /api/orders/{order_id}", "GET /api/orders/{id}"),
        ("GET /api/orders/{}", "GET /api/orders/{id}"),
        ("GET /api/orders/recent", "GET /api/orders/recent"),
        ("GET /api/orders/17", "GET /api/orders/{id}"),
        ("POST /api/orders/{order_id}", "POST /api/orders/{order_id}"),
        ("GET /api/orders", "GET /api/orders"),
    ],
)
def test_routes_are_called_as_the_load_calls_them(own: str, expected: str) -> None:
    """
    Whatever the framework calls its variables, and where none names the route at all.
    """
    assert expected == load_route(own, ["GET /api/orders/{id}", "GET /api/orders/recent", "GET /api/{kind}/{id}"])


def test_evidence_is_plain_data(tmp_path: Path) -> None:
    """
    It can be stored and read again.
    """
    found: Any = as_evidence(read(tmp_path, line(1)), None, 1, {"not readable": 2})

    stored = json.loads(to_json(found))

    assert {"not readable": 2} == stored["unread"]
    assert ["db", 1, 2, 0, "ef", 1, [1]] == stored["taken"][0]["steps"][0]
