"""
Looks: what they say, when they end a trial, and how often they are wrong.
"""

import math
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.verify.simulated import block, machine

from hasten.model import Block, Ending, Look
from hasten.verify.looks import ending, look_at, looks_of, pairs_needed, totals_of


def look(ratio: float, error: float, pairs: int = 16, z: float = 4.56) -> Look:
    """
    A look with that effect.
    """
    log = math.log(ratio)
    return Look(pairs=pairs, log_ratio=log, error=error, z=z, low=ratio * math.exp(-z * error),
                high=ratio * math.exp(z * error))  # fmt: skip


def test_each_statement_counts_as_often_as_it_is_called() -> None:
    """
    Totals are weighted, over what both arms of the pair have.
    """
    pair = Block(index=0, order="", control={"a": 1.0, "b": 10.0, "c": 9.0}, candidate={"a": 0.5, "b": 10.0})

    assert [[100.0], [55.0]] == totals_of([pair], {"a": 90.0, "c": 1e9}).tolist()


@pytest.mark.parametrize(
    "useless",
    [
        block(0, 0.0, 1.0),
        block(0, 1.0, 0.0),
        block(0, math.inf, 1.0),
        block(0, math.nan, 1.0),
        Block(index=0, order="", control={"a": 1.0}, candidate={"b": 1.0}),
        Block(index=0, order="", control={}, candidate={}),
    ],
)
def test_a_pair_that_cannot_be_compared_is_no_pair(useless: Block) -> None:
    """
    Nothing in common, no time, no number: left out, and fifteen good ones are no look.
    """
    assert (2, 0) == totals_of([useless], {}).shape
    assert [] == looks_of([useless, *(block(n, 1.0, 0.5) for n in range(15))], {}, 1)


def test_only_the_planned_pairs_are_looked_at() -> None:
    """
    Of 50 pairs there are three looks, each the same as when there were no more pairs.
    """
    play = machine(0.9, 0.2, seed=3)
    blocks = [play(n, True) for n in range(50)]
    found = looks_of(blocks, {"a": 2.0}, 9)

    assert [16, 32, 48] == [each.pairs for each in found]
    assert found[:1] == looks_of(blocks[:31], {"a": 2.0}, 9)


def test_looks_come_again_from_json() -> None:
    """
    Blocks from the ledger give the looks that were had, to the last digit.
    """
    play = machine(0.9, 0.2, seed=3)
    blocks = [play(n, True) for n in range(32)]
    again = msgspec.json.decode(msgspec.json.encode(blocks), type=list[Block])

    assert looks_of(blocks, {}, 7) == looks_of(again, {}, 7)


def test_looks_are_those_of_the_first_release() -> None:
    """
    The numbers of a recorded trial do not change with the version.
    """
    blocks = [block(n, 1.0 + n % 5 / 10, 0.8 + n % 3 / 10) for n in range(16)]
    (found,) = looks_of(blocks, {}, 1)

    assert FIRST == (found.log_ratio, found.error, found.low, found.high)


FIRST = (-0.2841794419, 0.04193400985, 0.6215961169, 0.911289949)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (look(0.5, 0.05), Ending.GAIN),
        (look(0.9, 0.01), Ending.GAIN),
        (look(0.92, 0.015), None),
        (look(0.5, 0.2), None),
        (look(1.0, 0.1), None),
        (look(1.0, 0.01), Ending.FUTILE),
        (look(0.95, 0.005), Ending.FUTILE),
        (look(1.2, 0.02), Ending.HARM),
        (look(0.9, 0.2, pairs=80, z=2.04), Ending.LAST_LOOK),
        (look(0.8, 0.02, pairs=80, z=2.04), Ending.GAIN),
    ],
)
def test_a_look_is_conclusive_when_its_interval_is(seen: Look, expected: Ending | None) -> None:
    """
    Gain, harm or no hope of enough gain end a trial; anything else goes on to the last look.
    """
    assert expected == ending(seen, least_gain=0.10)


@given(st.floats(-1, 1), st.floats(0.001, 0.5), st.integers(6, 80))
def test_the_pairs_needed_are_enough(log: float, error: float, pairs: int) -> None:
    """
    With as many pairs as were said, and the same effect and noise, the interval excludes no effect.
    """
    needed = pairs_needed(log, error, pairs)

    if needed is None:
        assert abs(log) < 0.001
    else:
        at = min(needed, 80)
        z = 2.04 * math.sqrt(80 / at)
        assert abs(log) >= 0.999 * z * error * math.sqrt(pairs / needed)


def test_more_noise_needs_more_pairs() -> None:
    """
    The projection grows with the noise, beyond the plan too.
    """
    needed = [pairs_needed(-0.1, error, 16) or 0 for error in (0.01, 0.05, 0.1, 0.3)]

    assert all(less <= more for less, more in pairwise(needed))
    assert (16, True) == (needed[0], needed[-1] > 80)


def test_the_interval_is_as_wide_as_the_bound_says() -> None:
    """
    Low and high are the ratio, times and divided by the same factor.
    """
    found = look_at(totals_of([machine(0.8, 0.3, 1)(n, True) for n in range(16)], {}), seed=1)

    assert pytest.approx(math.exp(2 * found.log_ratio)) == found.low * found.high
    assert pytest.approx(2 * 4.56 * found.error, rel=1e-3) == math.log(found.high / found.low)
