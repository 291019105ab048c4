"""
Django's answers and templates.
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import django
import django.http.response
import django.template.base
import pytest
from django.template import Context, Engine

from hasten_runtime.telemetry.traces import on_django
from hasten_runtime.telemetry.traces.trace import Trace


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    """
    Django with nothing but its defaults, if no other test has configured it.
    """
    from django.conf import settings

    if not settings.configured:
        settings.configure()
        django.setup()
    yield


def test_an_answer_in_json_is_a_step(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its content is as before.
    """
    json = django.http.response.JsonResponse
    monkeypatch.setattr(json, "__init__", json.__init__)
    on_django.hook_responses(django.http.response)

    assert b'{"a": 1}' == json({"a": 1}).content
    assert [("serialize", "django.JsonResponse")] == [(each[0], each[3]) for each in of.steps]


def test_a_template_is_a_step_with_what_it_includes(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The included one is no step of its own; one without a name is one.
    """
    template = django.template.base.Template
    monkeypatch.setattr(template, "render", template.render)
    on_django.hook_templates(django.template.base)
    loader = (
        "django.template.loaders.locmem.Loader",
        {"list.html": "{% for each in all %}{% include 'row.html' %}{% endfor %}", "row.html": "<{{ each }}>"},
    )
    engine = Engine(loaders=[loader])

    assert "<1><2>" == engine.get_template("list.html").render(Context({"all": [1, 2]}))
    assert "x" == engine.from_string("x").render(Context())
    assert [("template", "list.html"), ("template", "(no name)")] == [(each[0], each[3]) for each in of.steps]


def test_the_rest_frameworks_renderer_is_a_step(of: Trace) -> None:
    """
    It is a class of this name in its module.
    """

    class JSONRenderer:
        def render(self, data: Any) -> str:
            return str(data)

    module = ModuleType("rest_framework.renderers")
    module.JSONRenderer = JSONRenderer  # type: ignore[attr-defined]
    on_django.hook_renderers(module)

    assert "5" == JSONRenderer().render(5)
    assert [("serialize", "rest_framework.JSONRenderer")] == [(each[0], each[3]) for each in of.steps]
