"""
The noise floor of a trial, and what follows from it.
"""

import msgspec
import pytest
from tests.verify.simulated import machine

from hasten.decide import decide
from hasten.model import Ending, Noise, Verdict
from hasten.verify import noise, noise_floor
from hasten.verify.recompute import again
from hasten.verify.sequence import Plan


@pytest.fixture(scope="module")
def known() -> Noise:
    """
    Of a quiet place.
    """
    found = noise.calibrate(machine(1.0, 0.05, 1), {"a": 1.0}, 1, "here")
    assert found is not None
    return found


def unplayed() -> Noise | None:
    """
    Fails the test that plays it.
    """
    raise AssertionError("it was played")


def test_what_holds_here_is_not_played_again(known: Noise) -> None:
    """
    The trial refers to it, without its blocks.
    """
    found = noise_floor.floor_of(Plan(calibrated=True, noise=known), "here", unplayed)

    assert msgspec.structs.replace(known, blocks=[]) == found


@pytest.mark.parametrize("changed", [{"conditions": "elsewhere"}, {"is_off": True}])
def test_what_does_not_hold_is_played(known: Noise, changed: dict[str, object]) -> None:
    """
    Under other conditions, or where equal arms were not equal.
    """
    earlier = msgspec.structs.replace(known, **changed)

    assert known == noise_floor.floor_of(Plan(calibrated=True, noise=earlier), "here", lambda: known)
    assert known == noise_floor.floor_of(Plan(calibrated=True), "here", lambda: known)


def test_it_can_be_left_out(known: Noise) -> None:
    """
    Then nothing is known, and nothing is refused.
    """
    plan = Plan(noise=known)
    found = noise_floor.floor_of(plan, "here", unplayed)

    assert (None, False, False) == (found, noise_floor.is_noisy(found, plan), noise_floor.is_hopeless(found, plan))


@pytest.mark.parametrize(("half_width", "says"), [(0.04, (False, False)), (0.1, (True, False)), (0.8, (True, True))])
def test_what_follows_is_between_a_trial_and_none(known: Noise, half_width: float, says: tuple[bool, bool]) -> None:
    """
    5 % can be told; only more than that; not even half of the time.
    """
    floor = msgspec.structs.replace(known, half_width=half_width)
    plan = Plan(least_gain=0.05)

    assert says == (noise_floor.is_noisy(floor, plan), noise_floor.is_hopeless(floor, plan))


def test_a_trial_that_is_not_begun_says_why(known: Noise) -> None:
    """
    It is undecided, names the pairs that it would take, and is the same when computed again.
    """
    floor = msgspec.structs.replace(known, half_width=0.8, blocks=[])
    trial = noise_floor.refused("a change", "split", Plan(least_gain=0.05), floor)
    decision = decide(trial)

    assert (Ending.NOISE, "split", floor) == (trial.ended, trial.arena, trial.noise)
    assert (Verdict.INCONCLUSIVE, "noise") == (decision.verdict, decision.rule)
    assert f"about {trial.needs_pairs} pairs" in decision.reason
    assert [] == again(trial).differs
