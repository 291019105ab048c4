"""
Starlette: making the body of an answer in JSON.
"""

from types import ModuleType

from hasten_runtime.telemetry.traces.sections import Section, replace


def hook(responses: ModuleType) -> None:
    """
    Rendering JSON is a step.
    """
    replace(responses.JSONResponse, "render", Section("serialize", "starlette.JSONResponse"))
