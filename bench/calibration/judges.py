"""
The judge over thousands of trials at once, and those that others use.

The judge is the shipped one: the kernel, the bounds, the rule of when a look ends a trial and the widths of the harm
bound are imported; only the order of loops is another. tests/bench/test_calibration.py runs both on the same trials.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hasten.model import PLANNED_PAIRS, Ending, Look
from hasten.verify import harm
from hasten.verify.boundary import bound
from hasten.verify.looks import LEAST_PAIRS, ending
from hasten.verify.resampling import log_ratio
from hasten.verify.student import student_quantile, widening

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

NEVER = 10**6


@dataclass(frozen=True)
class Pace:
    """
    How long a pair takes, and how many requests each arm answers in it.
    """

    pair_s: float
    requests: int


@dataclass(frozen=True)
class Judged:
    """
    How each trial ended, and after how many pairs; `alarm_at`: the pair at which harm was shown, or NEVER.
    """

    ended: list[Ending]
    pairs: Counts
    alarm_at: Counts

    @property
    def kept(self) -> Flags:
        """
        Which trials ended with a gain.
        """
        return np.array([each is Ending.GAIN for each in self.ended])


def judged(control: Array, candidate: Array, pace: Pace, *, least_gain: float, seed: int = 1) -> Judged:
    """
    Every row is a trial of as many pairs as the last look has, and is judged as hasten.verify.sequence judges it.
    """
    runs = len(control)
    alarm_at = alarms(control, candidate, pace)
    ended: list[Ending | None] = [None] * runs
    pairs = np.full(runs, PLANNED_PAIRS[-1])
    for planned in PLANNED_PAIRS:
        going = [row for row in range(runs) if ended[row] is None]
        for row in [row for row in going if alarm_at[row] <= planned]:
            ended[row], pairs[row] = Ending.HARM, alarm_at[row]
        going = [row for row in going if ended[row] is None]
        ratio, error = log_ratio(control[going, :planned], candidate[going, :planned], seed)
        z, error = bound(planned), error * widening(planned)
        low, high = np.exp(ratio - z * error), np.exp(ratio + z * error)
        for place, row in enumerate(going):
            look = Look(
                pairs=planned,
                log_ratio=float(ratio[place]),
                error=float(error[place]),
                z=z,
                low=float(low[place]),
                high=float(high[place]),
            )
            ended[row] = ending(look, least_gain)
            pairs[row] = planned
    return Judged([each or Ending.LAST_LOOK for each in ended], pairs, alarm_at)


def alarms(control: Array, candidate: Array, pace: Pace) -> Counts:
    """
    The pair at which each trial is first shown to be harmful, or NEVER.
    """
    logs = np.log(candidate / control)
    count = np.arange(1, logs.shape[1] + 1)
    mean, deviation = _running(logs, count)
    widths = np.array([harm.width(int(pairs)) for pairs in count])
    shown = (mean - deviation * widths > 0) & (count >= LEAST_PAIRS)
    shown |= _lately(control, candidate, logs, pace)
    return np.where(shown.any(axis=1), shown.argmax(axis=1) + 1, NEVER)


def _lately(control: Array, candidate: Array, logs: Array, pace: Pace) -> Flags:
    window = round(harm.WINDOW_S / pace.pair_s)
    seen = np.arange(1, logs.shape[1] + 1)
    count = np.minimum(seen, window)
    mean = _windowed(logs, window) / count
    ratio = _windowed(candidate, window) / _windowed(control, window)
    quantiles = np.array([student_quantile(harm.WINDOW_PROBABILITY, max(int(pairs) - 1, 1)) for pairs in seen])
    above = mean - quantiles * _running(logs, seen)[1] / np.sqrt(count) > 0
    enough = (count * pace.requests >= harm.WINDOW_REQUESTS) & (count >= harm.WINDOW_PAIRS) & (seen >= LEAST_PAIRS)
    return (ratio > harm.WORSE_RATIO) & above & enough


def _running(logs: Array, count: Counts) -> tuple[Array, Array]:
    mean = np.cumsum(logs, axis=1) / count
    squares = np.cumsum(logs**2, axis=1) - count * mean**2
    return mean, np.sqrt(np.maximum(squares, 0) / np.maximum(count - 1, 1))


def _windowed(values: Array, window: int) -> Array:
    sums = np.cumsum(values, axis=1)
    if window < values.shape[1]:
        sums[:, window:] -= sums[:, :-window].copy()
    return sums


#: Two-sided 5 % with at least 79 degrees of freedom.
WELCH_T = 1.990


def before_after(p95: tuple[Array, Array], effect: float) -> Flags:
    """
    Kept because the p95 of the second half is at least 10 % lower.
    """
    return effect * p95[1] / p95[0] <= 0.90


def welch(halves: tuple[Array, Array], effect: float, least_gain: float = 0.0) -> Flags:
    """
    Kept because Welch's t-test on the means of blocks says so, and the gain is large enough.
    """
    before, after = halves[0], effect * halves[1]
    error = np.sqrt(sum(each.var(axis=1, ddof=1) / each.shape[1] for each in (before, after)))
    gain = before.mean(axis=1) - after.mean(axis=1)
    return (gain / error > WELCH_T) & (gain >= least_gain * before.mean(axis=1))


#: Where a peeker begins to look, and the one-sided 2.5 % that he believes in.
PEEKING_FROM = 8
PEEKING_Z = 1.96


def peeking(control: Array, candidate: Array) -> Flags:
    """
    Kept because after some pair, looked at one by one, a plain 95 % interval excludes no gain.
    """
    logs = np.log(candidate / control)
    count = np.arange(1, logs.shape[1] + 1)
    mean, deviation = _running(logs, count)
    shown = (mean + PEEKING_Z * deviation / np.sqrt(count) < 0) & (count >= PEEKING_FROM)
    return np.asarray(shown.any(axis=1))
