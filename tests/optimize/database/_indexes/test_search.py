"""
The search, on prices that are known beforehand.
"""

from collections.abc import Collection, Sequence

import pytest

from hasten.optimize.database._indexes import search
from hasten.optimize.database._indexes.definition import Definition, Key
from hasten.optimize.database._indexes.search import Search
from hasten.optimize.database._indexes.workload import Statement
from hasten.sql import read_statement

FOREVER = float("inf")


def index(*keys: str) -> Definition:
    """
    An index on t.
    """
    return Definition(table="t", keys=tuple(Key(text=key) for key in keys))


A, B, AB = index("a"), index("b"), index("a", "b")


class KnownPrices:
    """
    Prices from a table: what each statement costs with the best of the chosen indexes; 100 without.
    """

    name = "known"

    def __init__(
        self, prices: dict[str, dict[Definition, float]], times: dict[str, dict[Definition, float]] | None = None
    ) -> None:
        self._prices, self._times = prices, times
        self.sizes = {A: 1000, B: 1000, AB: 3000}

    def costs(self, statements: Sequence[Statement], chosen: Collection[Definition]) -> dict[str, float]:
        """
        The lowest price of the chosen ones.
        """
        return self._of(self._prices, statements, chosen)

    def seconds(self, statements: Sequence[Statement], chosen: Collection[Definition]) -> dict[str, float] | None:
        """
        The same from the table of times, where there is one.
        """
        return None if self._times is None else self._of(self._times, statements, chosen)

    def _of(
        self, table: dict[str, dict[Definition, float]], statements: Sequence[Statement], chosen: Collection[Definition]
    ) -> dict[str, float]:
        return {
            each.query_id: min((table.get(each.query_id, {}).get(one, 100.0) for one in chosen), default=100.0)
            for each in statements
        }


def statement(name: str, total_s: float, text: str = "SELECT * FROM t WHERE a = 1", calls: int = 100) -> Statement:
    """
    A recorded statement on t.
    """
    shape = read_statement(text)
    return Statement(
        query_id=name, shape=shape, calls=calls, total_s=total_s, mean_s=1.0, is_write=shape.is_write, samples=[]
    )


def chosen(prices: KnownPrices, *statements: Statement, room: int = 4, most_bytes: float = 1e9) -> list[str]:
    """
    What the search takes, best first.
    """
    state = Search(
        prices, list(statements), sum(s.total_s for s in statements), {s.query_id: s.total_s for s in statements}
    )
    found = search._greedy(state, room, most_bytes, FOREVER, search.silent)
    return [str(choice.definition) for choice in found]


def test_each_index_is_priced_on_top_of_those_before() -> None:
    """
    What (a, b) does, a does as well: once the first is taken the second has nothing left to save.
    """
    prices = KnownPrices({"one": {A: 10.0, AB: 9.0}, "two": {B: 10.0}})

    assert ["t (a)", "t (b)"] == chosen(prices, statement("one", 60.0), statement("two", 40.0))


def test_a_clearly_better_index_may_be_bigger() -> None:
    """
    Size decides between almost equal ones only.
    """
    prices = KnownPrices({"one": {A: 50.0, AB: 1.0}})

    assert ["t (a, b)"] == chosen(prices, statement("one", 60.0))


def test_what_saves_too_little_is_not_proposed() -> None:
    """
    Below 3 % of the database's time an index is not worth its upkeep.
    """
    prices = KnownPrices({"one": {A: 1.0}})

    assert [] == chosen(prices, statement("one", 2.9), statement("two", 97.1))
    assert ["t (a)"] == chosen(prices, statement("one", 3.2), statement("two", 96.8))


def test_the_clock_overrules_the_planner() -> None:
    """
    An index that is cheap by the planner's reckoning and brings nothing in time is left, and the next is tried.
    """
    planner = {"one": {A: 1.0, B: 20.0}}
    clock = {"one": {A: 99.0, B: 30.0}}

    assert ["t (a)"] == chosen(KnownPrices(planner), statement("one", 100.0))
    assert ["t (b)"] == chosen(KnownPrices(planner, clock), statement("one", 100.0))


def test_an_index_that_slows_a_statement_gives_way_to_another() -> None:
    """
    The planner is tempted into a plan that takes longer: the candidate that serves as well without it is taken.
    """
    planner = {"one": {A: 1.0, AB: 1.0}, "two": {A: 90.0}}
    clock = {"one": {A: 1.0, AB: 1.0}, "two": {A: 140.0}}
    prices = KnownPrices(planner, clock)

    assert ["t (a, b)"] == chosen(prices, statement("one", 95.0), statement("two", 5.0))


@pytest.mark.parametrize(
    ("calls", "becomes_s", "expected"),
    [(2, 2.6, ["t (a)"]), (2, 4.5, []), (200, 5.0, []), (4, 3.95, []), (200, 2.6, ["t (a)"])],
)
def test_a_rare_statement_may_lose_what_others_gain(calls: int, becomes_s: float, expected: list[str]) -> None:
    """
    For want of a better one an index is taken if the loss is a fiftieth of the gain, and less than double.
    """
    clock = {"one": {A: 1.0}, "two": {A: 100 * becomes_s / 2.0}}
    prices = KnownPrices({"one": {A: 1.0}, "two": {A: 90.0}}, clock)

    assert expected == chosen(prices, statement("one", 98.0), statement("two", 2.0, calls=calls))


def test_what_the_planner_cannot_tell_apart_is_timed() -> None:
    """
    Of two candidates with the same price the faster one is taken, be it the bigger.
    """
    planner = {"one": {A: 1.0, AB: 1.0}}
    clock = {"one": {A: 60.0, AB: 1.0}}

    assert "t (a, b)" == chosen(KnownPrices(planner, clock), statement("one", 100.0))[0]


def test_writes_are_paid_for() -> None:
    """
    The same gain is not worth it on a table that is written all the time.
    """
    prices = KnownPrices({"one": {A: 1.0}})
    few = statement("w", 1.0, "INSERT INTO t VALUES (1)", calls=1000)
    many = statement("w", 1.0, "INSERT INTO t VALUES (1)", calls=5_000_000)

    assert ["t (a)"] == chosen(prices, statement("one", 100.0), few)
    assert [] == chosen(prices, statement("one", 100.0), many)


@pytest.mark.parametrize(
    ("room", "most_bytes", "expected"), [(1, 1e9, ["t (a)"]), (4, 10.0, []), (4, 1000.0, ["t (a)", "t (b)"])]
)
def test_limits_hold(room: int, most_bytes: float, expected: list[str]) -> None:
    """
    No more than there is room for, none bigger than allowed.
    """
    prices = KnownPrices({"one": {A: 10.0}, "two": {B: 10.0}})

    assert expected == chosen(prices, statement("one", 60.0), statement("two", 40.0), room=room, most_bytes=most_bytes)


def test_a_slower_statement_counts_against_an_index() -> None:
    """
    The planner's price for another statement rises: that is taken off.
    """
    prices = KnownPrices({"one": {A: 10.0}})
    state = Search(prices, [statement("one", 50.0)], 50.0, {"one": 50.0})

    assert {"one": pytest.approx(-25.0)} == state.gains(B, {"one": 100.0 / 1.5})
