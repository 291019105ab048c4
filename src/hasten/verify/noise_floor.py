"""
The noise floor of a trial, whatever its arena: played first or known from an earlier trial, and what follows from it.
"""

from collections.abc import Callable

from hasten.model import Ending, Grade, Noise, Trial
from hasten.verify import noise
from hasten.verify.sequence import Plan


def floor_of(plan: Plan, conditions: str, play: Callable[[], Noise | None]) -> Noise | None:
    """
    What control against control says under these conditions; None where it is not wanted, or cannot be had.

    Args:
        play: Plays it; not called where the plan's noise holds here.
    """
    if not plan.calibrated:
        return None
    if plan.noise is not None and noise.holds(plan.noise, conditions):
        return noise.without_blocks(plan.noise)
    return play()


def is_hopeless(floor: Noise | None, plan: Plan) -> bool:
    """
    Whether no trial is begun here.
    """
    return floor is not None and noise.is_hopeless(floor, plan.level)


def is_noisy(floor: Noise | None, plan: Plan) -> bool:
    """
    Whether a trial here goes on only as long as its looks promise an effect that can be told.
    """
    return floor is not None and not noise.can_tell(floor, plan.least_gain, plan.level)


def refused(change: str, arena: str, plan: Plan, floor: Noise | None, grade: Grade = Grade.A) -> Trial:
    """
    A trial that was not begun, because this place cannot tell; it says how many pairs would be needed.
    """
    return Trial(
        change=change,
        grade=grade,
        arena=arena,
        seed=plan.seed,
        blocks=[],
        effect=None,
        noise=floor,
        least_gain=plan.least_gain,
        level=plan.level,
        ended=Ending.NOISE,
        needs_pairs=noise.needed(floor, plan.least_gain, plan.level) if floor else None,
    )
