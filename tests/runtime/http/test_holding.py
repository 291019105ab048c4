"""
What answers may hold back together.
"""

import gc
import os
import threading
from typing import Any

import pytest

from hasten_runtime.http import holding
from hasten_runtime.http.holding import MOST_BYTES, Holding


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nothing else is held, and nothing of a test is held after it.
    """
    holding._sizes.update(dict.fromkeys(holding._sizes, 0))


def test_together_answers_hold_no_more_than_one_bound() -> None:
    """
    What one holds is room that the others do not have, until it is gone.
    """
    one, other = Holding(), Holding()

    assert [True, True, False] == [one.fits(MOST_BYTES - 1), other.fits(1), other.fits(2)]
    del one
    assert other.fits(MOST_BYTES)


def test_what_nothing_refers_to_but_itself_is_given_back_by_the_collector() -> None:
    """
    A failed answer may be part of a cycle for a while, and must not be counted for ever.
    """
    one: Any = [Holding()]
    one[0].fits(MOST_BYTES)
    one.append(one)
    del one
    gc.collect()

    assert Holding().fits(MOST_BYTES)


def test_threads_leave_nothing_behind() -> None:
    """
    Answers of many threads come and go, and in the end nothing is held.
    """
    before = len(holding._sizes)

    def answers() -> None:
        for size in range(2_000):
            Holding().fits(size)

    threads = [threading.Thread(target=answers) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert before == len(holding._sizes)


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
