"""
Effects and their intervals, from blocks alone.
"""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.model import Block, Effect
from hasten.verify import statistics
from hasten.verify.looks import looks_of


def blocks_of(control: list[float], candidate: list[float]) -> list[Block]:
    """
    Blocks with one statement, `a`.
    """
    return [
        Block(index=n, order="control first", control={"a": x}, candidate={"a": y})
        for n, (x, y) in enumerate(zip(control, candidate, strict=True))
    ]


def test_the_effect_is_the_ratio_of_the_weighted_means() -> None:
    """
    Each statement counts as often as it is called.
    """
    block = Block(index=0, order="", control={"a": 1.0, "b": 10.0}, candidate={"a": 0.5, "b": 10.0})
    found = statistics.effect_of([block] * 6, {"a": 90.0, "b": 1.0}, seed=1)

    assert isinstance(found, Effect)
    assert (pytest.approx(55 / 100), 6, pytest.approx(100.0)) == (found.ratio, found.pairs, found.control)


def test_the_same_blocks_give_the_same_numbers_for_ever() -> None:
    """
    The numbers come again from JSON, and are those that were computed when this was written.
    """
    blocks = blocks_of([1.0, 1.1, 0.9, 1.2, 1.0, 1.3], [0.5, 0.6, 0.4, 0.7, 0.5, 0.6])
    again = msgspec.json.decode(msgspec.json.encode(blocks), type=list[Block])
    (found,) = statistics.effects_of(again, seed=7)

    assert [found] == statistics.effects_of(blocks, seed=7)
    assert (0.507692, 0.457627, 0.565217) == tuple(round(x, 6) for x in (found.ratio, found.low, found.high))


def test_the_primary_effect_has_the_interval_of_its_look() -> None:
    """
    At a planned look the effect and the look say the same.
    """
    blocks = blocks_of([1.0 + n % 5 / 10 for n in range(16)], [0.6 + n % 3 / 10 for n in range(16)])
    found = statistics.effect_of(blocks, {"a": 3.0}, seed=7)
    (look,) = looks_of(blocks, {"a": 3.0}, 7)

    assert found is not None
    assert (math.exp(look.log_ratio), look.low, look.high, 16) == (found.ratio, found.low, found.high, found.pairs)


def test_nothing_to_compare_has_no_effect() -> None:
    """
    No blocks, no common statement, no time: None, and never a ratio of 1.
    """
    apart = [Block(index=0, order="", control={"a": 1.0}, candidate={"b": 1.0})]

    assert [None] * 3 == [
        statistics.effect_of(blocks, {}, 1) for blocks in ([], apart, blocks_of([0.0, 0.0], [0.0, 0.0]))
    ]


def test_a_statement_that_failed_in_one_round_is_left_out_of_all() -> None:
    """
    Rounds are compared over the same statements.
    """
    blocks = [
        Block(index=0, order="", control={"a": 1.0, "b": 1.0}, candidate={"a": 1.0, "b": 1.0}),
        Block(index=1, order="", control={"a": 1.0}, candidate={"a": 1.0}),
    ]

    assert ["a"] == statistics.names_in(blocks)


def test_one_pair_says_nothing_of_the_spread() -> None:
    """
    A single round has no effect to speak of.
    """
    assert statistics.effect_of(blocks_of([1.0], [0.5]), {}, 1) is None
    assert [] == statistics.effects_of(blocks_of([1.0], [0.5]), 1)


def test_a_route_that_is_missing_here_and_there_is_judged_by_the_rest() -> None:
    """
    The effect on one statement is over the rounds that have it in both arms.
    """
    blocks = [
        Block(index=n, order="", control={"a": 1.0, "b": 1.0}, candidate={"a": 1.0, "b": 0.5} if n % 2 else {"a": 1.0})
        for n in range(12)
    ]

    assert [("a", 12), ("b", 6)] == [(each.where.name, each.pairs) for each in statistics.effects_of(blocks, 1)]


@pytest.mark.parametrize("pairs", [6, 12, 16])
def test_the_interval_covers_the_truth_as_often_as_it_says(pairs: int) -> None:
    """
    Nineteen of twenty intervals hold the true ratio, give or take the error of the simulation.
    """
    random = np.random.default_rng(pairs)
    covered = 0
    for seed in range(400):
        control = random.lognormal(0, 0.25, pairs)
        candidate = 0.8 * random.lognormal(0, 0.25, pairs)
        low, high = statistics.log_ratio_interval(control, candidate, seed)
        covered += low <= 0.8 <= high

    assert 0.91 <= covered / 400 <= 0.99


@given(st.lists(st.tuples(st.floats(0.001, 10), st.floats(0.001, 10)), min_size=6, max_size=12), st.integers(0, 99))
def test_the_arms_can_be_exchanged(pairs: list[tuple[float, float]], seed: int) -> None:
    """
    Candidate to control is the reciprocal of control to candidate, interval and all.
    """
    there = statistics.effect_of(blocks_of([x for x, _ in pairs], [y for _, y in pairs]), {}, seed)
    back = statistics.effect_of(blocks_of([y for _, y in pairs], [x for x, _ in pairs]), {}, seed)

    assert there is not None
    assert back is not None
    assert (pytest.approx(1 / there.ratio), pytest.approx(1 / there.high), pytest.approx(1 / there.low)) == (
        back.ratio,
        back.low,
        back.high,
    )


def test_the_whole_database_gains_in_proportion() -> None:
    """
    Halving a quarter of the time saves an eighth of all.
    """
    primary = statistics.effect_of(blocks_of([1.0] * 6, [0.5] * 6), {}, 1)

    assert primary is not None
    assert pytest.approx(0.875) == statistics.database_effect(primary, share=0.25, total_s=80.0).ratio


def test_what_was_saved_before_is_not_saved_again() -> None:
    """
    A statement that an earlier change made faster counts with its present time, one under less load as observed.
    """
    blocks = [Block(index=0, order="", control={"a": 0.1, "b": 2.0}, candidate={"a": 0.1, "b": 1.0})]
    share = statistics.share_of(blocks, {"a": 10.0, "b": 10.0}, {"a": 50.0, "b": 15.0}, total_s=100.0)

    assert pytest.approx((1.0 + 15.0) / 100.0) == share


def test_without_data_nothing_is_at_stake() -> None:
    """
    No rounds, or no observed time: a share of nothing.
    """
    assert [0.0, 0.0] == [
        statistics.share_of([], {}, {}, 10.0),
        statistics.share_of(blocks_of([1.0], [1.0]), {}, {}, 0.0),
    ]
