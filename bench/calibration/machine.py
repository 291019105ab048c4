"""
Machines whose speed drifts, and the requests that they answer meanwhile.

The log of a machine's slowness is an AR(1) process (a discrete Ornstein-Uhlenbeck process, second by second); twenty
requests a second take lognormal times around it. The same requests are seen by every judge: as blocks of five seconds
that belong to one arm each, as a split of every second's requests between two arms, and as a first and a second half.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hasten.verify.sequence import orders

Array = NDArray[np.float64]

PAIRS = 80
BLOCK_S = 5
#: Where every second has requests of both arms, a pair may be shorter.
SPLIT_S = 3
RATE = 20
#: Of a request's log latency around the machine's state.
SIGMA = 0.6
SECONDS = 2 * PAIRS * BLOCK_S
DAY_S = 86_400
#: At night a request takes e⁻¹ ×, at noon e × what it takes on average.
DIURNAL = 1.0
#: Simulated at a time, so that a chunk stays below 20 MB.
CHUNK = 200


@dataclass(frozen=True)
class Cell:
    """
    One kind of drift: the deviation of the log speed, and for how long a state lasts.
    """

    deviation: float
    memory_s: int
    is_diurnal: bool = False

    @property
    def name(self) -> str:
        """
        As in the tables.
        """
        return f"{self.deviation:.2f}, {self.memory_s} s" + (", day and night" if self.is_diurnal else "")


CELLS = [
    *(Cell(deviation, memory_s) for deviation in (0.05, 0.10, 0.20, 0.30) for memory_s in (30, 120, 1200)),
    Cell(0.15, 600, is_diurnal=True),
]


@dataclass(frozen=True)
class Seen:
    """
    What many runs without any effect look like; one run per row.

    blocks, split: mean latencies of control and candidate, pair by pair.
    halves: mean latencies of the blocks in the first and in the second half.
    p95: of all requests in the first and in the second half.
    """

    blocks: tuple[Array, Array]
    split: tuple[Array, Array]
    halves: tuple[Array, Array]
    p95: tuple[Array, Array]


def simulated(cell: Cell, runs: int, seed: int) -> Seen:
    """
    So many runs of 800 s; the same for the same seed.
    """
    random = np.random.default_rng([seed, round(1000 * cell.deviation), cell.memory_s])
    parts = [_chunk(cell, size, first, random) for first, size in _chunks(runs)]

    def joined(name: str) -> tuple[Array, Array]:
        pairs = [getattr(part, name) for part in parts]
        return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])

    return Seen(joined("blocks"), joined("split"), joined("halves"), joined("p95"))


def _chunks(runs: int) -> Iterator[tuple[int, int]]:
    for first in range(0, runs, CHUNK):
        yield first, min(CHUNK, runs - first)


def _chunk(cell: Cell, runs: int, first: int, random: np.random.Generator) -> Seen:
    latency = random.standard_normal((runs, SECONDS, RATE), dtype=np.float32)
    latency *= np.float32(SIGMA)
    latency += _drift(cell, runs, random).astype(np.float32)[:, :, None]
    np.exp(latency, out=latency)
    means = latency.reshape(runs, 2 * PAIRS, BLOCK_S * RATE).mean(axis=2, dtype=np.float64)
    control_first = np.array([orders(PAIRS, seed) for seed in range(first, first + runs)])
    early, late = means[:, 0::2], means[:, 1::2]
    blocks = np.where(control_first, early, late), np.where(control_first, late, early)
    slices = latency[:, : PAIRS * SPLIT_S].reshape(runs, PAIRS, SPLIT_S, 2, RATE // 2)
    split = slices.mean(axis=(2, 4), dtype=np.float64)
    halves = latency.reshape(runs, 2, -1)
    place = round(0.95 * (halves.shape[2] - 1))
    p95 = np.partition(halves, place, axis=2)[:, :, place].astype(np.float64)
    return Seen(blocks, (split[:, :, 0], split[:, :, 1]), (means[:, :PAIRS], means[:, PAIRS:]), (p95[:, 0], p95[:, 1]))


def _drift(cell: Cell, runs: int, random: np.random.Generator) -> Array:
    stays = math.exp(-1 / cell.memory_s)
    steps = random.standard_normal((SECONDS, runs)) * cell.deviation * math.sqrt(1 - stays**2)
    state = np.empty((SECONDS, runs))
    state[0] = random.standard_normal(runs) * cell.deviation
    for second in range(1, SECONDS):
        state[second] = stays * state[second - 1] + steps[second]
    if cell.is_diurnal:
        begins = random.uniform(0, DAY_S, runs)
        state += DIURNAL * np.sin(2 * math.pi * (begins + np.arange(SECONDS)[:, None]) / DAY_S)
    return state.T
