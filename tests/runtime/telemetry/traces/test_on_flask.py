"""
Flask's answers.
"""

import flask
import flask.json.provider
import pytest

from hasten_runtime.telemetry.traces import on_flask
from hasten_runtime.telemetry.traces.trace import Trace


def test_an_answer_in_json_is_a_step(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Of `jsonify` and of a view that returns plain data.
    """
    provider = flask.json.provider.DefaultJSONProvider
    monkeypatch.setattr(provider, "response", provider.response)
    on_flask.hook(flask.json.provider)
    app = flask.Flask("shop")
    app.add_url_rule("/a", view_func=lambda: flask.jsonify(a=1), endpoint="a")
    app.add_url_rule("/b", view_func=lambda: {"a": 1}, endpoint="b")

    assert [{"a": 1}] * 2 == [app.test_client().get(path).json for path in ("/a", "/b")]
    assert [("serialize", "flask.jsonify")] * 2 == [(each[0], each[3]) for each in of.steps]
