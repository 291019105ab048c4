"""
FastAPI's functions as steps; the real ones are in tests/real/test_traces.py.
"""

import asyncio
import inspect
from types import ModuleType
from typing import Any

import pytest

from hasten_runtime.telemetry.traces import on_fastapi, trace
from hasten_runtime.telemetry.traces.trace import Trace


async def solve_dependencies(*, request: Any) -> Any:
    """
    What FastAPI has by this name.
    """
    trace.record("db", 0, "SELECT 1")
    if request is None:
        raise ValueError("no")
    return [request]


@pytest.fixture
def routing() -> ModuleType:
    """
    The module that FastAPI's endpoints run in.
    """
    module = ModuleType("fastapi.routing")
    module.solve_dependencies = solve_dependencies  # type: ignore[attr-defined]
    module.serialize_response = solve_dependencies  # type: ignore[attr-defined]
    on_fastapi.hook(module)
    return module


def test_solving_dependencies_is_a_step(routing: ModuleType, of: Trace) -> None:
    """
    It encloses what they do, and gives what they give.
    """

    assert ["r"] == asyncio.run(routing.solve_dependencies(request="r"))
    inner, outer = of.steps
    assert ("dependencies", "fastapi.solve_dependencies") == (outer[0], outer[3])
    assert outer[1] <= inner[2] <= outer[2]
    assert inspect.iscoroutinefunction(routing.solve_dependencies)


def test_an_error_goes_on(routing: ModuleType, of: Trace) -> None:
    """
    Dependencies that refuse a request are a step, too.
    """
    with pytest.raises(ValueError, match="no"):
        asyncio.run(routing.serialize_response(request=None))

    assert "serialize" == of.steps[-1][0]


def test_nothing_is_recorded_while_nothing_is_traced(routing: ModuleType, of: Trace) -> None:
    """
    The function is called and no more.
    """
    trace.ended()
    asyncio.run(routing.solve_dependencies(request="r"))

    assert ["db"] == [each[0] for each in of.steps]


def test_another_version_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    """
    What is not there is not hooked.
    """
    on_fastapi.hook(ModuleType("fastapi.routing"))

    assert 2 == capsys.readouterr().err.count("this FastAPI has no")
