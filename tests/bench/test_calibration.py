"""
The judge of the calibration is the judge that ships.
"""

import msgspec
import numpy as np
import pytest
from bench.calibration import judges
from bench.calibration.judges import NEVER, Pace
from bench.calibration.machine import CELLS, PAIRS, Cell, simulated
from tests.verify.simulated import Clock, block

from hasten.model import Block, Ending
from hasten.verify.sequence import Plan, Played, run_pairs


def played(control: np.ndarray, candidate: np.ndarray, pace: Pace, least_gain: float) -> Played:
    """
    One trial, played by the driver that ships.
    """
    clock = Clock()

    def play(index: int, _control_first: bool) -> Block:
        clock.at_s += pace.pair_s
        made = block(index, float(control[index]), float(candidate[index]), pace.requests)
        return msgspec.structs.replace(made, seconds=pace.pair_s)

    return run_pairs(play, Plan(seed=1, least_gain=least_gain, budget_s=1e9, clock=clock))


@pytest.mark.parametrize("pace", [Pace(10.0, 100), Pace(3.0, 30)])
@pytest.mark.parametrize("effect", [0.85, 0.96, 1.0, 1.1])
def test_many_trials_at_once_end_as_each_by_itself(pace: Pace, effect: float) -> None:
    """
    Restless machines, all kinds of endings: the same ending after the same number of pairs.
    """
    random = np.random.default_rng(8)
    control, candidate = random.lognormal(0, 0.25, (2, 12, PAIRS))
    # Some go bad in the middle, so that the criterion of the last minute has something to say.
    candidate[::3, 30:] *= 1.4
    candidate *= effect
    together = judges.judged(control, candidate, pace, least_gain=0.05)
    apart = [played(*arms, pace, 0.05) for arms in zip(control, candidate, strict=True)]

    assert [(each.ended, len(each.blocks)) for each in apart] == list(
        zip(together.ended, together.pairs.tolist(), strict=True)
    )


def test_all_endings_come_about() -> None:
    """
    The comparison above sees gains, harm, no hope and trials that go to the last look.
    """
    random = np.random.default_rng(8)
    found: set[Ending] = set()
    for effect, noise in ((0.8, 0.1), (1.3, 0.1), (1.0, 0.02), (0.97, 0.5)):
        control, candidate = random.lognormal(0, noise, (2, 6, PAIRS))
        found |= set(judges.judged(control, effect * candidate, Pace(3.0, 30), least_gain=0.05).ended)

    assert {Ending.GAIN, Ending.HARM, Ending.FUTILE, Ending.LAST_LOOK} == found


def test_a_cell_is_the_same_for_the_same_seed() -> None:
    """
    The simulation can be repeated to the last digit, and another seed is another sample.
    """
    one, again, other = (simulated(CELLS[0], 3, seed) for seed in (5, 5, 6))

    assert np.array_equal(one.blocks[0], again.blocks[0])
    assert not np.array_equal(one.blocks[0], other.blocks[0])


def test_a_restless_machine_is_restless() -> None:
    """
    More drift spreads the means of blocks; both arms of a split share it.
    """
    calm, restless = (simulated(Cell(deviation, 30), 40, 1) for deviation in (0.05, 0.30))
    spread = [float(np.log(each.blocks[1] / each.blocks[0]).std()) for each in (calm, restless)]
    split = [float(np.log(each.split[1] / each.split[0]).std()) for each in (calm, restless)]

    assert spread[1] > 1.4 * spread[0]
    assert pytest.approx(split[0], rel=0.1) == split[1]


def test_the_judges_of_others_do_what_they_say() -> None:
    """
    Ten percent less p95 is kept; Welch wants significance, and with the bar a gain of a fifth.
    """
    flat = np.tile(1 + np.arange(80) % 5 / 50, (1, 1))

    assert judges.before_after((np.array([1.0]), np.array([0.9])), 1.0)[0]
    assert not judges.before_after((np.array([1.0]), np.array([0.91])), 1.0)[0]
    assert judges.welch((flat, flat), 0.9)[0]
    assert not judges.welch((flat, flat), 1.0)[0]
    assert not judges.welch((flat, flat), 0.9, least_gain=0.2)[0]


def test_nothing_bad_never_alarms() -> None:
    """
    A candidate that is always faster is never called harmful.
    """
    control = np.random.default_rng(1).lognormal(0, 0.1, (4, PAIRS))

    assert [NEVER] * 4 == judges.alarms(control, 0.9 * control, Pace(3.0, 30)).tolist()
