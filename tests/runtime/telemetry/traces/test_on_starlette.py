"""
Starlette's answers.
"""

import pytest
import starlette.responses

from hasten_runtime.telemetry.traces import on_starlette
from hasten_runtime.telemetry.traces.trace import Trace


def test_an_answer_in_json_is_a_step(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its body is as before.
    """
    json = starlette.responses.JSONResponse
    monkeypatch.setattr(json, "render", json.render)
    on_starlette.hook(starlette.responses)

    assert b'{"a":1}' == json({"a": 1}).body
    assert [("serialize", "starlette.JSONResponse")] == [(each[0], each[3]) for each in of.steps]
