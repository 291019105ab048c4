"""
The planned looks at a trial, from its blocks alone: same blocks, weights, seed and level, same looks.

Only a look can keep a change. Whoever looks after every pair and stops when it is good keeps nothing far more often
than he thinks, so between the looks nothing but harm is watched for (verify.harm).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from hasten.model import PLANNED_PAIRS, Block, Ending, Look
from hasten.verify.boundary import LEVEL, bound
from hasten.verify.resampling import Array, log_ratio
from hasten.verify.student import widening

#: Fewer pairs have no standard error worth the name.
LEAST_PAIRS = 6
#: An effect of less than 0.1 % is none that anybody would wait for.
LEAST_LOG = 0.001
#: Sums differ in the last digits between processors; a verdict must not.
DIGITS = 10


def totals_of(blocks: Sequence[Block], weights: Mapping[str, float]) -> Array:
    """
    Weighted seconds of each usable pair, control in the first row and candidate in the second.

    A pair is compared over what both of its arms have; without anything in common, or any time, it is left out.
    """
    found = []
    for block in blocks:
        names = sorted(block.control.keys() & block.candidate.keys())
        pair = tuple(
            math.fsum(weights.get(name, 1.0) * arm[name] for name in names) for arm in (block.control, block.candidate)
        )
        if all(math.isfinite(total) and total > 0 for total in pair):
            found.append(pair)
    return np.array(found, dtype=np.float64).reshape(-1, 2).T


def looks_of(blocks: Sequence[Block], weights: Mapping[str, float], seed: int, level: float = LEVEL) -> list[Look]:
    """
    Every planned look that the usable pairs allow, first to last.
    """
    totals = totals_of(blocks, weights)
    found = []
    for pairs in PLANNED_PAIRS:
        if pairs <= totals.shape[1]:
            found += [look_at(totals[:, :pairs], seed, level)]
    return found


def look_at(totals: Array, seed: int, level: float = LEVEL) -> Look:
    """
    What these totals say, with the interval that holds at every look together (Jennison and Turnbull 1989).
    """
    pairs = totals.shape[1]
    ratio, error = (float(value) for value in log_ratio(totals[0], totals[1], seed))
    ratio, error = _rounded(ratio), _rounded(error * widening(pairs))
    z = bound(pairs, level)
    low, high = _rounded(math.exp(ratio - z * error)), _rounded(math.exp(min(ratio + z * error, 700.0)))
    return Look(pairs=pairs, log_ratio=ratio, error=error, z=z, low=low, high=high)


def ending(look: Look, least_gain: float) -> Ending | None:
    """
    Why this look is conclusive, or None while it is not.

    It shows harm, or enough of a gain, or that even the optimistic end of the interval is too little of one.
    """
    if look.low > 1:
        return Ending.HARM
    if look.high < 1 and math.exp(look.log_ratio) <= 1 - least_gain:
        return Ending.GAIN
    if look.low > 1 - least_gain:
        return Ending.FUTILE
    if look.pairs >= PLANNED_PAIRS[-1]:
        return Ending.LAST_LOOK
    return None


def pairs_needed(log_ratio: float, error: float, pairs: int, level: float = LEVEL) -> int | None:
    """
    About how many pairs it would take to show this effect with this noise; None where there is none to show.

    Within the plan it is the number of the next planned look.
    """
    if not LEAST_LOG <= abs(log_ratio) < math.inf:
        return None
    last = bound(PLANNED_PAIRS[-1], level)
    # With n pairs the error is error × sqrt(pairs / n), and until the last look z is last × sqrt(80 / n).
    within = last * error * math.sqrt(pairs * PLANNED_PAIRS[-1]) / abs(log_ratio)
    for planned in PLANNED_PAIRS:
        if within <= planned:
            return planned
    return math.ceil(pairs * (last * error / log_ratio) ** 2)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
