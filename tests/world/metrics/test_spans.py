"""
Traced requests as spans, and what waits for a collector that does not take them.
"""

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.world.metrics.protocol import texts, traces_request
from tests.world.test_traces import line

from hasten.world.metrics import spans
from hasten.world.metrics.push import Export
from hasten.world.metrics.spans import Spans, document
from hasten.world.traces import TraceFiles, TraceLine

NAMES = [
    "select name from orders where id = ?",
    "shop/orders.py:42 show",
    "POST 127.0.0.1:8001/introspect",
    "GET",
    "x.html",
]
STEPS = [
    ["db", 1_000, 2_000, 0, "ef", 3, [1]],
    ["http", 4_000, 5_000, 2, "ef", 503, []],
    ["redis", 9_500, 100, 3, "ef", -1, []],
    ["template", 9_700, 200, 4, "", -1, []],
]
TAKEN = Export(is_taken=True, status=200)
FOR_NOW = Export(is_taken=False, status=503, problem="busy", wait_s=0.0)
FOR_GOOD = Export(is_taken=False, status=400, problem="bad")


class Collector:
    """
    Keeps what it takes, and answers as it is told.
    """

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.answers: list[Export] = []

    def send(self, found: dict[str, Any]) -> Export:
        """
        The names of the roots, if it takes them.
        """
        export = self.answers.pop(0) if self.answers else TAKEN
        if export.is_taken:
            made = found["resourceSpans"][0]["scopeSpans"][0]["spans"]
            self.taken += [each["name"] for each in made if each["kind"] == spans.SERVER]
        return export


def put(folder: Path, first: int, last: int, mode: str = "wb") -> None:
    """
    Traces with these numbers are in the file of this process.
    """
    with (folder / f"{os.getpid()}.jsonl").open(mode) as file:
        for number in range(first, last + 1):
            file.write(line(number, **{"http.route": f"/{number}"}))


def read(**changed: Any) -> tuple[Any, list[Any]]:
    """
    The root and its children, as a collector reads them.
    """
    trace = msgspec.json.decode(line(1, names=NAMES, steps=STEPS, **changed), type=TraceLine)
    (resource,) = traces_request(json.dumps(document([trace], {"service.name": "shop"})).encode()).resource_spans
    assert {"service.name": "shop"} == texts(resource.resource.attributes)
    root, *children = resource.scope_spans[0].spans
    return root, children


def test_a_collector_reads_the_request() -> None:
    """
    As a server's span with its route, its status and its time.
    """
    root, _ = read()
    about = {each.key: each.value.string_value or each.value.int_value for each in root.attributes}

    assert ("GET /orders/{id}", 2, 0) == (root.name, root.kind, root.status.code)
    assert (1_001_000_000_000, 5_000_000) == (
        root.start_time_unix_nano,
        root.end_time_unix_nano - root.start_time_unix_nano,
    )
    assert ("/orders/{id}", "GET", 200, os.getpid()) == (
        about["http.route"],
        about["http.request.method"],
        about["http.response.status_code"],
        about["process.pid"],
    )
    assert 2 == read(**{"http.response.status_code": 500})[0].status.code


def test_steps_are_its_children() -> None:
    """
    Calls to the outside are a client's spans; where in the code a statement was executed is told.
    """
    root, children = read()
    select = {each.key: each.value.string_value or each.value.int_value for each in children[0].attributes}

    assert [("SELECT orders", 3), ("POST 127.0.0.1:8001/introspect", 3), ("GET", 3), ("template x.html", 1)] == [
        (each.name, each.kind) for each in children
    ]
    assert {root.span_id} == {each.parent_span_id for each in children}
    assert {root.trace_id} == {each.trace_id for each in children}
    assert 5 == len({each.span_id for each in (root, *children)})
    assert (1_000, 2_000) == (
        children[0].start_time_unix_nano - root.start_time_unix_nano,
        children[0].end_time_unix_nano - children[0].start_time_unix_nano,
    )
    assert {
        "db.system.name": "postgresql", "db.query.text": NAMES[0], "db.query.summary": "SELECT orders",
        "db.response.returned_rows": 3, "code.file.path": "shop/orders.py", "code.line.number": 42,
        "code.function.name": "show",
    } == select  # fmt: skip


def test_no_hash_of_anybody_leaves() -> None:
    """
    Neither of a visitor, nor of what was asked, nor of a value.
    """
    trace = msgspec.json.decode(line(1, identity="feed" * 4, asked="beef" * 4, answer="cafe" * 4), type=TraceLine)
    text = json.dumps(document([trace], {}))

    assert not any(each in text for each in ("feed", "beef", "cafe"))


def test_a_trace_that_is_sent_again_is_the_same() -> None:
    """
    Whoever gets it twice can tell.
    """
    assert read()[0].trace_id == read()[0].trace_id != read(at=7.0)[0].trace_id


def test_each_trace_is_sent_once(tmp_path: Path) -> None:
    """
    In several exports if there are many, and only what is new the next time.
    """
    collector = Collector()
    queue = Spans(TraceFiles(tmp_path), collector.send, {})
    put(tmp_path, 1, 3)
    assert queue.export().is_taken
    put(tmp_path, 4, 4, "ab")
    assert queue.export().is_taken

    assert ["GET /1", "GET /2", "GET /3", "GET /4"] == collector.taken
    assert queue.export().is_taken and 4 == len(collector.taken)


def test_many_traces_are_several_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Each within what collectors take; what is refused for now waits, and what was taken is not sent again.
    """
    monkeypatch.setattr(spans, "MOST_AT_ONCE", 4)
    collector = Collector()
    collector.answers = [TAKEN, FOR_NOW]
    queue = Spans(TraceFiles(tmp_path), collector.send, {})
    put(tmp_path, 1, 5)

    assert FOR_NOW == queue.export()
    assert ["GET /1", "GET /2"] == collector.taken
    assert queue.export().is_taken
    assert [f"GET /{number}" for number in range(1, 6)] == collector.taken
    assert 0 == queue.dropped


def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The oldest make room for the newest, and are counted.
    """
    monkeypatch.setattr(spans, "MOST_WAITING", 3)
    collector = Collector()
    collector.answers = [FOR_NOW]
    queue = Spans(TraceFiles(tmp_path), collector.send, {})
    put(tmp_path, 1, 5)

    assert FOR_NOW == queue.export()
    assert queue.export().is_taken
    assert (["GET /3", "GET /4", "GET /5"], 2) == (collector.taken, queue.dropped)


def test_what_is_refused_for_good_does_not_stand_in_the_way(tmp_path: Path) -> None:
    """
    It is dropped and counted, and what comes after it is sent.
    """
    collector = Collector()
    collector.answers = [FOR_GOOD]
    queue = Spans(TraceFiles(tmp_path), collector.send, {})
    put(tmp_path, 1, 2)

    assert FOR_GOOD == queue.export()
    put(tmp_path, 3, 3, "ab")
    assert queue.export().is_taken
    assert (["GET /3"], 2) == (collector.taken, queue.dropped)
