"""
The boundary of the planned looks.
"""

import pytest

from hasten.model import PLANNED_PAIRS
from hasten.verify.boundary import bound, crossing, last_bound


def test_the_usual_level_has_the_published_bounds() -> None:
    """
    Five looks at 2.5 % one-sided are those of O'Brien and Fleming.
    """
    assert [4.56, 3.23, 2.63, 2.28, 2.04] == [round(bound(pairs), 2) for pairs in PLANNED_PAIRS]


@pytest.mark.parametrize("level", [1e-6, 0.0005, 0.005, 0.025, 0.1])
def test_any_level_is_spent_and_no_more(level: float) -> None:
    """
    A trial of nothing leaves the interval with just the chance that was granted.
    """
    assert pytest.approx(2 * level, rel=0.01) == crossing(last_bound(level))


def test_a_stricter_level_asks_for_more() -> None:
    """
    The smaller the level, the more errors a look asks for.
    """
    assert bound(16, 0.001) > bound(16, 0.01) > bound(16, 0.025)
