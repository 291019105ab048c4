"""
The kernel of all intervals.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.verify.resampling import log_ratio


def test_the_error_is_that_of_theory() -> None:
    """
    The bootstrap gives the standard error that the delta method gives, to a few percent.
    """
    random = np.random.default_rng(5)
    control, candidate = random.lognormal(0, 0.2, (2, 64))
    ratio, error = log_ratio(control, candidate, seed=1)
    parts = candidate / candidate.mean() - control / control.mean()

    assert pytest.approx(math.log(candidate.sum() / control.sum())) == float(ratio)
    assert pytest.approx(parts.std(ddof=1) / 8, rel=0.06) == float(error)


@given(st.integers(2, 80), st.integers(0, 2**33))
def test_many_trials_at_once_are_judged_as_one_by_one(pairs: int, seed: int) -> None:
    """
    The batch of the calibration and the single trial of a user are one function.
    """
    control, candidate = np.random.default_rng(pairs).lognormal(0, 0.3, (2, 3, pairs))
    together = log_ratio(control, candidate, seed)
    apart = [log_ratio(control[row], candidate[row], seed) for row in range(3)]

    assert np.allclose([float(ratio) for ratio, _ in apart], together[0], rtol=1e-12, atol=1e-14)
    assert np.allclose([float(error) for _, error in apart], together[1], rtol=1e-9)


def test_equal_arms_have_neither_effect_nor_error() -> None:
    """
    The same numbers in both arms: a ratio of one, exactly.
    """
    same = np.array([1.0, 2.0, 3.0])

    assert (0.0, 0.0) == tuple(float(each) for each in log_ratio(same, same, 1))
