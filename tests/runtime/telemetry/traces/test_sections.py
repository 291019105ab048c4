"""
Functions that are one step.
"""

import asyncio
import inspect
from types import ModuleType
from typing import Any

import pytest

from hasten_runtime.telemetry.traces import sections, trace
from hasten_runtime.telemetry.traces.trace import Trace


class Template:
    """
    Something that is rendered.
    """

    def __init__(self, name: Any) -> None:
        self.name = name

    def render(self, text: str = "") -> str:
        """
        The text.
        """
        if text == "bad":
            raise ValueError(text)
        self.name = "changed"
        return text

    async def render_async(self, text: str = "") -> str:
        """
        The same.
        """
        return self.render(text)


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Rendering is a step, with the name that the template has before.
    """
    for name in ("render", "render_async"):
        monkeypatch.setattr(Template, name, Template.__dict__[name])
        sections.replace(Template, name, "template", lambda args: args[0].name, is_async=name == "render_async")


def test_the_whole_run_is_a_step(of: Trace) -> None:
    """
    With its name, and with what happens in it in it; what has no name is none.
    """
    assert "x" == Template("a").render("x")
    assert "y" == asyncio.run(Template("b").render_async("y"))
    Template("").render()

    assert ["a", "b", "b"] == sorted(each[3] for each in of.steps)
    assert {"template"} == {each[0] for each in of.steps}


def test_an_error_goes_on(of: Trace) -> None:
    """
    What failed took its time, too.
    """
    with pytest.raises(ValueError, match="bad"):
        Template("a").render("bad")

    assert ["a"] == [each[3] for each in of.steps]


def test_a_name_that_cannot_be_had_is_no_step(of: Trace, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The fault is said, the template rendered.
    """
    assert "x" == Template(5).render("x")
    assert [] == of.steps
    assert "has no name: TypeError" in capsys.readouterr().err


def test_nothing_is_recorded_while_nothing_is_traced(of: Trace) -> None:
    """
    The function is called and no more.
    """
    trace.ended(of)
    Template("a").render()
    asyncio.run(Template("a").render_async())

    assert [] == of.steps
    assert inspect.iscoroutinefunction(Template.render_async)


def test_another_version_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    """
    What is not there is not hooked.
    """
    sections.replace(ModuleType("fastapi.routing"), "gone", "serialize", "x")

    assert "fastapi.routing has no gone" in capsys.readouterr().err
