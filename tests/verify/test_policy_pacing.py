"""
How a policy's trial is cut into pairs.
"""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.errors import NoData
from hasten.model import PLANNED_PAIRS
from hasten.verify.guards import LEAST_REQUESTS
from hasten.verify.policy_pacing import (
    MOST_UNDER_WAY,
    PAIR_S,
    UTILIZATION,
    WANTED_PER_ARM,
    Pacing,
    pacing_of,
    turns_of,
)
from hasten.world.load.plan import LoadRequest

SECONDS = st.lists(st.floats(1e-4, 3.0), min_size=1, max_size=20)


def test_a_quick_small_answer_comes_a_hundred_times_in_each_arm() -> None:
    """
    Where the server and the link allow it a pair has the wanted number of requests.
    """
    found = pacing_of([0.001, 0.001], [0.05, 0.05], 2.0, budget_s=300)

    assert (PAIR_S, WANTED_PER_ARM / 2, 2.0 * PAIR_S) == (found.pair_s, found.repeats, found.others)


@given(SECONDS, SECONDS, st.integers(1, 9))
def test_neither_the_server_nor_the_link_is_overloaded(
    service_s: list[float], travel_s: list[float], per_route: int
) -> None:
    """
    Whatever the requests cost: each comes often enough for a first look, and both stay within their share.
    """
    try:
        found = pacing_of(service_s, travel_s, 1.0, per_route=per_route, budget_s=600)
    except NoData:
        return

    assert found.repeats * per_route * PLANNED_PAIRS[0] >= LEAST_REQUESTS and found.pair_s >= PAIR_S
    assert 2 * sum(service_s) * found.repeats <= UTILIZATION * found.pair_s * 1.001
    assert 2 * sum(travel_s) * found.repeats <= MOST_UNDER_WAY * found.pair_s * 1.001


def test_what_takes_too_long_cannot_be_judged() -> None:
    """
    A first look that does not fit is said before anything is asked.
    """
    with pytest.raises(NoData):
        pacing_of([20.0], [1.0], 1.0, budget_s=60)


REST = [LoadRequest(path="/a", weight=3), LoadRequest(path="/b", weight=1)]


def test_every_pair_has_every_touched_request_equally_often() -> None:
    """
    In each arm; the others are drawn by their weights; the moments go up and stay within the pair.
    """
    pacing = Pacing(pair_s=5.0, repeats=3, others=40)
    turns = turns_of(2, REST, pacing, 17, seed=4)
    counts = Counter(turn.request // 2 for turn in turns)

    assert (3, 3, 40) == (counts[0], counts[1], counts[2] + counts[3])
    assert counts[2] > counts[3]
    assert turns == sorted(turns, key=lambda turn: turn.at_s)
    assert 5.0 <= turns[0].at_s and turns[-1].at_s <= 10.0
    assert turns == turns_of(2, REST, pacing, 17, seed=4) != turns_of(2, REST, pacing, 17, seed=5)


def test_both_arms_are_written_first_equally_often() -> None:
    """
    Over two pairs each touched request has as many turns with control first as with the candidate.
    """
    pacing = Pacing(pair_s=5.0, repeats=3, others=0)
    numbers = Counter(turn.request for index in (0, 1) for turn in turns_of(2, [], pacing, index, seed=1))

    assert {0: 3, 1: 3, 2: 3, 3: 3} == numbers
