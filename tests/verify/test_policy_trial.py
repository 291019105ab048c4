"""
The guard of a policy's trial that is its own; whole trials are in tests/real.
"""

import pytest

from hasten.model import Effect, Where
from hasten.verify.policy_trial import server_time


@pytest.mark.parametrize(
    ("control", "low", "ok"),
    [(0.1, 0.9, True), (0.1, 1.19, True), (0.1, 1.3, False), (0.001, 5.0, True), (0.02, 1.4, True), (0.02, 1.6, False)],
)
def test_time_at_the_server_may_not_grow_much(control: float, low: float, ok: bool) -> None:
    """
    It fails only where more than a fifth and more than 10 ms are shown.
    """
    where = Where(kind="process", name="server")
    effect = Effect(metric="m", where=where, ratio=low, low=low, high=9.0, pairs=11, control=control, candidate=control)

    assert ok is server_time(effect).ok


def test_no_data_is_not_good_news() -> None:
    """
    Without pairs at the server nothing is said.
    """
    assert None is server_time(None).ok
