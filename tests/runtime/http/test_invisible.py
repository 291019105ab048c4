"""
What an application could find out about the agent from inside, and does not: the same objects, the same task and
context, the same errors, the same order of things.
"""

import asyncio
import gc
import sys
import traceback
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.driving import RULE, TAKES_GZIP, TEXT, App, answering, scope_of, write_policy
from tests.runtime.wsgi_driving import Server, environ_of
from tests.runtime.wsgi_driving import agent_for as wsgi_agent

from hasten_runtime.http.asgi import Agent
from hasten_runtime.standing import Standing
from hasten_runtime.telemetry.requests import observed

OWN: ContextVar[str] = ContextVar("own", default="nobody's")
JSON = (b"content-type", b"application/json")
KINDS = ["telemetry", "unmatched", "rules"]
Put = Callable[[App], App]


class Broken(Exception):
    """
    What the application, or the server, raises.
    """


@pytest.fixture(params=KINDS)
def behind(request: pytest.FixtureRequest, tmp_path: Path) -> Put:
    """
    Puts an ASGI application behind an agent that counts; with a policy that matches nothing, or everything.
    """
    _write(request.param, tmp_path)
    return lambda app: Agent(app, Standing(str(tmp_path / "policy.json"), None, lambda _: None), observed)


@pytest.fixture(params=KINDS)
def behind_wsgi(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Any], Any]:
    """
    The same for WSGI.
    """
    _write(request.param, tmp_path)
    return lambda app: wsgi_agent(app, tmp_path)


def _write(kind: str, folder: Path) -> None:
    paths = ["/{rest:path}"] if kind == "rules" else ["/elsewhere"]
    if kind != "telemetry":
        kinds = ("compression", "cache_headers")
        rules = [{**RULE, "id": each, "kind": each, "match": {"paths": paths}} for each in kinds]
        write_policy(folder / "policy.json", rules)


async def nothing(*_: Any) -> Any:
    """
    A side of a server that nobody looks at.
    """


def test_scope_and_receive_are_the_servers(behind: Put) -> None:
    """
    The very scope and the very receive, with nothing in it that was not there.
    """
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend([scope, dict(scope), receive])

    scope = scope_of()
    before = dict(scope)
    asyncio.run(behind(app)(scope, nothing, nothing))

    assert seen[0] is scope
    assert seen[1] == before
    assert seen[2] is nothing


def test_the_task_and_its_context_are_the_servers(behind: Put) -> None:
    """
    No task in between, so what the application sets in its context the server sees, and cancelling goes all the way.
    """

    async def serve() -> tuple[Any, ...]:
        seen: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.extend([asyncio.current_task(), len(asyncio.all_tasks()), sys.exc_info()])
            OWN.set("the application's")
            await answering(TEXT, headers=[JSON])(scope, receive, send)

        await behind(app)(scope_of(headers=TAKES_GZIP), nothing, nothing)
        return (*seen, asyncio.current_task(), OWN.get())

    task, tasks, error, own_task, own = asyncio.run(serve())
    assert (own_task, 1, (None, None, None), "the application's") == (task, tasks, error, own)


def test_an_error_arrives_as_it_was_raised(behind: Put) -> None:
    """
    The same object, without another one around or behind it, from the application's own line.
    """
    raised = Broken("the application's")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [JSON]})
        raise raised

    with pytest.raises(Broken) as caught:
        asyncio.run(behind(app)(scope_of(headers=TAKES_GZIP), nothing, nothing))

    assert caught.value is raised
    assert (None, None) == (raised.__cause__, raised.__context__)
    assert "raise raised" == traceback.extract_tb(raised.__traceback__)[-1].line


def test_what_the_server_raises_is_the_applications_to_catch(behind: Put) -> None:
    """
    A client that went away is an error of `send`: the application gets that very error, and may go on after it.
    """
    raised = OSError("gone")
    seen: list[Any] = []

    async def send(message: Any) -> None:
        raise raised

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in (
            {"type": "http.response.start", "status": 200, "headers": [JSON]},
            {"type": "http.response.body", "body": TEXT, "more_body": False},
        ):
            try:
                await send(message)
            except OSError as error:
                seen.append(error)

    asyncio.run(behind(app)(scope_of(headers=TAKES_GZIP), nothing, send))

    assert 1 <= len(seen) <= 2
    assert all(each is raised for each in seen)


