"""
Is the candidate harmful? Asked after every pair, with a bound that stays valid however often it is asked.

Three reasons to go back at once:

- an always-valid lower bound of the mean log ratio is above 0. With S the sum of n log ratios in units of their
  deviation, exp(λS - λ²n/2) is a martingale while there is no effect, so it ever passes 1/α with a chance of α at most
  (Ville 1939): a line that S crosses, as in Darling and Robbins (1967) and Howard, Ramdas, McAuliffe and Sekhon
  (2020). Within the 80 pairs of a trial it is closer to S than a mixture of lines, which also holds for ever after;
- over the last minute, with at least 400 requests per arm, the candidate is more than 20 % slower, and the one-sided
  95 % bound is above 0 as well, for all minutes of a trial together. The bare 20 % would alarm in 58 to 74 % of trials
  of nothing, and with a bound for one minute only still in 22 % where the machine is restless;
- its share of errors is 5 points higher, with at least 20 errors.

Each pair costs the same few operations, however many came before it.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hasten.model import PLANNED_PAIRS, Block, Guard
from hasten.verify.looks import LEAST_PAIRS, totals_of
from hasten.verify.student import student_quantile

#: Going back is cheap, so harm is believed sooner than gain. This is for a known deviation; that it is estimated from
#: few pairs adds two to three points, and `make bench NAME=calibration` prints what alarms in all.
ALPHA = 0.06
#: The line is closest after so many pairs, which are one to three minutes of requests.
CLOSEST_PAIRS = 16
WINDOW_S = 60.0
WINDOW_REQUESTS = 400
WORSE_RATIO = 1.20
WINDOW_PAIRS = 3
#: One-sided 5 %, shared among all the pairs after which the last minute is looked at.
WINDOW_PROBABILITY = 1 - 0.05 / PLANNED_PAIRS[-1]
ERROR_POINTS = 0.05
LEAST_ERRORS = 20


def width(pairs: int, alpha: float = ALPHA) -> float:
    """
    How many standard deviations of a pair the lower bound is below the mean after so many pairs.
    """
    rarity = -math.log(alpha)
    slope = math.sqrt(2 * rarity / CLOSEST_PAIRS)
    return rarity / (slope * pairs) + slope / 2


@dataclass
class _Sums:
    """
    Running sums of log ratios, totals, requests and errors; what leaves the window is subtracted again.
    """

    pairs: int = 0
    logs: float = 0.0
    squares: float = 0.0
    totals: list[float] = field(default_factory=lambda: [0.0, 0.0])
    requests: list[int] = field(default_factory=lambda: [0, 0])
    errors: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, seen: "_Seen", sign: int = 1) -> None:
        if seen.totals:
            ratio = math.log(seen.totals[1] / seen.totals[0])
            self.pairs += sign
            self.logs += sign * ratio
            self.squares += sign * ratio * ratio
        for arm in (0, 1):
            self.totals[arm] += sign * (seen.totals[arm] if seen.totals else 0.0)
            self.requests[arm] += sign * seen.requests[arm]
            self.errors[arm] += sign * seen.errors[arm]

    @property
    def mean(self) -> float:
        return self.logs / self.pairs

    @property
    def deviation(self) -> float:
        return math.sqrt(max(self.squares - self.logs**2 / self.pairs, 0.0) / (self.pairs - 1))

    def error_points(self) -> float | None:
        """
        How much larger the candidate's share of errors is; None without enough of them.
        """
        attempts = [self.requests[arm] + self.errors[arm] for arm in (0, 1)]
        if self.errors[1] < LEAST_ERRORS or min(attempts) == 0 or max(self.requests) == 0:
            return None
        return self.errors[1] / attempts[1] - self.errors[0] / attempts[0]


@dataclass(frozen=True)
class _Seen:
    """
    What counts of one block. `totals` is None where its arms have nothing in common.
    """

    end_s: float
    totals: tuple[float, float] | None
    requests: tuple[int, int]
    errors: tuple[int, int]

    @classmethod
    def of(cls, block: Block, weights: Mapping[str, float]) -> "_Seen":
        found = totals_of([block], weights)
        return cls(
            end_s=block.at_s + block.seconds,
            totals=(float(found[0, 0]), float(found[1, 0])) if found.shape[1] else None,
            requests=(_count(block.control_samples), _count(block.candidate_samples)),
            errors=(block.control_errors, block.candidate_errors),
        )


class Watch:
    """
    Harm, watched block by block. `shown` says why to go back, or is empty.
    """

    def __init__(self, weights: Mapping[str, float], alpha: float = ALPHA) -> None:
        self._weights = weights
        self._alpha = alpha
        self._all = _Sums()
        self._window = _Sums()
        self._recent: deque[_Seen] = deque()
        self._bound: float | None = None
        self.shown = ""

    def add(self, block: Block) -> str:
        """
        The block is taken into account; returns `shown`.
        """
        seen = _Seen.of(block, self._weights)
        self._all.add(seen)
        self._window.add(seen)
        self._recent.append(seen)
        while self._recent[0].end_s <= seen.end_s - WINDOW_S:
            self._window.add(self._recent.popleft(), -1)
        if not self.shown:
            self.shown = self._always() or self._lately() or self._failing()
        return self.shown

    def guard(self) -> Guard:
        """
        What the watch has to say at the end; None where nothing could be compared.
        """
        ratio = None if self._bound is None else math.exp(self._bound)
        if self.shown:
            return Guard(name="harm", ok=False, detail=self.shown, value=ratio, limit=1.0)
        if not self._all.pairs:
            return Guard(name="harm", ok=None, detail="no pair could be compared", limit=1.0)
        return Guard(name="harm", ok=True, detail="at no time was the change shown to harm", value=ratio, limit=1.0)

    def _always(self) -> str:
        if self._all.pairs < LEAST_PAIRS or not self._alpha:
            return ""
        self._bound = self._all.mean - self._all.deviation * width(self._all.pairs, self._alpha)
        if self._bound <= 0:
            return ""
        return (
            f"after {self._all.pairs} pairs shown to be slower: × {math.exp(self._all.mean):.3g}, "
            f"at least × {math.exp(self._bound):.3g}"
        )

    def _lately(self) -> str:
        window = self._window
        if min(window.requests) < WINDOW_REQUESTS or window.pairs < WINDOW_PAIRS or self._all.pairs < LEAST_PAIRS:
            return ""
        ratio = window.totals[1] / window.totals[0]
        quantile = student_quantile(WINDOW_PROBABILITY, self._all.pairs - 1)
        # The spread of pairs is known better from all of them than from those of a minute.
        below = quantile * self._all.deviation / math.sqrt(window.pairs)
        if ratio <= WORSE_RATIO or window.mean - below <= 0:
            return ""
        return f"over the last {WINDOW_S:.0f} s {(ratio - 1) * 100:.3g} % slower, in {window.requests[1]} requests"

    def _failing(self) -> str:
        for sums, when in ((self._window, f"over the last {WINDOW_S:.0f} s"), (self._all, "in all")):
            points = sums.error_points()
            if points is not None and points >= ERROR_POINTS:
                return f"{when} {points * 100:.3g} points more errors ({sums.errors[1]} of them)"
        return ""


def harm_of(blocks: Sequence[Block], weights: Mapping[str, float], alpha: float = ALPHA) -> Guard:
    """
    What a watch over these blocks says: the same as it said while they were played.
    """
    watch = Watch(weights, alpha)
    for block in blocks:
        watch.add(block)
    return watch.guard()


def _count(samples: Mapping[str, Sequence[float]]) -> int:
    return sum(len(each) for each in samples.values())
