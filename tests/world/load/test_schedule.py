"""
hasten.world.load.schedule
"""

from collections import Counter
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.load.schedule import arrivals, choices, schedule


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


def recorded(rate_per_s: float, duration_s: float, *came: list[float]) -> tuple[list[float], list[int]]:
    """
    The moments and the order of requests that came at these moments.
    """
    plan = a_plan(rate_per_s, duration_s, "recorded")
    requests = [LoadRequest(path=f"/{index}", at=at) for index, at in enumerate(came)]
    moments, which = schedule(msgspec.structs.replace(plan, requests=requests))
    return list(moments), list(which)


def test_recorded_requests_come_as_they_came() -> None:
    """
    At the recorded rate: in the recorded order, each at its moment from the first one on.
    """
    moments, which = recorded(0.5, 8, [10.0, 14.0], [11.0, 16.0])

    assert [0, 1, 0, 1] == which
    assert [0.0, 1.0, 4.0, 6.0] == pytest.approx(moments)


def test_a_recording_begins_anew_at_its_end() -> None:
    """
    As if it had gone on like that; and another rate stretches it, gaps and all.
    """
    moments, which = recorded(1.0, 8, [10.0, 14.0], [11.0, 16.0])

    assert [0, 1, 0, 1, 0, 1, 0, 1] == which
    assert [0.0, 0.5, 2.0, 3.0, 4.0, 4.5, 6.0, 7.0] == pytest.approx(moments)


def test_a_single_moment_is_a_recording_too() -> None:
    """
    It is repeated at the rate.
    """
    assert ([0.0, 0.5, 1.0, 1.5], [0, 0, 0, 0]) == recorded(2.0, 2, [7.0])


@given(
    st.lists(st.lists(st.floats(0, 1_000), min_size=1, max_size=5), min_size=1, max_size=5),
    st.floats(0.5, 50),
    st.floats(1, 20),
)
@settings(deadline=None)
def test_the_rate_is_kept_whatever_was_recorded(came: list[list[float]], rate_per_s: float, duration_s: float) -> None:
    """
    Moments ascend, all of them within the time, as many as the rate says to within one round of the recording.
    """
    moments, which = recorded(rate_per_s, duration_s, *came)
    count = sum(map(len, came))

    assert sorted(moments) == moments and all(0 <= each < duration_s for each in moments)
    assert abs(len(moments) - rate_per_s * duration_s) <= count + 1
    assert len(which) == len(moments)
