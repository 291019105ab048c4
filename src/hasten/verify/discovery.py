"""
The false-discovery budget of a run: how strict the next trial must be, given how those before it ended.

Ten ideas at a level of 2.5 % each keep one of nothing in every fifth run. LORD++ (Ramdas, Yang, Wainwright and Jordan
2017) grants each trial a level from a budget that every kept change refills, so that of all that is kept in a run at
most 5 % are expected to do nothing. A run of duds makes the judge stricter, not mute: the bounds of the planned looks
are those of the level granted (verify.boundary).
"""

from collections.abc import Sequence

from hasten.verify.boundary import LEVEL

#: At most this share of what is kept does nothing, in expectation.
BUDGET = 0.05
#: What there is to spend before anything was kept.
INITIAL = BUDGET / 2
#: The level falls with this power of the number of trials since; it must be above 1, and a slow fall forgives duds.
POWER = 1.6
#: The Riemann zeta function at POWER, so that the shares add up to 1.
_ZETA = 2.2857656


def granted(kept: Sequence[bool]) -> float:
    """
    The one-sided level of the next trial, at most that of a single one.

    Args:
        kept: For each trial before it in this run, whether it ended in KEEP.
    """
    number = len(kept) + 1
    level = INITIAL * _share(number)
    discoveries = [place + 1 for place, is_kept in enumerate(kept) if is_kept]
    for order, place in enumerate(discoveries):
        earned = BUDGET - INITIAL if order == 0 else BUDGET
        level += earned * _share(number - place)
    return min(level, LEVEL)


def _share(trials: int) -> float:
    return float(trials**-POWER / _ZETA)
