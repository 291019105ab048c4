"""
What became of each route's median, 95th and 99th percentile, where there are enough requests to say.

Both arms' latencies are pooled over the pairs; the interval is a percentile bootstrap over pairs, because requests of
one block share what the machine did meanwhile. A quantile needs twenty requests beyond it: a p95 of fewer than 400
requests per arm, and a p99 of fewer than 2,000, would mostly be its own noise, and is not shown.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from hasten.model import Block, Effect, Where
from hasten.verify.resampling import Array
from hasten.verify.student import expanded_tail

#: Quantile → the requests per arm below which it is not told: 20 / (1 - q), and 100 for the median.
LEAST_REQUESTS = {0.50: 100, 0.95: 400, 0.99: 2000}
LEAST_PAIRS = 6
#: As research showed, 400 resamples move the ends of such an interval by less than a tenth of its width.
RESAMPLES = 400


def quantile_effects(blocks: Sequence[Block], seed: int, metric: str) -> list[Effect]:
    """
    The effects on the quantiles of every route that has enough requests in both arms, by route and quantile.
    """
    found = []
    names = {name for block in blocks for name in block.control_samples.keys() & block.candidate_samples.keys()}
    for name in sorted(names):
        control = [_of(block.control_samples, name) for block in blocks]
        candidate = [_of(block.candidate_samples, name) for block in blocks]
        kept = [at for at in range(len(blocks)) if len(control[at]) and len(candidate[at])]
        if len(kept) < LEAST_PAIRS:
            continue
        arms = _Pooled([control[at] for at in kept]), _Pooled([candidate[at] for at in kept])
        least = min(arm.count for arm in arms)
        for q, needed in LEAST_REQUESTS.items():
            if least >= needed:
                found += _effect(arms, q, seed, metric, Where(kind="route", name=name))
    return found


class _Pooled:
    """
    The latencies of one arm in ascending order, each with the pair it came from.
    """

    def __init__(self, per_pair: Sequence[Array]) -> None:
        values = np.concatenate(per_pair)
        pairs = np.repeat(np.arange(len(per_pair)), [len(each) for each in per_pair])
        order = np.argsort(values, kind="stable")
        self.values, self.pairs, self.count = values[order], pairs[order], len(values)
        self.size = len(per_pair)

    def quantiles(self, q: float, counts: Array) -> Array:
        """
        The q-quantile of each resample; `counts` says how often each pair is in it.
        """
        found = np.empty(len(counts))
        for row, count in enumerate(counts):
            weights = np.cumsum(count[self.pairs])
            place = np.searchsorted(weights, q * weights[-1])
            found[row] = self.values[min(int(place), self.count - 1)]
        return found


def _effect(arms: tuple[_Pooled, _Pooled], q: float, seed: int, metric: str, where: Where) -> list[Effect]:
    pairs = arms[0].size
    once = np.ones((1, pairs))
    control, candidate = (float(arm.quantiles(q, once)[0]) for arm in arms)
    if control <= 0 or candidate <= 0:
        return []
    # RandomState, because its stream is frozen for all time: a verdict must be recomputable years later.
    picks = np.random.RandomState(seed % 2**32).randint(0, pairs, size=(RESAMPLES, pairs))
    counts = np.stack([np.bincount(row, minlength=pairs) for row in picks]).astype(np.float64)
    ratios = arms[1].quantiles(q, counts) / arms[0].quantiles(q, counts)
    tail = expanded_tail(pairs)
    low, high = np.quantile(ratios, [tail, 1 - tail])
    name = f"{metric}.p{round(q * 100)}"
    effect = Effect(
        metric=name,
        where=where,
        ratio=candidate / control,
        low=float(low),
        high=float(high),
        pairs=pairs,
        control=control,
        candidate=candidate,
    )
    return [effect]


def _of(samples: Mapping[str, list[float]], name: str) -> Array:
    return np.array(samples.get(name, ()), dtype=np.float64)
