"""
Odd more often than by chance?
"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.verify.answers.significance import accused, odd_p


@pytest.mark.parametrize(
    ("odd", "of", "p"), [(0, 10, 1.0), (1, 1, 1 / 3), (2, 2, 1 / 9), (5, 5, 3**-5), (1, 3, 19 / 27)]
)
def test_the_tail_of_one_in_three(odd: int, of: int, p: float) -> None:
    """
    The chance is the binomial's, exactly.
    """
    assert p == pytest.approx(odd_p(odd, of))


@given(of=st.integers(1, 3000), share=st.floats(0, 1))
def test_chances_are_chances(of: int, share: float) -> None:
    """
    Between 0 and 1 for any count, and smaller for more odd ones.
    """
    odd = int(of * share)

    assert 0 <= odd_p(min(odd + 1, of), of) <= odd_p(odd, of) <= 1


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([], []),
        ([0.01], [True]),
        ([0.06], [False]),
        ([0.04, 0.03, 0.9], [False, False, False]),
        ([0.01, 0.03, 0.9], [True, True, False]),
        ([0.04, 0.04], [True, True]),
    ],
)
def test_the_step_up_rule(p_values: list[float], expected: list[bool]) -> None:
    """
    Benjamini and Hochberg's rule at 5 %.
    """
    assert expected == accused(p_values, 0.05)


def test_nothing_is_accused_of_being_a_third_control() -> None:
    """
    Where the candidate is one more control, fewer than one in a hundred of many fields is accused.
    """
    rng = random.Random(1)
    p_values = [odd_p(sum(rng.random() < 1 / 3 for _ in range(60)), 60) for _ in range(2000)]

    assert sum(accused(p_values, 0.01)) <= 20
