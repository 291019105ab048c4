"""
hasten.before_after: what follows from two runs; a whole one is in tests/real/test_side_by_side.py.
"""

import pytest
from tests.world.load.test_result import a_result

from hasten.before_after import decided, trial_of
from hasten.model import Grade, Verdict

SHARES = {"GET /a": 0.75, "GET /b": 0.25}


def run(seconds: float, count: int = 200, **row: object) -> list[dict[str, object]]:
    """
    So many requests of the first route that took so long.
    """
    return [{"latency": seconds, **row} for _ in range(count)]


@pytest.mark.parametrize(
    ("before_s", "after_s", "verdict", "rule"),
    [
        (0.1, 0.13, Verdict.ROLL_BACK, "guard:time"),
        (0.1, 0.11, Verdict.INCONCLUSIVE, "grade"),
        (0.1, 0.01, Verdict.INCONCLUSIVE, "grade"),
    ],
)
def test_before_and_after_can_only_show_harm(before_s: float, after_s: float, verdict: Verdict, rule: str) -> None:
    """
    However much faster it looks, it is never kept; a fifth slower goes back.
    """
    trial = trial_of(a_result(run(before_s)), a_result(run(after_s)), SHARES, 9.0)
    decision = decided(trial)

    assert (Grade.C, verdict, rule) == (trial.grade, decision.verdict, decision.rule)


def test_failures_after_the_change_go_back() -> None:
    """
    A quick error is no gain.
    """
    failing = run(0.1, 100) + run(0.001, 100, status=500)
    decision = decided(trial_of(a_result(run(0.1)), a_result(failing), SHARES, 9.0))

    assert (Verdict.ROLL_BACK, "guard:error_rate") == (decision.verdict, decision.rule)


def test_a_route_that_was_not_seen_twice_says_nothing() -> None:
    """
    Without a route in both runs there is no time and no block.
    """
    trial = trial_of(a_result(run(0.1)), a_result(run(0.1, route=1)), SHARES, 9.0)

    assert [] == trial.blocks
    assert [None] == [guard.ok for guard in trial.guards if guard.name == "time"]
    assert Verdict.INCONCLUSIVE is decided(trial).verdict
