"""
When a workload is another one: counts that chance explains are the same, twice as many are not.
"""

import random

import pytest
from tests.test_permission import change

from hasten.evidence import Observation, StatementProfile, TableProfile
from hasten.model import Distribution, Kind, Measurement, Where
from hasten.workload import Workload, difference, workload_of


def statement(query_id: str, calls: int, tables: list[str], mean_s: float = 0.1) -> StatementProfile:
    """
    A statement of that many calls.
    """
    return StatementProfile(
        query_id=query_id, text="", calls=calls, total_s=calls * mean_s, mean_s=mean_s, tables=tables
    )  # fmt: skip


def seen(**calls: int) -> Observation:
    """
    Eighty seconds in which these statements came so often, each on the tables of its name.
    """
    return Observation(
        name="now", seconds=80,
        statements=[statement(name, count, name.split("_")) for name, count in calls.items()],
        tables=[TableProfile(name="orders", rows=1000, size_bytes=1), TableProfile(name="users", rows=9, size_bytes=1)],
        measurements=[Measurement(metric="http.client.request.duration", unit="s", distribution=Distribution(count=7),
                                  where=Where(kind="route", name="GET /"))],
    )  # fmt: skip


def test_only_what_bears_on_the_change_counts() -> None:
    """
    Of a change to a table: the statements on it, and its rows. Of one to a route: that route and every statement.
    """
    observation = seen(orders=5, users=6, orders_users=7)
    schema = workload_of(observation, change())
    policy = workload_of(observation, change(kind=Kind.POLICY, where=Where(kind="route", name="GET /")))

    assert ({"orders": 5.0, "orders_users": 7.0}, {"orders": 1000.0}) == (schema.calls, schema.rows)
    assert {"GET /": 7.0, "orders": 5.0, "users": 6.0, "orders_users": 7.0} == policy.calls
    assert {"orders": 1000.0, "users": 9.0} == policy.rows


@pytest.mark.parametrize(
    ("then", "now", "says"),
    [
        ({"orders": 100}, {"orders": 100}, ""),
        ({"orders": 100}, {"orders": 190}, ""),
        ({"orders": 100}, {"orders": 220}, "orders came 100 times in 80 s and comes 220"),
        ({"orders": 220}, {"orders": 100}, "orders came 220"),
        # Three and seven are two draws from one urn.
        ({"orders": 3}, {"orders": 7}, ""),
        ({"orders": 100}, {"orders": 100, "orders_users": 50}, "orders_users came 0"),
        # What is new and takes no time worth speaking of changes nothing.
        ({"orders": 1000}, {"orders": 1000, "orders_users": 20}, ""),
        ({"orders": 100}, {"orders": 100, "users": 500}, ""),
        ({"orders": 100}, {}, "comes 0 times"),
    ],
)
def test_twice_as_often_is_another_workload(then: dict[str, int], now: dict[str, int], says: str) -> None:
    """
    A statement that matters came or went, or comes at least twice or half as often, beyond chance.
    """
    found = difference(workload_of(seen(**then), change()), workload_of(seen(**now), change()))

    assert bool(says) is bool(found)
    assert says in found


def test_a_table_that_doubled_is_another_workload() -> None:
    """
    The same statements over twice the rows deserve another look; over half as many more, not.
    """
    then = Workload(seconds=80, rows={"orders": 1000.0})

    assert "orders had 1000 rows and has 2000" == difference(then, Workload(seconds=80, rows={"orders": 2000.0}))
    assert "" == difference(then, Workload(seconds=80, rows={"orders": 1500.0, "users": 1.0}))


def test_the_length_of_the_window_does_not_matter() -> None:
    """
    Rates are compared, not counts.
    """
    then = Workload(seconds=80, calls={"q": 100}, time_s={"q": 1})

    assert "" == difference(then, Workload(seconds=800, calls={"q": 1000}, time_s={"q": 10}))
    assert difference(then, Workload(seconds=800, calls={"q": 100}, time_s={"q": 1}))


def test_the_same_traffic_measured_twice_is_the_same_workload() -> None:
    """
    A thousand pairs of windows of ten Poisson statements: chance alone changes hardly any.
    """
    draw = random.Random(7)  # a sum of many rare arrivals is Poisson enough
    rates = [draw.choice([2, 5, 20, 60, 200]) for _ in range(10)]

    def window() -> Workload:
        calls = {str(n): float(max(0, round(draw.gauss(rate, rate**0.5)))) for n, rate in enumerate(rates)}
        return Workload(seconds=80, calls=calls, time_s=dict.fromkeys(calls, 1.0))

    changed = sum(bool(difference(window(), window())) for _ in range(1000))
    assert changed <= 10


def test_another_traffic_is_found_in_the_same_noise() -> None:
    """
    One statement of ten that comes three times as often is found in nearly every pair of windows.
    """
    draw = random.Random(8)

    def window(first: float) -> Workload:
        calls = {str(n): float(round(draw.gauss(rate, rate**0.5))) for n, rate in enumerate([first, *[60] * 9])}
        return Workload(seconds=80, calls=calls, time_s=dict.fromkeys(calls, 1.0))

    found = sum(difference(window(60), window(180)).startswith("0 came") for _ in range(1000))
    assert found >= 980
