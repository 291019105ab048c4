"""
hasten.world.load.schedule
"""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.load.schedule import arrivals, choices


def a_plan(rate_per_s: float, duration_s: float, kind: str, seed: int = 1) -> LoadPlan:
    return LoadPlan(
        base_url="http://127.0.0.1",
        requests=[LoadRequest()],
        rate_per_s=rate_per_s,
        duration_s=duration_s,
        arrivals=kind,  # type: ignore[arg-type]
        seed=seed,
    )


def test_constant_arrivals_are_evenly_spaced() -> None:
    """
    At 4 per second one request is meant every 250 ms.
    """
    assert [0.0, 0.25, 0.5, 0.75] == list(arrivals(a_plan(4, 1, "constant")))


@pytest.mark.parametrize("kind", ["constant", "poisson"])
def test_the_same_seed_gives_the_same_moments(kind: str) -> None:
    """
    A schedule can be repeated.
    """
    assert arrivals(a_plan(50, 10, kind, 3)) == arrivals(a_plan(50, 10, kind, 3))


def test_poisson_arrivals_come_as_often_as_asked_and_irregularly() -> None:
    """
    The number is the rate's to within five standard deviations; gaps vary as an exponential's do.
    """
    moments = arrivals(a_plan(100, 100, "poisson"))
    gaps = [after - before for before, after in pairwise(moments)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5

    assert abs(len(moments) - 10_000) < 500
    assert abs(deviation / mean - 1) < 0.1
    assert all(0 <= moment < 100 for moment in moments)


def test_a_very_low_rate_still_sends_one_request() -> None:
    """
    A run in which nobody would come sends one request within its time.
    """
    moments = arrivals(a_plan(0.001, 1, "poisson"))

    assert 1 == len(moments)
    assert 0 <= moments[0] < 1


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=20).filter(lambda weights: sum(weights) > 1e-6),
    st.integers(1, 500),
    st.integers(),
)
def test_every_request_gets_its_share_to_within_one(weights: list[float], count: int, seed: int) -> None:
    """
    However short the run, the mix is the recorded one.
    """
    counts = Counter(choices(weights, count, seed))

    assert count == sum(counts.values())
    for index, weight in enumerate(weights):
        assert abs(counts[index] - weight / sum(weights) * count) <= 1.000001


def test_the_order_is_shuffled_and_repeatable() -> None:
    """
    Equal seeds give equal orders, and the order is not that of the file.
    """
    first = choices([1, 1], 100, 1)

    assert first == choices([1, 1], 100, 1)
    assert first != choices([1, 1], 100, 2)
    assert list(first) != sorted(first)
