"""
Counting requests.
"""

import asyncio
import json
from time import perf_counter_ns as now
from types import SimpleNamespace
from typing import Any

import pytest
from tests.runtime.driving import App, answering, ask, scope_of, trial

from hasten_runtime.http.asgi import Agent
from hasten_runtime.policy import Policy, read_policy
from hasten_runtime.telemetry import requests
from hasten_runtime.telemetry.request import OUTSIDE
from hasten_runtime.telemetry.requests import MOST_ROUTES, OTHERS, counted, observed
from hasten_runtime.telemetry.statements import took


class Nothing:
    """
    A policy without rules.
    """

    due_ns = 1 << 62
    ticks = staticmethod(now)
    meets: Any = None


class Something(Nothing):
    """
    A policy with something in it for every request.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = lambda: policy

    @staticmethod
    def meets(_path: str) -> bool:
        """
        All of them are met.
        """
        return True


def asked(app: App, *args: Any, **named: Any) -> Any:
    """
    The answer of the application behind the agent.
    """
    agent = Agent(app, Nothing(), observed)  # type: ignore[arg-type]
    return asyncio.run(ask(agent, scope_of(*args, **named)))


def test_a_request_is_counted_by_route_method_and_status() -> None:
    """
    Requests of the same route, method and class of status are one line, with their time and their bytes.
    """
    for path in ("/orders/1", "/orders/2"):
        asked(answering(b"12345", b"678"), path)
    asked(answering(b"", status=503), "/orders/3", method="POST")
    found = [(each.name, each.method, each.status, each.count, each.sent_bytes) for each in counted()]

    assert [("/orders/{}", "GET", 2, 2, 16), ("/orders/{}", "POST", 5, 1, 0)] == found
    assert all(each.sum_ns > 0 for each in counted())


def test_the_answer_is_the_same_object_by_object() -> None:
    """
    Scope, receive and every message pass as they are.
    """
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend((scope, receive))
        await send(start)
        await send(body)

    async def receive() -> Any:
        return None

    async def send(message: Any) -> None:
        seen.append(message)

    start, body = {"type": "http.response.start", "status": 200}, {"type": "http.response.body"}
    scope = scope_of("/x")
    asyncio.run(Agent(app, Nothing(), observed)(scope, receive, send))  # type: ignore[arg-type]

    assert all(one is other for one, other in zip(seen, [scope, receive, start, body], strict=True))


def test_an_error_before_the_answer_is_a_5xx() -> None:
    """
    What an application raises reaches the server, and the request counts as failed.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("no")

    sent = asked(app, "/boom")

    assert isinstance(sent.error, ValueError)
    assert [("/boom", 5, 1)] == [(each.name, each.status, each.count) for each in counted()]


def test_an_error_after_the_answer_began_keeps_its_status() -> None:
    """
    The client has seen a 200, so a 200 is counted.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        raise ValueError("late")

    assert isinstance(asked(app, "/boom").error, ValueError)
    assert [2] == [each.status for each in counted()]


def test_a_request_that_is_given_up_counts_as_gone() -> None:
    """
    Cancelled before an answer, it is a 4xx, and the cancellation goes on.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(60)

    async def cancelled() -> None:
        task = asyncio.ensure_future(observed(app, scope_of("/slow"), None, None, now()))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())

    assert [4] == [each.status for each in counted()]


def test_what_comes_after_the_answer_is_not_in_its_time() -> None:
    """
    Background work does not make a request slower; its statements are its own.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answering(b"x")(scope, receive, send)
        await asyncio.sleep(0.2)

    asked(app, "/quick")

    assert counted()[0].sum_ns < 150_000_000


def test_a_request_of_a_trial_has_its_route() -> None:
    """
    The application gets a scope without the trial's header, and the route that it tells there is the name.
    """
    document = {"version": 1, "revision": 1, "rules": [], "trial": trial()}
    policy = read_policy(json.dumps(document).encode())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert all(name != b"hasten-arm" for name, _ in scope["headers"])
        scope["route"] = SimpleNamespace(path="/people/{name}")
        await answering(b"x")(scope, receive, send)

    agent = Agent(app, Something(policy), observed)  # type: ignore[arg-type]
    headers = [(b"hasten-arm", b"k" * 20 + b":candidate")]
    sent = asyncio.run(ask(agent, scope_of("/people/ann", headers=headers)))

    assert "candidate; revision=1" == sent.headers["hasten-arm"]
    assert ["/people/{name}"] == [each.name for each in counted()]


def test_statements_are_summed_by_route() -> None:
    """
    How many statements the requests of a route executed, the most of one request, and their time.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(int(scope["query_string"])):
            took("select 1", now() - 1_000_000)
        await answering(b"x")(scope, receive, send)

    asked(app, "/list", query=b"3")
    asked(app, "/list", query=b"5")
    (found,) = counted()

    assert (8, 5) == (found.statements, found.most_statements)
    assert 8_000_000 <= found.database_ns


def test_lifespan_and_websockets_pass() -> None:
    """
    What is not an HTTP request is not counted.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        return None

    asyncio.run(Agent(app, Nothing(), observed)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]

    assert [] == counted()


def test_a_fault_of_ours_is_not_the_requests(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    With every part of the accounting broken the client gets its answer, and the fault is said once.
    """

    def fail(*_: Any) -> None:
        raise KeyError("a fault")

    monkeypatch.setattr(requests.routes, "name_of", fail)
    monkeypatch.setattr(requests, "Doing", fail)
    for _ in range(3):
        sent = asked(answering(b"fine"), "/x")
        assert (None, b"fine") == (sent.error, sent.body)

    assert 1 == capsys.readouterr().err.count("a request is not counted")


def test_odd_messages_reach_the_server() -> None:
    """
    A message that is none of HTTP's is the server's business.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"no": "type"})

    assert [{"no": "type"}] == asked(app, "/odd").messages


def test_the_number_of_routes_is_bounded() -> None:
    """
    Whatever methods and names come, the table stays small and nothing is lost.
    """
    for number in range(MOST_ROUTES + 20):
        requests.finished(requests.route(f"/{number}", "GET", 2), 0, 1_000_000, 0, OUTSIDE)
    requests.finished(requests.route("/", "BREW", 2), 0, 1_000_000, 0, OUTSIDE)
    found = {(each.name, each.method): each.count for each in counted()}

    assert MOST_ROUTES + 1 == len(found)
    assert 21 == found[OTHERS, "_OTHER"]