def test_an_answer_may_be_finished_by_another_task(behind: Put) -> None:
    """
    What is sent after the application has returned goes to the server as long as the answer is not complete; what
    comes after that is an error, as it is to servers.
    """
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    async def serve() -> None:
        kept: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            kept.append(send)
            await send({"type": "http.response.start", "status": 200, "headers": []})

        await behind(app)(scope_of(), nothing, send)
        await kept[0]({"type": "http.response.body", "body": b"later"})

        async def whole(scope: Any, receive: Any, send: Any) -> None:
            kept.append(send)
            await answering(TEXT)(scope, receive, send)

        await behind(whole)(scope_of(), nothing, nothing)
        if kept[1].__module__.startswith("hasten_runtime.telemetry"):
            with pytest.raises(RuntimeError):
                await kept[1]({"type": "http.response.body", "body": b"too late"})

    asyncio.run(serve())
    assert ["http.response.start", "http.response.body"] == sent


def test_cancelling_reaches_the_application(behind: Put) -> None:
    """
    A server that gives up cancels the application where it waits, and hears of it.
    """
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def serve() -> bool:
        task = asyncio.ensure_future(behind(app)(scope_of(), nothing, nothing))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(serve())
    assert ["cancelled"] == seen


@pytest.mark.parametrize("kind", ["websocket", "of.tomorrow"])
def test_other_protocols_meet_nothing(behind: Put, kind: str) -> None:
    """
    What is no HTTP request gets the server's own scope, receive and send.
    """
    seen: list[Any] = []

    async def app(*given: Any) -> None:
        seen.extend(given)

    scope = {"type": kind}
    asyncio.run(behind(app)(scope, nothing, nothing))

    assert seen[0] is scope
    assert [nothing, nothing] == seen[1:]


def test_the_servers_life_is_told_as_it_is(behind: Put) -> None:
    """
    The very scope, with its state, the very send, and every message of `receive` as the server gave it.
    """
    told = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    left, seen = list(told), []

    async def receive() -> Any:
        return left.pop(0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend([scope, send, await receive(), await receive()])

    scope: dict[str, Any] = {"type": "lifespan", "state": {}}
    asyncio.run(behind(app)(scope, receive, nothing))

    assert seen[0] is scope
    assert [nothing, *told] == seen[1:]
    assert all(one is other for one, other in zip(told, seen[2:], strict=True))


def test_environ_is_the_servers(behind_wsgi: Callable[[Any], Any]) -> None:
    """
    The very environ and the very input, with nothing in it that was not there.
    """
    seen: list[Any] = []

    def app(environ: Any, start_response: Any) -> Any:
        seen.extend([environ, dict(environ), environ["wsgi.input"].read()])
        start_response("200 OK", [])
        return []

    environ = environ_of(HTTP_ACCEPT_ENCODING="gzip")
    before = dict(environ)
    behind_wsgi(app)(environ, Server().start_response)

    assert seen[0] is environ
    assert before == seen[1]


@pytest.mark.parametrize("is_read", [True, False])
def test_a_generator_is_closed_when_the_server_closes_it(behind_wsgi: Callable[[Any], Any], is_read: bool) -> None:
    """
    Not before and not later: the application's `finally` runs within the server's call of `close`.
    """
    seen: list[str] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield TEXT
            yield TEXT
        finally:
            seen.append("finally")

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return pieces()

    result = behind_wsgi(app)(environ_of(HTTP_ACCEPT_ENCODING="gzip"), Server().start_response)
    if is_read:
        next(iter(result))
    gc.collect()
    before = list(seen)
    result.close()

    assert [] == before
    # A generator that was never begun has no `finally` to run; with rules it is begun to learn how the answer does.
    assert seen in ([["finally"]] if is_read else [[], ["finally"]])


def test_an_error_of_wsgi_arrives_as_it_was_raised(behind_wsgi: Callable[[Any], Any]) -> None:
    """
    The same object, and what `exc_info` hands to the server is what the application has caught.
    """
    raised = Broken("the application's")
    given: list[Any] = []

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            raise raised
        except Broken:
            start_response("500 Oh", [("Content-Type", "text/plain")], sys.exc_info())
        raise raised

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        given.append((status, exc_info and exc_info[1]))
        return given.append

    with pytest.raises(Broken) as caught:
        behind_wsgi(app)(environ_of(HTTP_ACCEPT_ENCODING="gzip"), start_response)

    assert caught.value is raised
    assert [("200 OK", None), ("500 Oh", raised)] == given
    assert (None, None) == (raised.__cause__, raised.__context__)
