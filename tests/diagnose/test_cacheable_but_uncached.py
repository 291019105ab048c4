"""
cacheable_but_uncached: the same answer, computed again.
"""

from typing import Any

import pytest
from tests.traced import Written

from hasten.diagnose import cacheable_but_uncached

TEXT = "SELECT id FROM inquiries LIMIT ?"


def ask(written: Written, count: int = 7, *, works: bool = True, **given: Any) -> None:
    """
    The same question by the same person; the handler asks the database for 40 ms.
    """
    for number in range(count):
        steps = [written.step("db", 5, 40, TEXT)] if works else []
        values = {"asked": "list", "answer": "same", **given}
        values = {name: value(number) if callable(value) else value for name, value in values.items()}
        written.add(*steps, **{"takes_ms": 50, **values})


def test_equal_answers_that_are_computed_again_are_found(observed: Any, target: Any, written: Written) -> None:
    """
    Six of seven requests repeat the first, 50 ms each, of 4,000 a day.
    """
    ask(written)
    [found] = cacheable_but_uncached.find(observed(traces=written.traces), target)

    assert pytest.approx(4000 * 6 / 7 * 0.050) == found.cost_s_per_day
    assert (6, 6, 6) == tuple(found.evidence[name] for name in ("repeats", "same_answers", "computed_again"))


@pytest.mark.parametrize(
    "given",
    [
        {"count": 5},
        {"asked": lambda number: f"page {number}"},
        {"identity": lambda number: f"person {number}"},
        {"pid": lambda number: number},
        {"answer": lambda number: f"at {number} o'clock"},
        {"answer": ""},
        {"works": False},
        {"takes_ms": 9},
        {"cache_control": "private, no-store"},
        {"cache_control": "private, max-age=60"},
        {"sets_cookie": True},
        {"status": 404},
        {"route": "POST /api/search"},
    ],
    ids=",".join,
)
def test_what_need_not_or_may_not_be_kept_is_left_alone(
    observed: Any, target: Any, written: Written, given: Any
) -> None:
    """
    Other questions, people, workers and answers; hits of a cache; and what says itself that it is not to be kept.
    """
    ask(written, **given)

    assert [] == cacheable_but_uncached.find(observed(traces=written.traces), target)


def test_a_request_that_writes_is_not_repeatable(observed: Any, target: Any, written: Written) -> None:
    """
    A GET that counts its readers does something each time.
    """
    for _ in range(7):
        write = written.step("db", 0, 20, "UPDATE inquiries SET seen = seen + ? WHERE id = ?")
        written.add(write, written.step("db", 25, 20, TEXT), asked="one", answer="same", takes_ms=50)

    assert [] == cacheable_but_uncached.find(observed(traces=written.traces), target)


def test_a_cache_that_hears_of_writes_is_healthy(observed: Any, target: Any, written: Written) -> None:
    """
    Half of the repeats are answered from it; the others come after a write that could have changed them.
    """
    for number in range(20):
        ask(written, 1, works=number % 2 == 0)

    assert [] == cacheable_but_uncached.find(observed(traces=written.traces), target)


def test_authentication_alone_is_no_work_of_the_handler(observed: Any, target: Any, written: Written) -> None:
    """
    A hit behind an authentication that asks the database is a hit.
    """
    for _ in range(7):
        step = written.step("db", 0, 40, "SELECT id FROM users WHERE email = ?", at="shop/auth.py:3 find_user")
        written.add(step, asked="list", answer="same", takes_ms=50)

    assert [] == cacheable_but_uncached.find(observed(traces=written.traces), target)
