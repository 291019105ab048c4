"""
How many standard errors a look asks for: the O'Brien-Fleming boundary for five looks (O'Brien and Fleming 1979).

A plain 95 % interval at each look keeps 8 % of changes that do nothing. Here the five looks together spend the level
once: little at the first (z = 4.56), nearly all at the last (2.04). The constant for other levels is found by
integrating the random walk between the bounds (Armitage, McPherson and Rowe 1969).
"""

import math
from functools import lru_cache

import numpy as np

from hasten.model import PLANNED_PAIRS

#: One-sided: of changes that do nothing, this share may look like a gain.
LEVEL = 0.025
#: 128 nodes integrate a density of width 1 over ± 5 to ten digits.
_NODES = 128


def bound(pairs: int, level: float = LEVEL) -> float:
    """
    The z of a look after so many pairs: 4.56, 3.23, 2.63, 2.28, 2.04 at the planned ones.
    """
    return last_bound(level) * math.sqrt(PLANNED_PAIRS[-1] / pairs)


@lru_cache(maxsize=256)
def last_bound(level: float = LEVEL) -> float:
    """
    The z of the last look, to three decimals.

    Args:
        level: One-sided, above 1e-9 and below 0.5.
    """
    low, high = 0.1, 8.0
    for _ in range(24):
        middle = (low + high) / 2
        if crossing(middle) > 2 * level:
            low = middle
        else:
            high = middle
    return round(high, 3)


def crossing(last: float) -> float:
    """
    How likely a trial without any effect leaves the interval to either side at one of the looks.
    """
    looks = len(PLANNED_PAIRS)
    edge = last * math.sqrt(looks)
    nodes, widths = np.polynomial.legendre.leggauss(_NODES)
    places, widths = nodes * edge, widths * edge
    step = np.exp(-((places[:, None] - places[None, :]) ** 2) / 2) / math.sqrt(2 * math.pi)
    density = np.exp(-(places**2) / 2) / math.sqrt(2 * math.pi)
    for _ in range(looks - 1):
        density = step @ (density * widths)
    return 1.0 - float((density * widths).sum())
