"""
hasten.verify.pacing
"""

import pytest

from hasten.verify import pacing
from hasten.verify.pacing import Pace, pace_of, shares_of, turns_of
from hasten.world.load.plan import LoadRequest

REQUESTS = [
    LoadRequest(path="/often?n=1", route="often", weight=60),
    LoadRequest(path="/often?n=2", route="often", weight=30),
    LoadRequest(path="/seldom", route="seldom", weight=9.5),
    LoadRequest(path="/rare", route="rare", weight=0.5),
]


def test_shares_are_of_routes() -> None:
    """
    Requests of one route share its weight, and all routes together are the whole traffic.
    """
    assert {"often": 0.9, "seldom": 0.095, "rare": 0.005} == pytest.approx(shares_of(REQUESTS))


@pytest.mark.parametrize(
    ("seconds", "cpu_s", "rate", "why"),
    [
        (0.1, 0.0, 4.0, "an answer takes"),
        (0.001, 0.02, 40.0, "processor time"),
        (0.0001, 0.0001, 200.0, "are asked"),
        (100.0, 0.1, 0.05, "an answer takes"),
    ],
)
def test_the_rate_leaves_room(seconds: float, cpu_s: float, rate: float, why: str) -> None:
    """
    It is what keeps an instance idle for most of the time and the processors mostly free, within bounds.
    """
    pace = pace_of({"a": 1.0}, {"a": seconds}, {"a": cpu_s}, cores=2)

    assert rate == pytest.approx(pace.rate_per_s)
    assert why in pace.limited_by
    assert f"{pace.rate_per_s:.3g} requests/s" in pace.says


def test_every_route_is_in_every_block() -> None:
    """
    Those that matter come often enough to be judged at the first look, the others once.
    """
    pace = pace_of(shares_of(REQUESTS), dict.fromkeys(("often", "seldom", "rare"), 0.02), {}, cores=2)

    assert pace.per_block["rare"] == 1
    assert pace.per_block["seldom"] >= 7
    assert pace.per_block["often"] > pace.per_block["seldom"]


def test_slow_routes_make_a_block_no_longer_than_it_may_be() -> None:
    """
    Where even few requests take long, there are as many as the last look needs, and no more.
    """
    routes = [f"route {number}" for number in range(20)]
    pace = pace_of(dict.fromkeys(routes, 0.05), dict.fromkeys(routes, 1.0), {}, cores=2)

    assert dict.fromkeys(sorted(routes), 2) == pace.per_block
    assert pace.block_s > pacing.MOST_BLOCK_S


def test_what_was_not_timed_is_left_out() -> None:
    """
    A route without a time cannot be paced.
    """
    assert {"a"} == pace_of({"a": 0.5, "b": 0.5}, {"a": 0.1}, {}, cores=2).per_block.keys()


def test_the_turns_are_drawn_once() -> None:
    """
    Same seed and block, same turns; another block has others, and each has the same routes.
    """
    pace = Pace(rate_per_s=10, per_block={"often": 4, "rare": 1}, utilization=0.4, limited_by="")
    first = turns_of(REQUESTS, pace, 3, seed=7)

    assert first == turns_of(REQUESTS, pace, 3, seed=7)
    assert first != turns_of(REQUESTS, pace, 4, seed=7)
    assert ["often"] * 4 + ["rare"] == sorted(REQUESTS[turn.request].name for turn in first)
    assert all(0 <= turn.at_s <= pace.block_s for turn in first)
    assert [turn.at_s for turn in first] == sorted(turn.at_s for turn in first)
