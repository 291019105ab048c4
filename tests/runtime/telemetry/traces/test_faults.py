"""
With each part of the tracing broken in turn, an application that uses all of it answers as before.
"""

import asyncio
import asyncio.base_events
import http.client
import time
from collections.abc import Callable
from time import perf_counter_ns as now
from types import SimpleNamespace
from typing import Any

import anyio.to_thread
import jinja2
import jinja2.environment
import pytest
import starlette.responses
from tests.runtime.driving import ask, scope_of

from hasten_runtime.http.asgi import Agent
from hasten_runtime.telemetry import requests
from hasten_runtime.telemetry.traces import (
    attendant,
    calls,
    clients,
    database,
    document,
    file,
    on_asgi,
    on_http_client,
    on_jinja2,
    on_starlette,
    on_threads,
    sampling,
    stalls,
    trace,
)

NOTHING: Any = SimpleNamespace(due_ns=1 << 62, ticks=now, meets=None)
PARTS: list[tuple[Any, str]] = [
    (trace, "own_frames"), (trace, "digest_of"), (trace, "current"), (trace, "began"), (trace, "ended"),
    (trace, "set_trace"), (trace.Trace, "add"), (trace.Trace, "__init__"),
    (stalls, "own_frames"), (stalls, "is_in_a_loop"), (stalls, "add_rest"), (stalls, "outermost"),
    (stalls, "count_all"), (calls, "call_name"), (calls, "_credentials"), (attendant, "attend"), (attendant, "_look"),
    (document, "pieces"), (file, "_append"), (file, "write_soon"), (sampling, "_about"), (sampling, "_is_drawn"),
    (on_asgi, "note_headers"), (on_asgi, "kept"), (on_asgi, "finished"), (on_asgi, "keyed"), (on_asgi, "routes"),
]  # fmt: skip


ANSWER = b"""{"text":"made [b'asked: /introspectx', b'asked: /introspectx', b'asked: /introspectx']"}"""


class Broken:
    """
    Whatever is asked of it fails.
    """

    def __getattr__(self, _: str) -> Any:
        raise KeyError("a fault")

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise KeyError("a fault")


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    All that the application uses is hooked.
    """
    for of, name in (
        (http.client.HTTPConnection, "request"), (http.client.HTTPConnection, "getresponse"),
        (asyncio.base_events.BaseEventLoop, "run_in_executor"), (anyio.to_thread, "run_sync"),
        (starlette.responses.JSONResponse, "render"), (jinja2.environment.Template, "render"),
        (jinja2.environment.Template, "render_async"),
    ):  # fmt: skip
        monkeypatch.setattr(of, name, of.__dict__[name])
    on_http_client.hook(http.client)
    on_threads.hook_asyncio(asyncio.base_events)
    on_threads.hook_anyio(anyio.to_thread)
    on_starlette.hook(starlette.responses)
    on_jinja2.hook(jinja2.environment)
    monkeypatch.setattr(sampling, "_is_begun", True)


async def application(service: str, scope: Any, receive: Any, send: Any) -> None:
    """
    Statements, a call, threads, a template, a new client, work: and then an answer.
    """

    def called() -> bytes:
        connection = http.client.HTTPConnection(service.removeprefix("http://"))
        connection.request("POST", "/introspect", b"x", {"Authorization": "us"})
        found = connection.getresponse().read()
        connection.close()
        return found

    database.executed("SELECT 1", (1,), now() - 2_000_000, 1, is_blocking=True)
    made = clients.watched(lambda: "made", "library")()
    found = [called(), await anyio.to_thread.run_sync(called), await asyncio.to_thread(called)]
    until = time.perf_counter() + 0.021
    while time.perf_counter() < until:
        sum(range(100))
    text = jinja2.Template("{{ made }} {{ found }}").render(made=made, found=found)
    await receive()
    await starlette.responses.JSONResponse({"text": text})(scope, receive, send)


@pytest.mark.parametrize(("of", "name"), PARTS, ids=[f"{of.__name__.rpartition('.')[2]}.{name}" for of, name in PARTS])
def test_the_answer_is_the_same(
    of: Any, name: str, service: str, written: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """
    Not one byte differs, no error comes up, and once a word is said about each kind of step, at most.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await application(service, scope, receive, send)

    sampling.due_ns = 0
    with monkeypatch.context() as broken:
        broken.setattr(of, name, Broken())
        sent = asyncio.run(ask(Agent(app, NOTHING, requests.observed), scope_of("/x", method="POST")))
        written()

    assert (None, ANSWER) == (sent.error, sent.body)
    assert len(capsys.readouterr().err.splitlines()) <= 8
