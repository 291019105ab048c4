"""
Jinja's templates.
"""

import asyncio

import jinja2
import jinja2.environment
import pytest

from hasten_runtime.telemetry.traces import on_jinja2, trace
from hasten_runtime.telemetry.traces.trace import Trace


def test_a_template_is_a_step_with_what_it_does(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Rendered either way, with its name; a statement that it causes is within it.
    """
    template = jinja2.environment.Template
    for name in ("render", "render_async"):
        monkeypatch.setattr(template, name, template.__dict__[name])
    on_jinja2.hook(jinja2.environment)
    loader = jinja2.DictLoader({"list.html": "{{ lazy() }}"})

    def lazy() -> str:
        trace.record("db", 0, "SELECT 1")
        return "x"

    assert "x" == jinja2.Environment(loader=loader).get_template("list.html").render(lazy=lazy)
    made = jinja2.Environment(loader=loader, enable_async=True).get_template("list.html")
    assert "x" == asyncio.run(made.render_async(lazy=lazy))
    assert ["db", "template"] * 2 == [each[0] for each in of.steps]
    assert "list.html" == of.steps[1][3]
    assert of.steps[1][1] <= of.steps[0][2] <= of.steps[1][2]
