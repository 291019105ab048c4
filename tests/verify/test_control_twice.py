"""
How one instance is asked everything twice; whole trials are in tests/real/test_side_by_side.py.
"""

from collections.abc import Sequence
from typing import cast

import pytest

from hasten.verify.control_twice import MOST_BLOCK_S, Twice, asked, doubled, halved
from hasten.verify.pacing import Pace, turns_of
from hasten.world.load.duet import Answers, Duet, Told, Turn
from hasten.world.load.plan import LoadRequest
from hasten.world.load.result import Outcome

REQUESTS = [LoadRequest(path="/a"), LoadRequest(path="/b")]
PACE = Pace(rate_per_s=100.0, per_block={"GET /a": 100, "GET /b": 20}, utilization=0.4, limited_by="")


def test_twins_come_a_gap_apart_among_the_others() -> None:
    """
    In the order in which they are due, and each can be found.
    """
    due, places = doubled([Turn(0.0, 1), Turn(0.3, 0)], 0.5)

    assert [Turn(0.0, 1), Turn(0.3, 0), Turn(0.5, 1), Turn(0.8, 0)] == due
    assert [(0, 2), (1, 3)] == places


def test_the_instance_is_as_busy_as_in_the_trial() -> None:
    """
    Half as many pairs per second, of two requests each, and as many pairs in a block.
    """
    assert (50.0, PACE.per_block) == (halved(PACE).rate_per_s, halved(PACE).per_block)


def test_a_long_block_is_thinned() -> None:
    """
    It does not take much longer than it may, and has every route.
    """
    found = halved(Pace(rate_per_s=2.0, per_block={"a": 29, "b": 1}, utilization=0.4, limited_by=""))

    assert {"a": 4, "b": 1} == found.per_block
    assert found.block_s == pytest.approx(MOST_BLOCK_S)


class Slower:
    """
    A duet whose candidate is a hundred times slower; the second one of twins waits as long again.
    """

    def __init__(self, late: set[int]) -> None:
        self.late = late
        self.turns = 0

    def play(self, turns: Sequence[Turn], *, first: int = 0) -> Answers:
        """
        Answers of both arms to every turn.
        """
        self.turns += len(turns)
        seconds = [0.001 * (1 + (place in self.late)) for place in range(len(turns))]
        return [(Told(each, Outcome.ANSWERED, 200), Told(100 * each, Outcome.ANSWERED, 200)) for each in seconds]


@pytest.mark.parametrize("control_first", [True, False])
def test_only_control_is_compared_and_no_side_is_always_second(control_first: bool) -> None:
    """
    Each route has as many answers on either side, and what the order costs is shared by both.
    """
    _, places = doubled(turns_of(REQUESTS, PACE, 0, 1), 0.5 / PACE.rate_per_s)
    both = Slower({second for _, second in places})
    block = Twice(REQUESTS, cast(Duet, both), PACE, seed=1).play(0, control_first)
    means = [0.0015, 0.0015]

    assert 240 == both.turns
    assert PACE.per_block == {route: len(told) for route, told in block.control_samples.items()}
    for route in PACE.per_block:
        assert means == pytest.approx([block.control[route], block.candidate[route]])
    assert (0.001 if control_first else 0.002) == block.control_samples["GET /a"][0]


def test_other_requests_are_other_conditions() -> None:
    """
    Another path or principal, and not another order.
    """
    other = [LoadRequest(path="/a"), LoadRequest(path="/b", principal="agent")]

    assert asked(REQUESTS) == asked(REQUESTS[::-1])
    assert asked(REQUESTS) != asked(other)
