"""
Harm: seen soon, and rarely seen where there is none.
"""

import math

import msgspec
import pytest
from tests.verify.simulated import block, machine

from hasten.model import Block
from hasten.verify import harm


def watched(blocks: list[Block]) -> harm.Watch:
    """
    A watch that saw these blocks.
    """
    watch = harm.Watch({})
    for each in blocks:
        watch.add(each)
    return watch


def timed(ratios: list[float], *, requests: int = 0, seconds: float = 5.0, errors: int = 0) -> list[Block]:
    """
    Blocks one after the other, with these ratios and so many requests per arm.
    """
    return [
        msgspec.structs.replace(
            block(n, 1.0, ratio, requests), at_s=n * seconds, seconds=seconds, candidate_errors=errors
        )
        for n, ratio in enumerate(ratios)
    ]


def test_a_candidate_that_is_slower_every_time_is_caught_at_the_sixth_pair() -> None:
    """
    Steady harm of 30 % is shown as soon as there are enough pairs.
    """
    watch = watched([machine(1.3, 0.02, 1)(n, True) for n in range(5)])
    assert not watch.shown

    watch.add(block(5, 1.0, 1.3))
    assert "shown to be slower: × 1.3" in watch.shown


def test_nothing_is_rarely_called_harm() -> None:
    """
    Of 400 trials of nothing, watched after each of 80 pairs, about one in ten alarms at the most.
    """
    alarms = 0
    for seed in range(400):
        play = machine(1.0, 0.3, seed)
        alarms += bool(watched([play(n, True) for n in range(80)]).shown)

    # 10 %, and three standard errors of a rate from 400 trials.
    assert alarms / 400 <= 0.10 + 3 * math.sqrt(0.1 * 0.9 / 400)


def test_the_last_minute_has_its_own_criterion() -> None:
    """
    Good for long and then 30 % slower for a minute, in 400 requests per arm: back at once.
    """
    good = [0.7 + n % 3 / 10 for n in range(40)]
    late = [1.25 + n % 3 / 10 for n in range(12)]
    blocks = timed([*good, *late], requests=40)

    assert not watched(blocks[:40]).shown
    assert "over the last 60 s" in watched(blocks).shown


@pytest.mark.parametrize(("requests", "ratios"), [(3, [1.35] * 8), (40, [2.4, 0.7, 0.8, 2.4, 0.6, 1.9, 0.5, 1.7])])
def test_the_criterion_needs_support(requests: int, ratios: list[float]) -> None:
    """
    Too few requests, or a bound that reaches below no harm: the bare 20 % alarm nobody.
    """
    blocks = timed([0.5, 0.6] * 12 + ratios, requests=requests)

    assert "over the last" not in watched(blocks).shown


@pytest.mark.parametrize(("errors", "shown"), [(1, False), (3, True)])
def test_five_points_more_errors_go_back(errors: int, shown: bool) -> None:
    """
    With at least twenty errors, five points more of them than control has are harm.
    """
    watch = watched(timed([0.5 + n % 2 / 10 for n in range(20)], requests=20, errors=errors))

    assert shown is ("points more errors" in watch.shown)


def test_a_candidate_that_answers_nothing_is_caught_too() -> None:
    """
    All errors and no answer: there is nothing to time, and still harm.
    """
    dead = [
        Block(index=n, order="", control={"a": 1.0}, candidate={}, control_samples={"a": [1.0] * 10},
              candidate_errors=10, at_s=5.0 * n, seconds=5.0)
        for n in range(3)
    ]  # fmt: skip

    assert "100 points more errors" in watched(dead).shown


def test_no_pair_is_no_good_news() -> None:
    """
    A watch that saw nothing does not say that there was no harm.
    """
    assert harm.harm_of([], {}).ok is None


def test_the_sequence_is_wider_than_any_fixed_bound() -> None:
    """
    Being valid at all times costs more than the one-sided 90 % bound of a single look.
    """
    for pairs in (6, 20, 40, 80):
        assert harm.width(pairs) > 1.2816 / math.sqrt(pairs)


def test_what_left_the_window_is_forgotten() -> None:
    """
    Running sums are those of the last minute, computed afresh.
    """
    blocks = timed([1.0 + n % 7 / 10 for n in range(200)], requests=2)
    watch, fresh = watched(blocks), watched(blocks[-12:])

    assert pytest.approx(fresh._window.logs) == watch._window.logs
    assert (fresh._window.pairs, fresh._window.requests) == (watch._window.pairs, watch._window.requests)


def test_a_watch_can_look_for_plain_harm_only() -> None:
    """
    With an alpha of 0 a little slower ends nothing, and errors still do.
    """
    slower = [block(index, 1.0, 1.2 + 0.01 * (index % 2), requests=4) for index in range(30)]
    failing = [msgspec.structs.replace(each, candidate_errors=5) for each in slower]

    assert (False, True) == (harm.harm_of(slower, {}).ok, harm.harm_of(slower, {}, 0.0).ok)
    assert harm.harm_of(failing, {}, 0.0).ok is False
