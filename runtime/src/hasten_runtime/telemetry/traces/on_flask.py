"""
Flask: `jsonify`, and views that return plain data.
"""

from types import ModuleType

from hasten_runtime.telemetry.traces.sections import Section, replace


def hook(provider: ModuleType) -> None:
    """
    Making an answer in JSON is a step.
    """
    replace(provider.DefaultJSONProvider, "response", Section("serialize", "flask.jsonify"))
