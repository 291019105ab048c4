"""
Functions that are one step.
"""

import asyncio
import inspect
import time
from types import ModuleType
from typing import Any

import pytest

from hasten_runtime.telemetry.traces import sections, trace
from hasten_runtime.telemetry.traces.sections import Section
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
        if text == "slow":
            time.sleep(0.0015)
        self.name = "changed"
        return text

    async def render_async(self, text: str = "") -> str:
        """
        The same.
        """
        return self.render(text)


def waits(args: Any) -> str:
    """
    What a template that is called so does to a loop.
    """
    return "waiting" if args[0].name == "changed" and args[1:] == ("slow",) else ""


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Rendering is a step, with the name that the template has before.
    """
    for name in ("render", "render_async"):
        monkeypatch.setattr(Template, name, Template.__dict__[name])
        section = Section("template", lambda args: args[0].name, values=lambda args: args[1:], holds=waits)
        sections.replace(Template, name, section, is_async=name == "render_async")


def test_the_whole_run_is_a_step(of: Trace) -> None:
    """
    With its name, and with what happens in it in it; what has no name is none.
    """
    assert "x" == Template("a").render("x")
    assert "y" == asyncio.run(Template("b").render_async("y"))
    Template("").render()

    assert ["a", "b", "b"] == sorted(each[3] for each in of.steps)
    assert {"template"} == {each[0] for each in of.steps}


def test_values_are_compared(of: Trace) -> None:
    """
    Equal ones have equal hashes.
    """
    for text in ("x", "x", "y"):
        Template("a").render(text)
    one, same, other = [each[4] for each in of.steps]

    assert one == same != other


def test_one_that_waits_holds_a_loop(of: Trace) -> None:
    """
    Where none runs it holds nothing.
    """

    async def main() -> None:
        Template("a").render("slow")

    asyncio.run(main())
    Template("a").render("slow")

    assert ["template", "stall", "template"] == [each[0] for each in of.steps]
    assert "waiting" == of.steps[1][3]


def test_an_error_goes_on(of: Trace) -> None:
    """
    What failed took its time, too.
    """
    with pytest.raises(ValueError, match="bad"):
        Template("a").render("bad")

    assert ["a"] == [each[3] for each in of.steps]


def test_a_name_that_cannot_be_had_is_no_step(
    of: Trace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The fault is said, the template rendered.
    """
    monkeypatch.delattr(Template, "__init__")
    assert "x" == Template().render("x")  # type: ignore[call-arg]
    assert [] == of.steps
    assert "is not known: AttributeError" in capsys.readouterr().err


def test_nothing_is_recorded_while_nothing_is_traced(of: Trace) -> None:
    """
    The function is called and no more.
    """
    trace.ended(of)
    Template("a").render()
    asyncio.run(Template("a").render_async())

    assert [] == of.steps
    assert inspect.iscoroutinefunction(Template.render_async)


def test_a_private_one_costs_no_coroutine(of: Trace) -> None:
    """
    Untraced, the caller awaits the very coroutine of the function; traced, it is a step.
    """

    class Inner:
        async def solve(self) -> str:
            return "x"

    code = Inner.solve.__code__
    sections.replace(Inner, "solve", Section("dependencies", "solve"), is_async=True, is_private=True)

    assert "x" == asyncio.run(Inner().solve())
    assert ["solve"] == [each[3] for each in of.steps]
    trace.ended(of)
    waiting = Inner().solve()
    assert waiting.cr_code is code
    waiting.close()


def test_another_version_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    """
    What is not there is not hooked.
    """
    sections.replace(ModuleType("fastapi.routing"), "gone", Section("serialize", "x"))

    assert "fastapi.routing has no gone" in capsys.readouterr().err
