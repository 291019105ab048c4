"""
hasten.world.load.locust
"""

import math
from typing import Any

import pytest

from hasten.errors import Missing
from hasten.world.load import LoadPlan, LoadRequest
from hasten.world.load import locust as engine
from hasten.world.load.locust import Row, result_of, run_locust
from hasten.world.load.result import Flag, Outcome

PLAN = LoadPlan(
    base_url="http://127.0.0.1:1",
    requests=[LoadRequest(path="/a", principal="agent")],
    rate_per_s=10,
    duration_s=10,
    warmup_s=1,
    credentials={"agent": {"cookie": "sid='geheim'"}},
    expired_status=[401],
)


def a_row(**changes: Any) -> Row:
    fixed: dict[str, Any] = {
        "route": "GET /a", "method": "GET", "start": 100.0, "seconds": 0.5, "status": 200, "bytes": 9, "error": "",
        "cache": {},
    }  # fmt: skip
    return Row(**{**fixed, **changes})


def test_rows_become_the_same_result_and_say_they_are_closed_loop() -> None:
    """
    Latency, status, bytes and route are Locust's; lateness is not known and is not 0.
    """
    result = result_of(PLAN, [a_row(), a_row(start=102.0, seconds=0.25, route="GET /b")])

    assert result.closed_loop
    assert [0.25] == result.latencies("GET /b")
    assert [0.0, 2.0] == list(result.records.floats("intended"))
    assert math.isnan(result.records.floats("lateness")[0])
    assert 0 == result.lateness().count


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Outcome.ANSWERED),
        ({"status": 500, "error": "HTTPError"}, Outcome.ANSWERED),
        ({"status": 401, "error": "HTTPError"}, Outcome.EXPIRED),
        ({"status": 0, "error": "ConnectionRefusedError"}, Outcome.CONNECT),
        ({"status": 0, "error": "timeout"}, Outcome.TIMEOUT),
        ({"status": 0, "error": "ConnectionResetError"}, Outcome.RESET),
    ],
)
def test_ends_are_told_apart(changes: dict[str, Any], expected: Outcome) -> None:
    """
    What Locust calls a failure is counted as what it was.
    """
    assert expected == result_of(PLAN, [a_row(**changes)]).records.ints("outcome")[0]


def test_hits_and_warm_up_are_flagged() -> None:
    """
    The flags are those of the own generator.
    """
    result = result_of(PLAN, [a_row(cache={"age": "3"}), a_row(start=101.5)])

    assert [Flag.CACHE_HIT | Flag.WARMUP, 0] == list(result.records.ints("flags"))


def test_without_locust_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The extra is named, and the other engine.
    """
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda _: None)

    with pytest.raises(Missing, match="Locust") as caught:
        run_locust(PLAN)

    assert "hasten[locust]" in caught.value.hint
