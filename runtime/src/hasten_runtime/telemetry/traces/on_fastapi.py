"""
FastAPI: solving the dependencies of an endpoint, which encloses whatever they do (who is asking, a database session),
and making plain data of what it returns.
"""

from types import ModuleType

from hasten_runtime.telemetry.traces import sections


def hook(routing: ModuleType) -> None:
    """
    The two functions that FastAPI's endpoints call by these names are steps.
    """
    sections.replace(routing, "solve_dependencies", "dependencies", "fastapi.solve_dependencies", is_async=True)
    sections.replace(routing, "serialize_response", "serialize", "fastapi.serialize_response", is_async=True)
