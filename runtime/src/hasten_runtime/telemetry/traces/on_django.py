"""
Django: answers in JSON, and templates.
"""

from types import ModuleType
from typing import Any

from hasten_runtime.telemetry.traces.sections import Section, replace


def hook_responses(response: ModuleType) -> None:
    """
    Making an answer in JSON is a step.
    """
    replace(response.JsonResponse, "__init__", Section("serialize", "django.JsonResponse"))


def hook_templates(base: ModuleType) -> None:
    """
    Rendering a template is a step, with what it includes.
    """
    replace(base.Template, "render", Section("template", _name))


def hook_renderers(renderers: ModuleType) -> None:
    """
    With the REST framework, rendering JSON is a step.
    """
    replace(renderers.JSONRenderer, "render", Section("serialize", "rest_framework.JSONRenderer"))


def _name(args: tuple[Any, ...]) -> str:
    template, context = args[:2]
    # A template that another one includes has that one in its context.
    return "" if context.template is not None else str(template.name or "(no name)")
