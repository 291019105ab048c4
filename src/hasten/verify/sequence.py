"""
The driver that every kind of trial shares: pair after pair in random order, until a planned look is conclusive.

It does not know what a pair is. A round of statements on two clones, a block of requests to two arms and a minute on
two instances all come as a Block.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

import msgspec

from hasten.model import PLANNED_PAIRS, Block, Ending, Guard, Look, Noise
from hasten.verify import harm
from hasten.verify.boundary import LEVEL
from hasten.verify.looks import ending, look_at, pairs_needed, totals_of

#: Plays pair number `index`; says by its second argument whether control comes first.
Play = Callable[[int, bool], Block]
Progress = Callable[[float, str], None]

#: A trial that has not even had its first look goes on for so many times its budget.
STRETCH = 3.0


@dataclass(frozen=True)
class Plan:
    """
    How a trial is run; all of it is fixed before the first pair.

    Args:
        weights: Calls of each statement or route; 1 for what is not named.
        least_gain: The share of time that must be saved; a trial that can no longer show it ends.
        level: One-sided, as granted by verify.discovery.
        is_noisy: Whether this place cannot tell the least gain (verify.noise); a trial then ends at the first look that
            does not promise an effect that can be told.
        calibrated: Whether control against control comes first, where that is not a part of its own.
        noise: What an earlier one said; it is played again where that does not hold here.
        budget_s: Beyond it no pair is begun, once the first look was had.
        harm_alpha: How readily the watch between the looks believes in harm; in a copy nobody is hurt by going on.
            0: it does not look for a slower mean at all, only for a fifth more and for errors.
        ends: Says at each look whether it is conclusive, where that is not a question of `least_gain`.
        clock: Seconds that never go back.
    """

    seed: int = 1
    weights: Mapping[str, float] = field(default_factory=dict)
    least_gain: float = 0.05
    level: float = LEVEL
    most_pairs: int = PLANNED_PAIRS[-1]
    is_noisy: bool = False
    calibrated: bool = False
    noise: Noise | None = None
    budget_s: float = 600.0
    harm_alpha: float = harm.ALPHA
    ends: Callable[[Look, Sequence[Block]], Ending | None] | None = None
    clock: Callable[[], float] = monotonic


@dataclass(frozen=True)
class Played:
    """
    What the pairs brought home. `harm` is the guard that watched all the time; it is False where harm was shown.
    """

    blocks: list[Block]
    looks: list[Look]
    ended: Ending
    harm: Guard
    seconds: float


def run_pairs(play: Play, plan: Plan, progress: Progress = lambda _done, _what: None) -> Played:
    """
    Pairs were played until a look was conclusive, harm was shown, or nothing more could be had.

    Only planned looks can end a trial as a gain, so watching it costs nothing.
    """
    playing = _Playing(plan)
    for index, control_first in enumerate(orders(plan.most_pairs, plan.seed)):
        progress(index / plan.most_pairs, f"pair {index + 1}, {_next_look(index)}")
        at_s = plan.clock() - playing.start
        block = play(index, control_first)
        took_s = plan.clock() - playing.start - at_s
        playing.add(msgspec.structs.replace(block, at_s=at_s, seconds=block.seconds or took_s))
        ended = playing.ended()
        if ended:
            return playing.result(ended)
    return playing.result(Ending.LAST_LOOK if playing.looks else Ending.NO_DATA)


def orders(count: int, seed: int) -> list[bool]:
    """
    For each pair, whether control comes first: equally often (to one) first and second up to every planned look.
    """
    found: list[bool] = []
    shuffled = random.Random(f"orders:{seed}")  # noqa: S311
    while len(found) < count:
        part = [place % 2 == 0 for place in range(min(PLANNED_PAIRS[0], count - len(found)))]
        shuffled.shuffle(part)
        found += part
    return found


class _Playing:
    """
    A trial that is under way.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.start = plan.clock()
        self.blocks: list[Block] = []
        self.looks: list[Look] = []
        self._watch = harm.Watch(plan.weights, plan.harm_alpha)
        self._usable = 0

    def add(self, block: Block) -> None:
        self.blocks.append(block)
        self._watch.add(block)
        self._usable += totals_of([block], self.plan.weights).shape[1]

    def ended(self) -> Ending | None:
        if self._watch.shown:
            return Ending.HARM
        if self._usable in PLANNED_PAIRS and self._usable > len(self.looks) * PLANNED_PAIRS[0]:
            totals = totals_of(self.blocks, self.plan.weights)
            self.looks.append(look_at(totals, self.plan.seed, self.plan.level))
            found = self._ending(self.looks[-1])
            if found or (self.plan.is_noisy and not self._promises()):
                return found or Ending.NOISE
        if len(self.blocks) >= PLANNED_PAIRS[0] and not self._usable:
            return Ending.NO_DATA
        spent_s = self.plan.clock() - self.start
        limit_s = self.plan.budget_s * (1.0 if self.looks else STRETCH)
        return Ending.TIME if spent_s > limit_s else None

    def _ending(self, look: Look) -> Ending | None:
        if self.plan.ends is None:
            return ending(look, self.plan.least_gain)
        found = self.plan.ends(look, self.blocks)
        return found or (Ending.LAST_LOOK if look.pairs >= PLANNED_PAIRS[-1] else None)

    def _promises(self) -> bool:
        look = self.looks[-1]
        needed = pairs_needed(look.log_ratio, look.error, look.pairs, self.plan.level)
        return needed is not None and needed <= PLANNED_PAIRS[-1]

    def result(self, ended: Ending) -> Played:
        seconds = self.plan.clock() - self.start
        return Played(self.blocks, self.looks, ended, self._watch.guard(), seconds)


def _next_look(index: int) -> str:
    planned = next(pairs for pairs in PLANNED_PAIRS if pairs > index)
    return f"look at {planned}"
