"""
FastAPI: solving the dependencies of an endpoint, which encloses whatever they do (who is asking, a database session),
and making plain data of what it returns.
"""

from types import ModuleType
from typing import Any

from hasten_runtime.telemetry.traces import relations
from hasten_runtime.telemetry.traces.sections import Section, replace


def hook(routing: ModuleType) -> None:
    """
    The two functions that FastAPI's endpoints call by these names are steps.
    """
    for name, kind in (("solve_dependencies", "dependencies"), ("serialize_response", "serialize")):
        replace(routing, name, Section(kind, f"fastapi.{name}"), is_async=True, is_private=True)


def hook_encoders(encoders: ModuleType) -> None:
    """
    What `jsonable_encoder` takes out of an object's `__dict__`, nobody sees as a read: it asks `vars` for that.
    """
    encoders.vars = _looking_into  # type: ignore[attr-defined]


def _looking_into(*args: Any) -> Any:
    if relations.awaited:
        relations.passed(*args[:1] or (None,))
    return vars(*args)
