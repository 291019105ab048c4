"""
A traced request of an ASGI application.
"""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from time import perf_counter_ns as now
from types import SimpleNamespace
from typing import Any

import pytest
from tests.runtime.driving import App, Sent, answering, ask, scope_of

from hasten_runtime.http.asgi import Agent
from hasten_runtime.telemetry import requests
from hasten_runtime.telemetry.traces import on_asgi, sampling, trace

Written = Callable[[], list[Any]]
NOTHING: Any = SimpleNamespace(due_ns=1 << 62, ticks=now, meets=None)


async def traced(app: App, *args: Any, received: Any = (), **named: Any) -> Sent:
    """
    The answer to a request that is traced.
    """
    sampling.due_ns = 0
    return await ask(Agent(app, NOTHING, requests.observed), scope_of(*args, **named), received)


def asked(app: App, *args: Any, **named: Any) -> Sent:
    """
    The same without a loop.
    """
    return asyncio.run(traced(app, *args, **named))


def test_a_request_leaves_a_trace(written: Written) -> None:
    """
    With its route, its time as it is counted, and what the answer says of itself.
    """
    headers = [(b"Cache-Control", b"no-store"), (b"set-cookie", b"a=b")]
    sent = asked(answering(b"12345", b"678", status=201, headers=headers), "/orders/17", query=b"page=2")
    (found,) = written()
    (counted,) = requests.counted()

    assert b"12345678" == sent.body
    assert ("/orders/{}", "GET", 201, 8) == (
        found["http.route"], found["http.request.method"], found["http.response.status_code"], found["sent_bytes"],
    )  # fmt: skip
    assert ("no-store", True, "") == (found["cache_control"], found["sets_cookie"], found["identity"])
    assert 0 < found["duration_ns"] <= counted.sum_ns


def test_every_message_is_the_same_object(written: Written) -> None:
    """
    The scope and what is received and sent pass as they are, of a request without a body the very `receive`.
    """
    body = {"type": "http.request", "body": b"x", "more_body": False}
    start = {"type": "http.response.start", "status": 200}
    end = {"type": "http.response.body", "body": memoryview(b"y")}
    seen: list[Any] = []

    async def receive() -> Any:
        return body

    async def send(message: Any) -> None:
        seen.append(message)

    async def app(scope: Any, received: Any, send: Any) -> None:
        seen.extend((scope, received if scope["method"] == "GET" else await received()))
        await send(start)
        await send(end)

    for method, second in (("GET", receive), ("POST", body)):
        sampling.due_ns = 0
        seen.clear()
        scope = scope_of("/x", method=method)
        asyncio.run(Agent(app, NOTHING, requests.observed)(scope, receive, send))  # type: ignore[arg-type]

        assert all(one is other for one, other in zip(seen, [scope, second, start, end], strict=True))
    assert ["", ""] != [each["asked"] for each in written()]


def test_a_request_that_is_not_due_is_not_traced(written: Written) -> None:
    """
    The next one, right after it, leaves nothing.
    """

    async def both() -> None:
        await traced(answering(b"x"))
        await ask(Agent(answering(b"x"), NOTHING, requests.observed), scope_of())

    asyncio.run(both())

    assert 1 == len(written())
    assert 0 == trace.under_way


def test_the_same_question_and_the_same_answer_are_seen(written: Written) -> None:
    """
    Hashes of who asked, what was asked and what was answered are equal for equal ones only.
    """
    ann, bob = [(b"cookie", b"ann")], [(b"authorization", b"bob")]
    for path, headers, body in (("/a", ann, b"1"), ("/a", ann, b"1"), ("/b", bob, b"2"), ("/a", (), b"1")):
        asked(answering(body), path, headers=headers)
    found = written()

    assert [0, 0, 1, 0] == _numbered(each["asked"] for each in found)
    assert [0, 0, 1, 2] == _numbered(each["identity"] for each in found)
    assert [0, 0, 1, 0] == _numbered(each["answer"] for each in found)
    assert "" == found[3]["identity"]


def test_a_body_is_part_of_the_question_if_it_was_read(written: Written) -> None:
    """
    Two equal bodies in other pieces are the same question; a body that nobody read leaves it unknown.
    """

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await answering(b"x")(scope, receive, send)

    for body in ([b"ab"], [b"a", b"b"], [b"abc"]):
        pieces = [{"type": "http.request", "body": each, "more_body": True} for each in body]
        asked(reading, "/", method="POST", received=pieces)
    asked(answering(b"x"), "/", method="POST")
    found = [each["asked"] for each in written()]

    assert [0, 0, 1, 2] == _numbered(found)
    assert "" == found[3]


def test_a_long_answer_is_not_held(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its hash is empty, its size is known.
    """
    monkeypatch.setattr(on_asgi, "MOST_BYTES", 5)
    asked(answering(b"123", b"456"))
    (found,) = written()

    assert ("", 6) == (found["answer"], found["sent_bytes"])


def test_steps_of_tasks_and_threads_belong_to_the_request(written: Written) -> None:
    """
    The context is carried to both; what runs after the answer is nobody's.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.gather(step("one"), step("two"), asyncio.to_thread(trace.record, "redis", 0, "three"))
        await answering(b"x")(scope, receive, send)
        await step("late")

    async def step(name: str) -> None:
        trace.record("redis", 0, name)

    asked(app)
    (found,) = written()

    assert {"one", "two", "three"} == {found["names"][each[3]] for each in found["steps"] if each[0] == "redis"}


@pytest.mark.parametrize(("error", "status"), [(ValueError("no"), 500), (asyncio.CancelledError(), 499)])
def test_a_request_that_fails_leaves_a_trace(written: Written, error: BaseException, status: int) -> None:
    """
    The error reaches the server; the trace says how it ended.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise error

    with pytest.raises(asyncio.CancelledError) if status == 499 else nullcontext():
        assert error is asked(app).error

    assert [status] == [each["http.response.status_code"] for each in written()]
    assert 0 == trace.under_way


@pytest.mark.parametrize("broken", ["_begin", "_note_answered", "_note_asked", "_end"])
def test_a_fault_of_ours_is_not_the_requests(
    broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    With each part of the tracing broken in turn the client gets its answer.
    """

    def fail(*_: Any) -> None:
        raise KeyError("a fault")

    if broken == "_end":
        monkeypatch.setattr(on_asgi.routes, "name_of", fail)
    else:
        monkeypatch.setattr(on_asgi.Traced, broken, fail)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await answering(b"fine")(scope, receive, send)

    sent = asked(app, method="POST")

    assert (None, b"fine") == (sent.error, sent.body)
    assert "hasten: " in capsys.readouterr().err


def test_a_file_that_the_server_sends_is_not_compared(written: Written) -> None:
    """
    Nobody here sees what is in it.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.pathsend", "path": "/etc/hostname"})

    asked(app)

    assert [""] == [each["answer"] for each in written()]


def _numbered(values: Any) -> list[int]:
    """
    Each value as the place where the same value was first seen among the different ones.
    """
    seen: dict[Any, int] = {}
    return [seen.setdefault(each, len(seen)) for each in values]
