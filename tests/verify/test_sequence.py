"""
The driver of all trials.
"""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.verify.simulated import Clock, block, machine

from hasten.model import PLANNED_PAIRS, Block, Ending, Look
from hasten.verify import harm
from hasten.verify.looks import looks_of
from hasten.verify.sequence import Plan, orders, run_pairs


@given(st.integers(1, 100), st.integers(0, 999))
def test_each_arm_is_first_equally_often(count: int, seed: int) -> None:
    """
    Whatever being first is worth, both arms have it alike, at every planned look as well.
    """
    found = orders(count, seed)

    assert count == len(found)
    assert sum(found) in (count // 2, (count + 1) // 2)
    assert all(pairs == 2 * sum(found[:pairs]) for pairs in PLANNED_PAIRS if pairs <= count)
    assert found == orders(count, seed)


def test_an_obvious_gain_ends_at_the_first_look() -> None:
    """
    A fifth of the time: sixteen pairs are enough, and the order is the one of the seed.
    """
    first: list[bool] = []

    def play(index: int, control_first: bool) -> Block:
        first.append(control_first)
        return machine(0.2, 0.2, index)(index, control_first)

    played = run_pairs(play, Plan(seed=4))

    assert (Ending.GAIN, 16, [16]) == (played.ended, len(played.blocks), [look.pairs for look in played.looks])
    assert orders(80, 4)[:16] == first


def test_harm_ends_at_once() -> None:
    """
    Twice the time is seen before the first look, and the guard says so.
    """
    played = run_pairs(machine(2.0, 0.1, 1), Plan())

    assert (Ending.HARM, False, []) == (played.ended, played.harm.ok, played.looks)
    assert len(played.blocks) < 16


def test_no_hope_of_enough_gain_ends_early() -> None:
    """
    Equal arms and little noise: that the gain cannot reach the least one is seen at the first look.
    """
    played = run_pairs(machine(1.0, 0.01, 1), Plan(least_gain=0.10))

    assert (Ending.FUTILE, 16) == (played.ended, len(played.blocks))


def test_noise_goes_on_to_the_last_look() -> None:
    """
    A small effect in much noise takes all eighty pairs and five looks.
    """
    played = run_pairs(machine(0.97, 0.5, 2), Plan())

    assert (Ending.LAST_LOOK, list(PLANNED_PAIRS)) == (played.ended, [look.pairs for look in played.looks])


@pytest.mark.parametrize(("pair_s", "pairs", "looks"), [(1.0, 41, 2), (5.0, 16, 1), (20.0, 7, 0)])
def test_the_time_ends_it(pair_s: float, pairs: int, looks: int) -> None:
    """
    No pair is begun beyond the budget of 40 s; before the first look beyond three times that.
    """
    clock = Clock()
    noisy = machine(0.97, 0.5, 2)

    def play(index: int, control_first: bool) -> Block:
        clock.at_s += pair_s
        return noisy(index, control_first)

    played = run_pairs(play, Plan(budget_s=40.0, clock=clock))

    assert (Ending.TIME, pairs, looks) == (played.ended, len(played.blocks), len(played.looks))


def test_nothing_but_errors_is_no_data() -> None:
    """
    Pairs without a single common answer end after sixteen, without a look.
    """
    empty = Block(index=0, order="", control={}, candidate={}, candidate_errors=3)
    played = run_pairs(lambda _index, _first: empty, Plan())

    assert (Ending.NO_DATA, 16, []) == (played.ended, len(played.blocks), played.looks)
    assert played.harm.ok is None


def test_what_was_seen_can_be_computed_again() -> None:
    """
    Looks and guard are functions of the blocks.
    """
    played = run_pairs(machine(0.93, 0.3, 6), Plan(seed=3, weights={"a": 7.0}))

    assert played.looks == looks_of(played.blocks, {"a": 7.0}, 3)
    assert played.harm == harm.harm_of(played.blocks, {"a": 7.0})


def test_the_blocks_know_when_they_were() -> None:
    """
    The driver stamps each pair with seconds since the begin, by a clock that never goes back.
    """
    clock = Clock()

    def play(index: int, _control_first: bool) -> Block:
        clock.at_s += 0.5
        return block(index, 1.0, 0.5 + index / 1000)

    played = run_pairs(play, Plan(clock=clock))

    assert [(0.5, index / 2) for index in range(16)] == [(each.seconds, each.at_s) for each in played.blocks]


def test_looking_after_every_pair_keeps_no_more_of_nothing() -> None:
    """
    Of trials of nothing that are watched after every pair, no more end as a gain than the level says.
    """
    ended = [run_pairs(machine(1.0, 0.3, seed), Plan(seed=seed, least_gain=0.0)).ended for seed in range(300)]
    kept = ended.count(Ending.GAIN) / len(ended)

    # 2.5 %, and three standard errors of a rate from 300 trials.
    assert kept <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / 300)


def test_a_trial_may_have_an_end_of_its_own() -> None:
    """
    What is conclusive at a look is the plan's to say; without a word the last look is the end.
    """
    asked: list[int] = []

    def ends(look: Look, blocks: Sequence[Block]) -> Ending | None:
        asked.append(len(blocks))
        return Ending.HARMLESS if look.pairs == 32 else None

    once = run_pairs(machine(0.5, 0.05, 1), Plan(ends=ends))
    never = run_pairs(machine(0.5, 0.05, 1), Plan(ends=lambda _look, _blocks: None))

    assert ([16, 32], Ending.HARMLESS, 32) == (asked, once.ended, len(once.blocks))
    assert (Ending.LAST_LOOK, 80) == (never.ended, len(never.blocks))


def test_a_machine_that_slept_ends_the_trial() -> None:
    """
    An hour that nobody was awake in is over any budget: the trial ends undecided, before another pair.
    """
    clock = Clock()
    noisy = machine(0.97, 0.5, 2)

    def play(index: int, control_first: bool) -> Block:
        clock.at_s += 3600.0 if index == 4 else 1.0
        return noisy(index, control_first)

    played = run_pairs(play, Plan(budget_s=60.0, clock=clock))

    assert (Ending.TIME, 5, []) == (played.ended, len(played.blocks), played.looks)


@pytest.mark.parametrize(
    ("effect", "ended"), [(0.15, Ending.GAIN), (0.5, Ending.GAIN), (1.0, Ending.NOISE), (0.93, Ending.NOISE)]
)
def test_in_a_noisy_place_only_what_can_be_told_goes_on(effect: float, ended: Ending) -> None:
    """
    A large effect is told in any noise; a small one ends at the first look that does not promise it.
    """
    played = run_pairs(machine(effect, 0.6, 12), Plan(is_noisy=True, least_gain=0.05))

    assert ended == played.ended
    assert ended is Ending.GAIN or len(played.looks) < 5
