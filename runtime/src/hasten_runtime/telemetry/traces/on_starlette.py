"""
Starlette: making the body of an answer in JSON.
"""

from types import ModuleType

from hasten_runtime.telemetry.traces import sections


def hook(responses: ModuleType) -> None:
    """
    Rendering JSON is a step.
    """
    sections.replace(responses.JSONResponse, "render", "serialize", "starlette.JSONResponse")
