"""
What answers may hold back together.
"""

import os

import pytest

from hasten_runtime.http import holding
from hasten_runtime.http.holding import MOST_BYTES, Holding


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nothing else is held, and nothing of a test is held after it.
    """
    holding._sizes.clear()


def test_together_answers_hold_no_more_than_one_bound() -> None:
    """
    What one holds is room that the others do not have, until it is gone.
    """
    one, other = Holding(), Holding()

    assert [True, True, False] == [one.fits(MOST_BYTES - 1), other.fits(1), other.fits(2)]
    del one
    assert other.fits(MOST_BYTES)


def test_an_answer_is_counted_by_what_it_holds_now() -> None:
    """
    Each look counts the whole, and not what was counted before once more.
    """
    one = Holding()

    assert all(one.fits(size) for size in range(MOST_BYTES - 5, MOST_BYTES + 1))
    assert not one.fits(MOST_BYTES + 1)


def test_a_process_that_was_forked_off_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Answers of a parent never end in its child, so there they do not count.
    """
    parents, childs = Holding(), Holding()
    parents.fits(MOST_BYTES)
    monkeypatch.setattr(holding, "_pid", os.getpid() + 1)

    assert childs.fits(MOST_BYTES)
