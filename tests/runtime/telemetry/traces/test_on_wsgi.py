"""
A traced request of a WSGI application.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from tests.runtime.wsgi_driving import App, Sent, answering, environ_of, served

from hasten_runtime.http.wsgi import Agent
from hasten_runtime.policy import Policy
from hasten_runtime.telemetry.traces import on_wsgi, sampling, trace
from hasten_runtime.telemetry.wsgi_requests import observed

Written = Callable[[], list[Any]]
NOTHING: Any = SimpleNamespace(policy=lambda: Policy(0, (), None))


def asked(app: App, path: str = "/", **given: Any) -> Sent:
    """
    The answer to a request that is traced.
    """
    sampling.due_ns = 0
    return served(Agent(app, NOTHING, observed), environ_of(path, **given))


def working(environ: Any, start_response: Any) -> Iterable[bytes]:
    """
    Works for a while, and waits for a while.
    """
    until = time.thread_time() + 0.01
    while time.thread_time() < until:
        pass
    time.sleep(0.01)
    trace.record("redis", 0, "GET")
    start_response("201 Made", [("Cache-Control", "no-store"), ("Set-Cookie", "a=b")])
    return [b"12345"]


def test_a_request_leaves_a_trace(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With its steps, what the answer says of itself, and the processor time of its thread.
    """
    for name in ("gevent", "eventlet"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    asked(working, "/orders/17", HTTP_COOKIE="session=ann")
    (found,) = written()

    assert ("/orders/{}", "GET", 201, 5) == (
        found["http.route"], found["http.request.method"], found["http.response.status_code"], found["sent_bytes"],
    )  # fmt: skip
    assert ("no-store", True) == (found["cache_control"], found["sets_cookie"])
    assert ["redis"] == [each[0] for each in found["steps"]]
    assert 10_000_000 <= found["cpu_ns"] <= found["duration_ns"] - 9_000_000
    assert all(len(found[each]) == 16 for each in ("identity", "asked", "answer"))
    assert 0 == trace.under_way


def test_where_greenlets_share_a_thread_its_time_is_nobodys(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Under gevent the processor time is not known.
    """
    monkeypatch.setitem(sys.modules, "gevent", SimpleNamespace())  # type: ignore[arg-type]
    asked(working)

    assert [-1] == [each["cpu_ns"] for each in written()]


def test_questions_and_answers_are_compared(written: Written) -> None:
    """
    Equal ones have equal hashes; what a body asks for is not known here.
    """
    for path, body, method, who in (
        ("/a", b"1", "GET", "ann"), ("/a", b"1", "GET", "ann"), ("/b", b"2", "GET", "bob"), ("/a", b"1", "POST", ""),
    ):  # fmt: skip
        asked(answering(body), path, method=method, HTTP_AUTHORIZATION=who)
    found = written()

    for key, empty in (("asked", True), ("answer", False), ("identity", True)):
        one, same, other, last = [each[key] for each in found]
        assert one == same != other
        assert (last == "") is empty


def test_a_stream_is_traced_to_its_end(written: Written) -> None:
    """
    Steps while it is gone through are its own; a long answer is not compared.
    """

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        for number in range(3):
            trace.record("redis", 0, f"GET {number}")
            yield b"x" * 500_000

    asked(app)
    (found,) = written()

    assert 3 == len(found["steps"])
    assert (1_500_000, "") == (found["sent_bytes"], found["answer"])


def test_an_answer_that_nobody_closes_leaves_no_steps_to_others(written: Written) -> None:
    """
    The next request of the thread is not traced, and what it does is not the last one's.
    """

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        trace.record("redis", 0, "GET " + environ["PATH_INFO"])
        start_response("200 OK", [])
        return iter([b"x"]) if environ["PATH_INFO"] == "/left" else [b"x"]

    agent = Agent(app, NOTHING, observed)
    sampling.due_ns = 0
    left: Any = agent(environ_of("/left"), lambda *_: None)
    assert 1 == trace.under_way
    agent(environ_of("/next"), lambda *_: None)
    left.close()
    (found,) = written()

    assert ["GET /left"] == [found["names"][each[3]] for each in found["steps"]]


def test_what_is_not_seen_is_not_compared(written: Written) -> None:
    """
    Of what knows its own length the bytes are not looked at.
    """

    class Sized:
        def __len__(self) -> int:
            return 1

        def __iter__(self) -> Iterator[bytes]:
            return iter([b"x"])

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Sized()

    asked(app)

    assert [""] == [each["answer"] for each in written()]


@pytest.mark.parametrize("broken", ["__init__", "started", "piece", "end"])
def test_a_fault_of_ours_is_not_the_requests(
    broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    With each part of the tracing broken in turn the client gets its answer.
    """

    def fail(*_: Any) -> None:
        raise KeyError("a fault")

    monkeypatch.setattr(on_wsgi.Traced, broken, fail)
    sent = asked(answering(b"fi", b"ne"))

    assert (None, b"fine") == (sent.error, sent.body)
    assert "hasten: " in capsys.readouterr().err
