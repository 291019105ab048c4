"""
Which servers are waited for, and how an application gets behind the agent.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from hasten_runtime import boundaries, servers
from hasten_runtime.http.asgi import Agent
from hasten_runtime.http.wsgi import Agent as WsgiAgent
from hasten_runtime.telemetry import requests


@pytest.fixture(autouse=True)
def policy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    A policy is named.
    """
    monkeypatch.setenv("HASTEN_POLICY", str(tmp_path / "policy.json"))


@pytest.mark.parametrize(("interface", "kind"), [("asgi", Agent), ("wsgi", WsgiAgent)])
def test_an_application_is_behind_the_agent_of_its_interface(tmp_path: Path, interface: str, kind: type) -> None:
    """
    It is wrapped once, and the worker has reported.
    """
    agent = servers.behind("the application", "a server", interface)

    assert (kind, "the application") == (type(agent), agent.app)
    assert agent is servers.behind(agent, "another server", "asgi")
    assert "a server" == json.loads((tmp_path / "workers" / f"{os.getpid()}.json").read_text())["server"]


def test_a_fault_of_ours_leaves_the_application(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The server gets the application as it was loaded, and the reason is said once.
    """

    def fail(*_: object) -> Any:
        raise KeyError("a fault")

    monkeypatch.setattr(servers, "_wrapped", fail)

    assert ["the application"] * 2 == [servers.behind("the application", "a server", "asgi") for _ in range(2)]
    assert 1 == capsys.readouterr().err.count("the application runs without the agent: KeyError")


def test_each_server_that_is_waited_for_has_its_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    All of them are watched, and each name leads to a function.
    """
    seen: list[str] = []
    monkeypatch.setattr(servers, "after_import", lambda name, _: seen.append(name))
    monkeypatch.setattr(servers.drivers, "after_import", lambda *_: None)
    servers.watch()

    assert list(servers.KNOWN) == seen
    assert all(callable(getattr(boundaries, name)) for name in servers.KNOWN.values())


def test_without_a_policy_nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where no policy is named no import is looked at.
    """
    monkeypatch.delenv("HASTEN_POLICY", raising=False)
    seen: list[Any] = []
    monkeypatch.setattr(servers, "after_import", lambda *given: seen.append(given))
    servers.watch()

    assert [] == seen


@pytest.mark.parametrize(("value", "is_counted"), [("1", True), ("0", False)])
def test_requests_are_counted_unless_it_is_switched_off(
    monkeypatch: pytest.MonkeyPatch, value: str, is_counted: bool
) -> None:
    """
    The agent counts what goes through it, and HASTEN_TELEMETRY=0 leaves only the policy.
    """
    monkeypatch.setenv("HASTEN_TELEMETRY", value)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204})

    async def send(message: Any) -> None:
        assert message["status"] == 204

    agent = servers.behind(app, "uvicorn", "asgi")
    asyncio.run(agent({"type": "http", "path": "/x", "method": "GET", "headers": []}, None, send))

    assert is_counted is bool(requests.counted())
