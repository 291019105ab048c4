"""
repeated_upstream_call: another service is asked the same again.
"""

from typing import Any

import pytest
from tests.traced import Written

from hasten.diagnose import repeated_upstream_call

RATES = "GET rates.example:443/latest"


def call(written: Written, details: list[str], count: int, *, name: str = RATES, **given: Any) -> None:
    """
    Requests that make these calls, 20 ms each.
    """
    for number in range(count):
        steps = [
            written.step("http", 25 * n, given.get("takes_ms", 20), name, rows=given.get("status", 200),
                         detail=detail.format(number), at=given.get("at", "shop/rates.py:8 rates"))
            for n, detail in enumerate(details)
        ]  # fmt: skip
        written.add(*steps)


def test_a_call_that_one_request_makes_twice_is_found(observed: Any, target: Any, written: Written) -> None:
    """
    The second of two equal calls need not have been: 20 ms of 4,000 requests a day.
    """
    call(written, ["euro {}", "euro {}"], 3)
    [found] = repeated_upstream_call.find(observed(traces=written.traces), target)

    assert ("upstream", RATES) == (found.where.kind, found.where.name)
    assert pytest.approx(4000 * 0.020) == found.cost_s_per_day
    assert (6, 3, True) == tuple(found.evidence[name] for name in ("calls", "repeated", "within_one_request"))


def test_a_call_that_every_request_makes_is_found(observed: Any, target: Any, written: Written) -> None:
    """
    Nineteen of twenty calls repeat the first.
    """
    call(written, ["euro"], 20)
    [found] = repeated_upstream_call.find(observed(traces=written.traces), target)

    assert (19, False) == (found.evidence["repeated"], found.evidence["within_one_request"])
    assert pytest.approx(4000 * 0.020 * 19 / 20) == found.cost_s_per_day


@pytest.mark.parametrize(
    "given",
    [
        {"details": ["euro {}"], "count": 20},
        {"details": ["euro"], "count": 19},
        {"details": ["euro"], "count": 20, "takes_ms": 2},
        {"details": ["euro {}", "euro {}"], "count": 2},
        {"details": ["", ""], "count": 20},
        {"details": ["euro", "euro"], "count": 20, "name": "POST mail.example:443/send"},
        {"details": ["euro", "euro"], "count": 20, "status": 503},
        {"details": ["euro", "euro"], "count": 20, "at": "shop/auth.py:3 current_user"},
    ],
    ids=["other values", "few", "quick", "few requests", "unknown", "it sends", "a retry", "authentication"],
)
def test_what_is_no_repetition_is_left_alone(observed: Any, target: Any, written: Written, given: Any) -> None:
    """
    Other addresses, retries of what failed, and what is not only a question.
    """
    call(written, given.pop("details"), given.pop("count"), **given)

    assert [] == repeated_upstream_call.find(observed(traces=written.traces), target)
