"""
How well can be judged here? Control against control says it, before anything is judged.

Two arms without any difference are played like a trial. Their spread gives the noise floor: how wide the interval of a
trial would still be at its last look. Where that is wider than the least gain, a trial goes on only as long as its
looks promise an effect that can be told here, for an index that saves nine tenths can be told in any noise. Where not
even half the time could be told, or where equal arms are not equal twice, no trial is begun.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

from hasten.model import PLANNED_PAIRS, Block, Noise
from hasten.verify.boundary import LEVEL, last_bound
from hasten.verify.looks import LEAST_PAIRS, totals_of
from hasten.verify.resampling import log_ratio
from hasten.verify.sequence import Play, Progress, orders
from hasten.verify.student import student_quantile, widening

#: The standard error of the spread of 24 pairs is 15 % of it: enough to tell 5 % from 15 %.
PAIRS = 24
#: Two equal arms differ by chance in one of a thousand trials.
OFF_PROBABILITY = 0.999


def assess(blocks: Sequence[Block], weights: Mapping[str, float], seed: int, conditions: str = "") -> Noise | None:
    """
    The noise in these pairs of equal arms; None where too few can be compared.
    """
    totals = totals_of(blocks, weights)
    pairs = totals.shape[1]
    if pairs < LEAST_PAIRS:
        return None
    ratio, error = (float(value) for value in log_ratio(totals[0], totals[1], seed))
    limit = student_quantile(1 - (1 - OFF_PROBABILITY) / 2, pairs - 1)
    return Noise(
        pairs=pairs,
        log_ratio=ratio,
        error=error,
        half_width=last_bound() * error * widening(PLANNED_PAIRS[-1]) * math.sqrt(pairs / PLANNED_PAIRS[-1]),
        is_off=abs(ratio) > limit * error,
        conditions=conditions,
        seed=seed,
        blocks=list(blocks),
        weights=dict(weights),
    )


def calibrate(
    play: Play, weights: Mapping[str, float], seed: int, conditions: str, progress: Progress = lambda _done, _what: None
) -> Noise | None:
    """
    Two equal arms were played, and once more where they were not equal.

    Args:
        play: Plays a pair of them.
    """
    found: Noise | None = None
    for attempt in range(2):
        blocks = []
        for index, control_first in enumerate(orders(PAIRS, seed + attempt)):
            progress(index / PAIRS, f"control against control, pair {index + 1} of {PAIRS}")
            blocks.append(play(index, control_first))
        found = assess(blocks, weights, seed + attempt, conditions)
        if found is None or not found.is_off:
            break
    return found


def can_tell(noise: Noise, least_gain: float, level: float = LEVEL) -> bool:
    """
    Whether a trial here can tell the least gain from none.
    """
    return not noise.is_off and half_width(noise, level) <= -math.log1p(-least_gain)


def is_hopeless(noise: Noise, level: float = LEVEL) -> bool:
    """
    Whether a trial here could not even tell that half of the time is saved.
    """
    return noise.is_off or half_width(noise, level) > math.log(2)


def half_width(noise: Noise, level: float = LEVEL) -> float:
    """
    What the interval has to either side at the last look, at this level.
    """
    return noise.half_width * last_bound(level) / last_bound()


def needed(noise: Noise, least_gain: float, level: float = LEVEL) -> int | None:
    """
    About how many pairs it would take here to tell the least gain; None where equal arms are not equal.
    """
    if noise.is_off or least_gain <= 0:
        return None
    return math.ceil(PLANNED_PAIRS[-1] * (half_width(noise, level) / math.log1p(-least_gain)) ** 2)


def holds(noise: Noise | None, conditions: str) -> bool:
    """
    Whether an earlier calibration still tells something: it was had under the same conditions, and was in order.
    """
    return noise is not None and noise.conditions == conditions and not noise.is_off


def without_blocks(noise: Noise) -> Noise:
    """
    The noise as a trial refers to it that did not play it: the blocks are in the ledger once.
    """
    return msgspec.structs.replace(noise, blocks=[])
