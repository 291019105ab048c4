"""
FastAPI's functions as steps; the whole application is in tests/real/test_traces.py.
"""

import asyncio
from typing import Any

import fastapi
import fastapi.routing
import pytest
from tests.runtime.driving import ask, scope_of

from hasten_runtime.telemetry.traces import on_fastapi, trace
from hasten_runtime.telemetry.traces.trace import Trace


async def current_user() -> str:
    """
    Who asks.
    """
    trace.record("db", 0, "SELECT 1")
    return "ann"


WITH_USER = fastapi.Depends(current_user)


def test_dependencies_and_serialization_are_steps(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Solving the dependencies encloses what they do; making data of the answer comes after it.
    """
    for name in ("solve_dependencies", "serialize_response"):
        monkeypatch.setattr(fastapi.routing, name, getattr(fastapi.routing, name))
    on_fastapi.hook(fastapi.routing)
    app = fastapi.FastAPI()

    @app.get("/who")
    async def who(user: Any = WITH_USER) -> dict[str, str]:
        return {"user": user}

    sent = asyncio.run(ask(app, scope_of("/who")))
    inner, dependencies, serialize = of.steps[:3]

    assert b'{"user":"ann"}' == sent.body
    assert ("dependencies", "fastapi.solve_dependencies") == (dependencies[0], dependencies[3])
    assert dependencies[1] <= inner[2] <= dependencies[2] <= serialize[1]
    assert ("serialize", "fastapi.serialize_response") == (serialize[0], serialize[3])
