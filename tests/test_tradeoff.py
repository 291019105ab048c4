"""
When a loss is paid for.
"""

import pytest

from hasten.tradeoff import is_paid_for


@pytest.mark.parametrize(
    ("lost_s", "ratio", "calls", "saved_s", "expected"),
    [
        (0.3, 1.43, 2, 80.0, True),
        (0.3, 1.43, 2, 29.0, False),
        (0.3, 2.01, 2, 80.0, False),
        (1.01, 1.43, 2, 1000.0, False),
        (0.3, 1.43, 6, 80.0, False),
        (0.0, 1.0, 1, 0.0, True),
    ],
)
def test_a_loss_is_paid_for_by_fifty_times_the_gain(
    lost_s: float, ratio: float, calls: float, saved_s: float, expected: bool
) -> None:
    """
    It is also less than a second per call, and less than double.
    """
    assert expected is is_paid_for(lost_s, ratio=ratio, calls=calls, saved_s=saved_s)
