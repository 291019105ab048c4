"""
The false-discovery budget.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.verify import discovery
from hasten.verify.boundary import LEVEL
from hasten.verify.discovery import granted


@given(st.lists(st.booleans(), max_size=40))
def test_a_level_is_granted_and_never_more_than_that_of_one_trial(kept: list[bool]) -> None:
    """
    However the run went, the next trial has a positive level of at most 2.5 %.
    """
    assert 0 < granted(kept) <= LEVEL


def test_duds_make_it_stricter_and_a_find_refills_it() -> None:
    """
    Each dud lowers the next level; a kept change raises it again.
    """
    levels = [granted([False] * duds) for duds in range(8)]

    assert sorted(levels, reverse=True) == levels
    assert granted([False, False, True]) > granted([False, False, False])


@pytest.mark.parametrize("trials", [5, 200])
def test_what_is_spent_without_a_find_is_within_the_budget(trials: int) -> None:
    """
    A run of nothing but duds keeps anything at all with at most the initial budget.
    """
    assert sum(granted([False] * duds) for duds in range(trials)) <= discovery.INITIAL


def test_of_what_is_kept_few_do_nothing() -> None:
    """
    In runs of thirty ideas, most of them duds, the share of duds among the kept ones stays below the budget.
    """
    random = np.random.default_rng(20260301)
    shares = []
    for _ in range(400):
        kept: list[bool] = []
        false = 0
        for _ in range(30):
            is_dud = random.random() < 0.8
            is_kept = random.random() < (granted(kept) if is_dud else 0.9)
            false += is_dud and is_kept
            kept.append(bool(is_kept))
        shares.append(false / max(1, sum(kept)))

    assert np.mean(shares) <= discovery.BUDGET
