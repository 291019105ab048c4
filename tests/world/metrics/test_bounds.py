"""
Bounds at which no count is guessed.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.world.metrics.bounds import BOUNDS_S, ROUND_S, counted, lower_ns, number_of
from hasten_runtime.telemetry.histogram import MOST_NS, Histogram

DURATIONS = st.integers(min_value=64, max_value=MOST_NS)


@given(st.lists(DURATIONS, max_size=30))
def test_what_is_at_or_below_a_bound_is_known_exactly(durations_ns: list[int]) -> None:
    """
    Counted by the agent and put under the bounds, each duration is where the duration itself belongs.
    """
    histogram = Histogram()
    for each in durations_ns:
        histogram.add(each)
    counts = counted([number for bucket in histogram.buckets() for number in bucket])

    for at, bound in enumerate(BOUNDS_S):
        assert sum(counts[: at + 1]) == sum(1 for each in durations_ns if each <= round(bound * 1e9))
    assert len(durations_ns) == sum(counts)


@pytest.mark.parametrize("at", range(len(ROUND_S)))
def test_the_edges_themselves_are_on_their_side(at: int) -> None:
    """
    A bound belongs to the bucket below it, and the next nanosecond to the one above.
    """
    bound_ns = round(BOUNDS_S[at] * 1e9)

    assert 1 == counted([number_of(bound_ns), 1])[at]
    assert 1 == counted([number_of(bound_ns + 1), 1])[at + 1]


def test_bounds_are_near_round_numbers() -> None:
    """
    At most 0.8 % away, and in order.
    """
    assert list(ROUND_S) == pytest.approx(list(BOUNDS_S), rel=0.008)
    assert sorted(set(BOUNDS_S)) == list(BOUNDS_S)


@given(DURATIONS)
def test_numbers_are_the_agents(duration_ns: int) -> None:
    """
    A bucket has the number that the agent gives it, and holds its own lower bound.
    """
    histogram = Histogram()
    histogram.add(duration_ns)
    ((number, _),) = histogram.buckets()

    assert number == number_of(duration_ns) == number_of(lower_ns(number))
    assert lower_ns(number) <= duration_ns < lower_ns(number + 1)
