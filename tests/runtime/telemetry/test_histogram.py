"""
Quantiles from buckets, against the exact ones.
"""

import math
import random
import sys
import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hasten_runtime.telemetry.histogram import MOST_NS, Histogram, middle_ns

HOUR_NS = 3_600_000_000_000
QUANTILES = (0.5, 0.95, 0.99)

durations = st.one_of(
    st.integers(1_000, HOUR_NS), st.integers(1_000, 1_000_000), st.integers(10, 41).map(lambda bits: 1 << bits)
)


def counted(values: list[int]) -> Histogram:
    """
    A histogram of these durations.
    """
    found = Histogram()
    for value in values:
        found.add(value)
    return found


def exact(values: list[int], share: float) -> int:
    """
    The quantile by nearest rank, from all values.
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@given(st.lists(durations, min_size=1, max_size=300))
@example([HOUR_NS])
@example([1_000])
@example([1 << 20, (1 << 20) - 1])
def test_every_quantile_is_within_one_percent(values: list[int]) -> None:
    """
    From 1 µs to 1 h, p50, p95 and p99 differ from the exact ones by less than 1 %; count and sum are exact.
    """
    found = counted(values)

    assert len(values) == found.count
    assert sum(values) == found.sum_ns
    for share in QUANTILES:
        assert found.quantile_ns(share) == pytest.approx(exact(values, share), rel=0.0079)


@given(st.lists(durations, max_size=100), st.lists(durations, max_size=100))
def test_merged_is_as_if_counted_together(one: list[int], other: list[int]) -> None:
    """
    Two histograms merged have the buckets and the sum of one that counted everything.
    """
    merged = counted(one)
    merged.merge(counted(other).buckets(), counted(other).sum_ns)

    assert list(counted(one + other).buckets()) == list(merged.buckets())
    assert counted(one + other).sum_ns == merged.sum_ns


@given(st.integers(64, MOST_NS))
def test_a_duration_is_near_the_middle_of_its_bucket(value: int) -> None:
    """
    Every single duration is within 0.79 % of what its bucket stands for.
    """
    ((number, count),) = counted([value]).buckets()

    assert 1 == count
    assert middle_ns(number) == pytest.approx(value, rel=0.0079)


@pytest.mark.parametrize(
    ("value", "counts_as"), [(0, 64), (-5, 64), (63, 64), (MOST_NS + 1, MOST_NS), (10**18, MOST_NS)]
)
def test_out_of_bounds_counts_as_the_bound(value: int, counts_as: int) -> None:
    """
    A clock that stood still or jumped is counted at the nearest bound, and raises nothing.
    """
    assert list(counted([counts_as]).buckets()) == list(counted([value]).buckets())


def test_nothing_counted_has_no_quantile() -> None:
    """
    No data is no number.
    """
    assert Histogram().quantile_ns(0.5) is None


def test_the_memory_is_bounded() -> None:
    """
    Durations of all sizes take no more than the rows that there can be.
    """
    source = random.Random(4)
    found = Histogram()
    for _ in range(20_000):
        found.add(int(math.exp(source.uniform(math.log(64), math.log(MOST_NS)))))
    rows = [row for row in found.rows if row is not None]

    assert len(rows) <= 36
    assert sum(map(sys.getsizeof, rows)) <= 36 * 660


@pytest.mark.skipif(sys.version_info < (3, 10), reason="the promise is made from 3.10 on")
def test_no_count_of_a_thread_is_lost() -> None:
    """
    Eight threads that count at the same time lose nothing.
    """
    found, each = Histogram(), 20_000
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=lambda: [found.add(1_000_000) for _ in range(each)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)

    assert 8 * each == found.count
