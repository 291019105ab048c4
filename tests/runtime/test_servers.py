"""
The hook at uvicorn's boundary.
"""

import asyncio
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hasten_runtime import servers
from hasten_runtime.http.asgi import Agent
from hasten_runtime.telemetry import requests


class Config:
    """
    What is needed of uvicorn's Config.
    """

    loaded_app: Any = None

    def load(self) -> str:
        """
        Load it.
        """
        self.loaded_app = "the application"
        return "loaded"


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """
    A module with a fresh Config, and a policy that is named.
    """
    monkeypatch.setenv("HASTEN_POLICY", str(tmp_path / "policy.json"))
    found = ModuleType("uvicorn.config")
    found.Config = type("Config", (Config,), {"load": Config.load})  # type: ignore[attr-defined]
    servers.hook_uvicorn(found)
    return found


def test_what_is_loaded_is_behind_the_agent(module: ModuleType, tmp_path: Path) -> None:
    """
    The application is wrapped once, the worker has reported, and `load` gives back what it gave.
    """
    config = module.Config()

    assert "loaded" == config.load()
    assert isinstance(config.loaded_app, Agent)
    assert "the application" == config.loaded_app.app
    assert (tmp_path / "workers" / f"{os.getpid()}.json").is_file()


def test_an_application_is_wrapped_once() -> None:
    """
    A server that loads twice does not put the agent behind itself.
    """
    agent = Agent(lambda *_: None, None)  # type: ignore[arg-type, return-value]

    assert agent is servers.wrapped(agent, "uvicorn")


def test_a_fault_of_ours_leaves_the_application(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The server gets the application as it was loaded, and the reason is said.
    """

    def fail(*_: object) -> Any:
        raise KeyError("a fault")

    monkeypatch.setattr(servers, "wrapped", fail)
    config = module.Config()
    config.load()

    assert "the application" == config.loaded_app
    assert "the application runs without the agent: KeyError" in capsys.readouterr().err


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
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, value: str, is_counted: bool
) -> None:
    """
    The agent counts what goes through it, and HASTEN_TELEMETRY=0 leaves only the policy.
    """
    monkeypatch.setenv("HASTEN_TELEMETRY", value)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204})

    async def send(message: Any) -> None:
        assert message["status"] == 204

    agent = servers.wrapped(app, "uvicorn")
    asyncio.run(agent({"type": "http", "path": "/x", "method": "GET", "headers": []}, None, send))

    assert is_counted is bool(requests.counted())
