"""
Flask: `jsonify`, and views that return plain data.
"""

from types import ModuleType

from hasten_runtime.telemetry.traces import sections


def hook(provider: ModuleType) -> None:
    """
    Making an answer in JSON is a step.
    """
    sections.replace(provider.DefaultJSONProvider, "response", "serialize", "flask.jsonify")
