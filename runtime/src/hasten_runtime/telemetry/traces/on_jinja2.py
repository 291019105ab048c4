"""
Jinja: templates that are rendered as a whole.
"""

from types import ModuleType
from typing import Any

from hasten_runtime.telemetry.traces.sections import Section, replace


def hook(environment: ModuleType) -> None:
    """
    Rendering a template is a step.
    """
    replace(environment.Template, "render", Section("template", _name))
    replace(environment.Template, "render_async", Section("template", _name), is_async=True)


def _name(args: tuple[Any, ...]) -> str:
    return str(args[0].name or "(no name)")
