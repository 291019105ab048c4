"""
A verdict computed again from the ledger's trial alone, and what became different.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from hasten.model import Effect, Look, Noise, Trial
from hasten.verify.judging import judged
from hasten.verify.noise import assess

#: Sums may differ in their last digits between processors.
CLOSE = 1e-7


@dataclass(frozen=True)
class Again:
    """
    The trial as its blocks have it, and the parts in which the record says something else.
    """

    trial: Trial
    differs: list[str]


def again(recorded: Trial) -> Again:
    """
    The recorded trial, judged once more: nothing of looks, effects and computable guards is taken from the record.

    Guards that compare answers are taken as recorded, as their material is not in the ledger.
    """
    blank = msgspec.structs.replace(recorded, looks=[], effect=None, effects=[], needs_pairs=recorded.needs_pairs)
    found = judged(blank)
    differs = []
    if not _same_looks(recorded.looks, found.looks):
        differs.append("looks")
    if not _same_effects([recorded.effect], [found.effect]):
        differs.append("effect")
    if not _same_effects(recorded.effects, found.effects):
        differs.append("effects")
    if not _same_noise(recorded.noise):
        differs.append("noise")
    held = {guard.name: guard.ok for guard in found.guards}
    differs += [f"guard:{guard.name}" for guard in recorded.guards if guard.ok != held.get(guard.name)]
    return Again(found, differs)


def _same_noise(recorded: Noise | None) -> bool:
    # Without blocks it was played for an earlier trial and is checked there.
    if recorded is None or not recorded.blocks:
        return True
    found = assess(recorded.blocks, recorded.weights, recorded.seed)
    return (
        found is not None
        and (found.pairs, found.is_off) == (recorded.pairs, recorded.is_off)
        and _close((found.error, found.half_width), (recorded.error, recorded.half_width))
    )


def _same_looks(recorded: Sequence[Look], found: Sequence[Look]) -> bool:
    if [look.pairs for look in recorded] != [look.pairs for look in found]:
        return False
    return all(_close(_numbers(one), _numbers(two)) for one, two in zip(recorded, found, strict=True))


def _numbers(look: Look) -> tuple[float, ...]:
    return (look.log_ratio, look.error, look.z, look.low, look.high)


def _same_effects(recorded: Sequence[Effect | None], found: Sequence[Effect | None]) -> bool:
    if len(recorded) != len(found):
        return False
    return all(
        one == two
        or (
            one is not None
            and two is not None
            and (one.metric, one.where, one.pairs) == (two.metric, two.where, two.pairs)
            and _close((one.ratio, one.low, one.high), (two.ratio, two.low, two.high))
        )
        for one, two in zip(recorded, found, strict=True)
    )


def _close(one: Sequence[float], two: Sequence[float]) -> bool:
    return all(math.isclose(x, y, rel_tol=CLOSE, abs_tol=CLOSE) for x, y in zip(one, two, strict=True))
