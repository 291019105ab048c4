"""
Control against control: what a place can tell.
"""

import math

import msgspec
import pytest
from tests.verify.simulated import block, machine

from hasten.model import Block, Noise
from hasten.verify import noise
from hasten.verify.boundary import last_bound


def noise_of(deviation: float, effect: float = 1.0, seed: int = 1) -> Noise:
    """
    The noise of a place with this deviation per arm and pair.
    """
    found = noise.calibrate(machine(effect, deviation, seed), {"a": 1.0}, 1, "here")
    assert found is not None
    return found


def test_a_quiet_place_can_tell_and_a_noisy_one_cannot() -> None:
    """
    The projected interval decides: 5 % of noise can tell a gain of 5 %, 60 % cannot.
    """
    assert [True, False] == [noise.can_tell(noise_of(deviation), 0.05) for deviation in (0.05, 0.6)]


def test_only_where_halving_cannot_be_told_no_trial_is_begun() -> None:
    """
    60 % of noise per arm leaves large effects to be told, 250 % nothing.
    """
    assert [False, True] == [noise.is_hopeless(noise_of(deviation)) for deviation in (0.6, 2.5)]


def test_the_pairs_needed_would_do() -> None:
    """
    With as many pairs as are said to be needed, the interval is as wide as the least gain.
    """
    found = noise_of(0.6)
    pairs = noise.needed(found, 0.05)

    assert pairs is not None
    assert pytest.approx(-math.log(0.95), rel=0.03) == last_bound() * found.error * math.sqrt(found.pairs / pairs)


def test_a_stricter_level_can_tell_less() -> None:
    """
    The half width grows with the bound of the level.
    """
    found = noise_of(0.1)

    assert noise.half_width(found, 0.001) > noise.half_width(found) == found.half_width


def test_equal_arms_that_differ_are_played_twice_and_then_refused() -> None:
    """
    A difference of 20 % between equal arms is no accident when it comes again.
    """
    played = []
    unequal = machine(1.2, 0.02, 1)

    def play(index: int, control_first: bool) -> Block:
        played.append(index)
        return unequal(index, control_first)

    found = noise.calibrate(play, {}, 1, "here")

    assert found is not None
    assert (2 * noise.PAIRS, True) == (len(played), found.is_off)
    assert not noise.can_tell(found, 0.5)
    assert noise.needed(found, 0.5) is None


def test_an_accident_is_forgiven() -> None:
    """
    Off once and in order the second time: the second one counts.
    """
    played = []

    def play(index: int, control_first: bool) -> Block:
        played.append(index)
        return machine(1.2 if len(played) <= noise.PAIRS else 1.0, 0.02, len(played))(index, control_first)

    found = noise.calibrate(play, {}, 1, "here")

    assert found is not None
    assert not found.is_off


def test_equal_arms_are_rarely_off() -> None:
    """
    Of a hundred quiet places none is refused for being off twice.
    """
    assert not any(noise_of(0.1, seed=seed).is_off for seed in range(100))


def test_nothing_to_compare_is_no_noise_floor() -> None:
    """
    Without common answers the noise is not known, rather than 0.
    """
    assert noise.calibrate(lambda index, _first: block(index, 0.0, 0.0), {}, 1, "here") is None


def test_it_holds_while_conditions_do() -> None:
    """
    Another place, another floor; one that was off holds nowhere.
    """
    found = noise_of(0.05)
    off = msgspec.structs.replace(found, is_off=True)

    assert [True, False, False, False] == [
        noise.holds(found, "here"), noise.holds(found, "there"), noise.holds(off, "here"), noise.holds(None, "here")
    ]  # fmt: skip


def test_a_reference_has_no_blocks() -> None:
    """
    The blocks are in the ledger once.
    """
    assert [] == noise.without_blocks(noise_of(0.05)).blocks
