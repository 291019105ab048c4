"""
The one kernel of all intervals: the log ratio of two totals over pairs, and its bootstrap standard error.

It takes one trial or thousands at once (pairs are the last axis), so that the simulation that calibrates the judge
runs what the judge runs. Resampling is over pairs, as both arms of a pair share what the machine did meanwhile.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: The standard error itself is then known to 1.6 %: 1 / sqrt(2 × 2000).
RESAMPLES = 2000


def log_ratio(control: Array, candidate: Array, seed: int) -> tuple[Array, Array]:
    """
    The log of sum(candidate) / sum(control) over the last axis, and its standard error.

    All totals are positive, and there are at least two pairs. A bootstrap over n pairs is too narrow by
    sqrt((n - 1) / n), which is made good here (Hesterberg 2015, section 3.3).
    """
    pairs = control.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(candidate.sum(axis=-1)) - np.log(control.sum(axis=-1))
        counts = _counts(pairs, seed % 2**32)
        resampled = np.log(candidate @ counts) - np.log(control @ counts)
    error: Array = resampled.std(axis=-1, ddof=1) * math.sqrt(pairs / (pairs - 1))
    return ratio, error


@lru_cache(maxsize=8)
def _counts(pairs: int, seed: int) -> Array:
    """
    How often each pair is in each resample, one resample per column.
    """
    # RandomState, because its stream is frozen for all time: a verdict must be recomputable years later.
    picks = np.random.RandomState(seed).randint(0, pairs, size=(RESAMPLES, pairs))
    places = picks + pairs * np.arange(RESAMPLES)[:, None]
    counts = np.bincount(places.ravel(), minlength=RESAMPLES * pairs).reshape(RESAMPLES, pairs)
    return np.ascontiguousarray(counts.T, dtype=np.float64)
