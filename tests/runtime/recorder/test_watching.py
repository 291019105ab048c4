"""
The recorder in front of answers: what applications and clients see stays as it is.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from tests.runtime import driving, wsgi_driving

from hasten_runtime.http.asgi import Agent
from hasten_runtime.recorder import notes
from hasten_runtime.standing import Standing

RECORD = {"id": "r1", "key": "ab" * 32, "share": 1.0, "per_s": 1000.0, "most_bytes": 100_000, "for_s": 60.0}


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """
    A policy without rules that has requests recorded.
    """
    path = tmp_path / "policy.json"
    monkeypatch.setenv("HASTEN_POLICY", str(path))
    monkeypatch.setattr(notes, "_now", None)
    put(path)
    yield path
    notes.forget()


def put(path: Path, trial: Any = None, **changed: Any) -> None:
    """
    The policy is in the file.
    """
    section = {**RECORD, "expires_at": time.time() + 60, **changed}
    document = {"version": 1, "revision": 1, "rules": [], "record": section}
    path.write_text(json.dumps({**document, "trial": trial} if trial else document))


def agent(app: driving.App, policy: Path) -> Agent:
    """
    The application behind an agent that obeys this policy.
    """
    return Agent(app, Standing(str(policy), None, lambda _: None))


def written(policy: Path, wanted: int = 1) -> list[dict[str, Any]]:
    """
    The lines of requests, once there are so many.
    """
    until = time.monotonic() + 10
    while time.monotonic() < until:
        paths = list((policy.parent / "workers/recordings/r1").glob("*.jsonl"))
        found = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
        if len(found) >= wanted:
            return [each for each in found if "path" in each]
        time.sleep(0.01)
    return []


class Route:
    """
    As Starlette tells it.
    """

    path = "/orders/{id}"


async def routed(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """
    An application whose framework tells its route.
    """
    scope["route"], scope["path_params"] = Route, {"id": "7"}
    await driving.answering(b"yes", status=201, headers=[(b"x-a", b"1")])(scope, receive, send)


def test_an_asgi_request_is_recorded(policy: Path) -> None:
    """
    With the route that the framework told and the status; the answer is as without the recorder.
    """
    given = {"query": b"page=2", "headers": [(b"authorization", b"Bearer s3cret")]}
    sent = driving.asked(agent(routed, policy), "/orders/7", **given)
    (line,) = written(policy)

    assert sent.messages == driving.asked(routed, "/orders/7", **given).messages
    assert ("/orders/7?page=2", "/orders/{id}", 201) == (
        line["path"],
        line["http.route"],
        line["http.response.status_code"],
    )
    assert "s3cret" not in json.dumps(line)


def test_a_wsgi_request_is_recorded(policy: Path) -> None:
    """
    With its status; no framework tells a route there, and the answer is as without the recorder.
    """
    app = wsgi_driving.answering(b"yes", status="404 Not Found", headers=[("x-a", "1")])
    given = {"query": "page=2", "HTTP_COOKIE": "session=s3cret", "SCRIPT_NAME": "/shop"}
    sent = wsgi_driving.asked(wsgi_driving.agent_for(app, policy.parent), "/orders/7", **given)
    (line,) = written(policy)

    assert sent.seen == wsgi_driving.asked(app, "/orders/7", **given).seen
    assert ("/shop/orders/7?page=2", "", 404) == (line["path"], line["http.route"], line["http.response.status_code"])
    assert 16 == len(line["identity"]) and "s3cret" not in json.dumps(line)


def test_a_prefix_of_the_server_is_left_out(policy: Path) -> None:
    """
    What a proxy has taken away a replay must not send.
    """
    scope = {**driving.scope_of("/prefix/orders/7"), "root_path": "/prefix"}
    driving.asyncio.run(driving.ask(agent(driving.answering(b"yes"), policy), scope))

    assert ["/orders/7"] == [line["path"] for line in written(policy)]


def test_requests_of_a_trial_are_not_visitors(policy: Path) -> None:
    """
    Who asks for an arm is Hasten itself.
    """
    put(policy, trial=driving.trial(rules=[], expires_at=time.time() + 60))
    app = agent(driving.answering(b"yes"), policy)
    driving.asked(app, "/a", headers=[(b"hasten-arm", b"k" * 20 + b":control")])
    driving.asked(app, "/b")

    assert ["/b"] == [line["path"] for line in written(policy)]


def test_it_ends_by_itself(policy: Path) -> None:
    """
    After its time nothing is noted any more, though the policy still says so.
    """
    put(policy, expires_at=time.time() - 1)
    driving.asked(agent(driving.answering(b"yes"), policy), "/a")

    assert notes._now is None
    assert not (policy.parent / "workers").exists()


@pytest.mark.parametrize("place", ["noted", "note"])
def test_a_fault_in_it_is_none_of_the_application(
    policy: Path, place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The answer comes, and the fault is said once.
    """

    def broken(*_: Any) -> Any:
        raise OSError("broken")

    monkeypatch.setattr("hasten_runtime.recorder.watching.noted", broken if place == "noted" else lambda *_: broken)
    sent = driving.asked(agent(routed, policy), "/orders/7")
    plain = wsgi_driving.answering(b"yes")
    wsgi = wsgi_driving.asked(wsgi_driving.agent_for(plain, policy.parent), "/orders/7")

    assert sent.messages == driving.asked(routed, "/orders/7").messages
    assert wsgi.seen == wsgi_driving.asked(plain, "/orders/7").seen
    assert 1 == capsys.readouterr().err.count("a request is not recorded")


def test_the_route_that_flask_tells_is_recorded(policy: Path) -> None:
    """
    As a template, in the same form as the routes of telemetry.
    """
    app = flask.Flask("shop")
    app.add_url_rule("/orders/<int:id>", view_func=lambda id: f"order {id}", endpoint="order")
    wsgi_driving.asked(wsgi_driving.agent_for(app, policy.parent), "/orders/7")

    assert ["/orders/{id}"] == [line["http.route"] for line in written(policy)]
