"""
Whose turn it is: on a database that is a list of what was done to it.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.evidence import StatementSample
from hasten.model import now
from hasten.sql import read_statement
from hasten.verify.alternating import Rounds, State, switches
from hasten.verify.replay import Replayed, Run

READ = Replayed(
    query_id="q", calls=1, is_write=False, shape=read_statement("SELECT 1"), seconds=0.1,
    samples=(StatementSample(at=now(), query_id="q", text="SELECT 1"),),
)  # fmt: skip
PUT = {True: "put in", False: "take out"}


class Database:
    """
    What happened, in its order; a statement takes 1 s without the change and 0.5 s with it, and longer when it is cold.
    """

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.failing: set[bool] = set()
        self.state = State(self._put)
        self.rounds = Rounds(self.state, self._run, seed=1)

    def _put(self, has_change: bool) -> None:
        self.happened.append(PUT[has_change])

    def _run(self, _sample: StatementSample) -> Run:
        is_cold = bool(self.happened) and self.happened[-1] in PUT.values()
        self.happened.append("with" if self.state.has_change else "without")
        error = "42P01" if self.state.has_change in self.failing else None
        return Run(seconds=(0.5 if self.state.has_change else 1.0) + 9.0 * is_cold, error=error)


def test_a_round_after_a_switch_is_run_once_before_it_is_timed() -> None:
    """
    AB, then BA: the change stays between them, and what was cold is in no time.
    """
    database = Database()
    blocks = [database.rounds.pair([READ], index, control_first=index == 0) for index in range(2)]

    expected = ["without", "put in", "with", "with", "with", "take out", "without", "without"]
    assert expected == database.happened
    assert [({"q": 1.0}, {"q": 0.5})] * 2 == [(block.control, block.candidate) for block in blocks]
    assert ["control first", "candidate first"] == [block.order for block in blocks]


def test_equal_arms_are_never_switched() -> None:
    """
    Control against control: the change does not go in.
    """
    database = Database()
    block = database.rounds.equal_pair([READ], 0, control_first=False)

    assert ["without", "without"] == database.happened
    assert block.control == block.candidate


def test_what_fails_with_the_change_alone_is_counted_there() -> None:
    """
    And is not timed.
    """
    database = Database()
    database.failing = {True}
    block = database.rounds.pair([READ], 0, control_first=True)

    assert (0, 1, {}, {}) == (block.control_errors, block.candidate_errors, block.control, block.candidate)


@given(st.lists(st.booleans(), max_size=20), st.booleans())
def test_the_switches_are_known_beforehand(orders: list[bool], has_change: bool) -> None:
    """
    As many as then happen, whatever the orders: one in each pair, and one between two that begin alike.
    """
    database = Database()
    database.state.has_change = has_change
    for index, control_first in enumerate(orders):
        database.rounds.pair([READ], index, control_first=control_first)

    found = sum(each in PUT.values() for each in database.happened)
    assert switches(orders, has_change=has_change) == found
    assert len(orders) <= found <= 2 * len(orders)


def test_what_a_switch_takes_is_the_mean_of_there_and_back() -> None:
    """
    As far as is known: nothing before the first, and one way alone after it.
    """
    state = State(lambda _has_change: None)
    assert 0.0 == state.switch_s

    state.seconds[True].append(3.0)
    assert 3.0 == state.switch_s

    state.seconds[False] += [0.5, 1.5]
    assert pytest.approx(2.0) == state.switch_s
