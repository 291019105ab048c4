"""
Quantiles per route, where there is enough to say.
"""

import msgspec
import numpy as np
import pytest

from hasten.model import Block
from hasten.verify.quantiles import quantile_effects


def blocks_of(requests: int, effect: float = 1.0, pairs: int = 16) -> list[Block]:
    """
    Pairs with so many single latencies of one route per arm.
    """
    random = np.random.default_rng(6)
    found = []
    for index in range(pairs):
        arms = [random.lognormal(-2, 0.5, requests) * ratio for ratio in (1.0, effect)]
        samples = [{"GET /": arm.tolist()} for arm in arms]
        means = [{"GET /": float(arm.mean())} for arm in arms]
        block = Block(index=index, order="", control=means[0], candidate=means[1])
        found.append(msgspec.structs.replace(block, control_samples=samples[0], candidate_samples=samples[1]))
    return found


@pytest.mark.parametrize(
    ("requests", "told"), [(5, []), (10, ["p50"]), (30, ["p50", "p95"]), (130, ["p50", "p95", "p99"])]
)
def test_a_quantile_is_told_where_the_count_allows(requests: int, told: list[str]) -> None:
    """
    A median needs 100 requests per arm, a p95 400, a p99 2,000.
    """
    assert [f"m.{name}" for name in told] == [each.metric for each in quantile_effects(blocks_of(requests), 1, "m")]


def test_the_ratio_of_the_quantiles_is_in_its_interval() -> None:
    """
    All latencies 30 % less: every quantile is, and its interval holds that.
    """
    for each in quantile_effects(blocks_of(130, effect=0.7), 1, "m"):
        assert each.low < 0.7 < each.high
        assert each.low <= each.ratio <= each.high
        assert each.ratio == pytest.approx(each.candidate / each.control)


def test_few_pairs_tell_nothing() -> None:
    """
    Five pairs have no spread worth an interval, however many requests they hold.
    """
    assert [] == quantile_effects(blocks_of(500, pairs=5), 1, "m")


def test_blocks_without_single_latencies_have_no_quantiles() -> None:
    """
    Means alone say nothing of a percentile.
    """
    assert [] == quantile_effects([Block(index=0, order="", control={"a": 1.0}, candidate={"a": 1.0})] * 16, 1, "m")
