"""
Jinja: templates that are rendered as a whole.
"""

from types import ModuleType
from typing import Any

from hasten_runtime.telemetry.traces import sections


def hook(environment: ModuleType) -> None:
    """
    Rendering a template is a step.
    """
    sections.replace(environment.Template, "render", "template", _name)
    sections.replace(environment.Template, "render_async", "template", _name, is_async=True)


def _name(args: tuple[Any, ...]) -> str:
    template = args[0]
    # With `enable_async` the synchronous function runs the asynchronous code by itself.
    return str(template.name or "(no name)")
