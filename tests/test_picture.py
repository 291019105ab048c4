"""
Where a request's time goes: each nanosecond once, and the sum is what was measured.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.traced import MS, Written

from hasten.evidence import Observation
from hasten.model import Distribution, Measurement, Where
from hasten.picture import PARTS, by_route, inside, pictures, swept
from hasten.trace import seen

ROUTE = "GET /api/inquiries"


def parts(of: Written) -> dict[str, float]:
    """
    The milliseconds of the first request by part.
    """
    trace = of.taken[0]
    return {part: ns / MS for part, ns in swept(trace.duration_ns, seen(of.traces, trace)).items()}


def observed(of: Written, mean_s: float, count: int) -> Observation:
    """
    An observation of a load that has measured this mean.
    """
    where = Where(kind="route", name=ROUTE)
    measured = Distribution(count=count, mean=mean_s)
    return Observation(
        name="baseline",
        traces=of.traces,
        measurements=[Measurement(metric="http.client.request.duration", unit="s", where=where, distribution=measured)],
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], {"application": 100}),
        ([("db", 10, 20), ("db", 40, 10)], {"database": 30, "application": 70}),
        ([("db", 10, 20), ("db", 20, 20)], {"database": 30, "application": 70}),
        ([("template", 10, 50), ("db", 20, 10)], {"template": 40, "database": 10, "application": 50}),
        ([("pool", 0, 30), ("connect", 5, 20)], {"pool": 10, "connecting": 20, "application": 70}),
        ([("http", 0, 50), ("db", 25, 50)], {"upstream": 25, "database": 50, "application": 25}),
        ([("thread", 0, 5), ("loop", 5, 5)], {"waiting": 10, "application": 90}),
        ([("stall", 0, 50), ("db", 0, 50)], {"database": 50, "application": 50}),
        ([("serialize", 90, 30)], {"serialization": 10, "application": 90}),
        ([("client", 0, 40), ("redis", 50, 1), ("nobody knows", 60, 1)],
         {"connecting": 40, "redis": 1, "application": 59}),
        ([("db", 120, 10)], {"application": 100}),
    ],
)  # fmt: skip
def test_the_most_specific_step_has_the_time(steps: Any, expected: dict[str, float]) -> None:
    """
    What encloses others has what is left, what runs side by side counts once, what comes after the answer does not.
    """
    of = Written()
    of.add(*(of.step(kind, begins, takes) for kind, begins, takes in steps))

    assert expected == parts(of)


def test_authentication_has_its_steps_and_what_lies_between() -> None:
    """
    From its first to its last step within the solving of dependencies; another dependency's connection is not its.
    """
    of = Written()
    who = "shop/auth.py:9 current_user"
    of.add(
        of.step("dependencies", 0, 60, at=""),
        of.step("http", 5, 20, "POST id.example/introspect", at=who),
        of.step("db", 30, 10, "SELECT id FROM users WHERE email = ?", at=who),
        of.step("connect", 50, 5, "postgresql", at="shop/db.py:3 session"),
    )

    assert {"auth": 35, "connecting": 5, "application": 60} == parts(of)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["db", "http", "pool", "connect", "template", "dependencies", "stall", "loop", "redis"]),
            st.integers(-5, 120),
            st.integers(0, 120),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_the_parts_add_up_whatever_the_steps(steps: list[tuple[str, int, int, bool]]) -> None:
    """
    Nested, side by side, out of bounds: the sum is the duration, and no part is negative.
    """
    of = Written()
    places = {True: "shop/auth.py:1 who", False: "shop/a.py:1 f"}
    of.add(*(of.step(kind, begins, takes, at=places[is_auth]) for kind, begins, takes, is_auth in steps))
    found = parts(of)

    assert pytest.approx(100) == sum(found.values())
    assert all(value >= 0 for value in found.values())
    assert set(found) <= set(PARTS)


def test_what_was_measured_beyond_the_worker_is_outside() -> None:
    """
    Requests of 100 ms inside that took 130 ms: 30 ms are the queue and the way.
    """
    of = Written()
    for _ in range(20):
        of.add(of.step("db", 0, 60), measured_s=0.130)
    [found] = pictures(observed(of, 0.130, 20))

    assert {"database": 0.06, "application": 0.04, "outside": 0.03} == pytest.approx(found.parts)
    assert (True, pytest.approx(0.13), pytest.approx(0.0)) == (found.adds_up, found.total_s, found.error)


def test_traces_count_as_often_as_they_stand_for_others() -> None:
    """
    One long request among ten that were traced stood for one of thirty.
    """
    of = Written()
    for _ in range(19):
        of.add(measured_s=0.1, stands_for=3.0)
    of.add(takes_ms=400, measured_s=0.4, stands_for=3.0)
    [found] = pictures(observed(of, (57 * 0.1 + 3 * 0.4) / 60, 60))

    assert found.adds_up
    assert pytest.approx(0.115) == found.inside_s


@pytest.mark.parametrize(
    ("count", "given", "mean_s", "adds_up", "why"),
    [
        (20, {"measured_s": 0.1}, 0.104, True, ""),
        (20, {"measured_s": 0.1}, 0.2, False, "took another time than all 60"),
        (9, {"measured_s": 0.1}, 0.1, None, "9 traces are too few to stand for 60 requests"),
        (20, {}, 0.1, None, "no trace could be paired"),
    ],
    ids=["within 5 %", "not representative", "few", "not paired"],
)
def test_what_does_not_add_up_is_told_with_the_reason(
    count: int, given: Any, mean_s: float, adds_up: bool | None, why: str
) -> None:
    """
    No data is not good news.
    """
    of = Written()
    for _ in range(count):
        of.add(**given)
    [found] = pictures(observed(of, mean_s, 60))

    assert adds_up is found.adds_up
    assert why in found.why


def test_chance_is_named_where_it_explains_the_difference() -> None:
    """
    Twenty of sixty requests that take 20 to 400 ms miss the mean by more than 5 % often enough.
    """
    of = Written()
    for number in range(20):
        of.add(takes_ms=20 * (number + 1), measured_s=0.02 * (number + 1))
    [found] = pictures(observed(of, 0.19, 60))

    assert (False, True) == (found.adds_up, "chance explains" in found.why)


def test_lost_traces_are_named() -> None:
    """
    Files that began anew before they were read.
    """
    of = Written()
    for _ in range(20):
        of.add(measured_s=0.1)

    seen_by = observed(of, 0.2, 60)
    lost = replace(seen_by, traces=replace(of.traces, unread={"overwritten before it was read": 3}))
    [found] = pictures(lost)

    assert "3 overwritten before it was read" in found.why


def test_without_a_load_there_is_no_outside() -> None:
    """
    What runs for users is known from inside only; without traces nothing is.
    """
    of = Written()
    of.add(of.step("db", 0, 60))
    [found] = inside(of.traces)

    assert ({"database": 0.06, "application": 0.04}, None) == (pytest.approx(found.parts), found.adds_up)
    assert [ROUTE] == list(by_route(of.traces))
    assert [] == pictures(Observation(name="baseline"))


def test_requests_that_were_given_up_have_no_trace() -> None:
    """
    They count in the mean that was measured; that is why the others do not add up to it.
    """
    of = Written()
    for _ in range(20):
        of.add(measured_s=0.1)
    seen_by = observed(of, 12.0, 30)
    where, errors = Where(kind="route", name=ROUTE), Distribution(count=30, mean=1 / 3, total=10.0)
    ratio = Measurement(metric="hasten.api.error_ratio", unit="1", where=where, distribution=errors)
    [found] = pictures(replace(seen_by, measurements=[*seen_by.measurements, ratio]))

    assert (False, True) == (found.adds_up, "10 of 30 requests failed or were given up" in found.why)
