"""
hasten.regression
"""

import msgspec
import numpy as np
import pytest

from hasten.model import Block, Effect, Ending, Grade, Guard, Look, Trial, Where
from hasten.record.checked import Status
from hasten.regression import ends_for, items_of, route_items
from hasten.target import Check
from hasten.verify.answers import Equivalence, Field, FieldVerdict, RouteClass

LOOK = Look(pairs=16, log_ratio=0.0, error=0.1, z=4.56, low=0.5, high=2.0)


def blocks(count: int, noise: float = 0.01, **ratios: float) -> list[Block]:
    """
    So many pairs, in which each route takes 50 ms, and with the candidate `ratio` times as long.
    """
    random = np.random.default_rng(1)
    return [
        Block(
            index=index,
            order="",
            control={name: 0.05 * float(random.lognormal(0, noise)) for name in ratios},
            candidate={name: 0.05 * ratio * float(random.lognormal(0, noise)) for name, ratio in ratios.items()},
        )
        for index in range(count)
    ]


def trial(found: list[Block], *guards: Guard, answers: Equivalence | None = None) -> Trial:
    """
    A trial with these blocks and guards.
    """
    same = Equivalence(seed=1, compared=0, clean=0)
    return Trial(
        change="x",
        grade=Grade.A,
        arena="instances",
        seed=1,
        blocks=found,
        effect=None,
        weights=dict.fromkeys(sorted({name for block in found for name in block.control}), 1.0),
        guards=list(guards),
        equivalence=(answers or same).as_data(),
    )


@pytest.mark.parametrize(
    ("ratio", "noise", "status"),
    [
        (1.0, 0.01, Status.HELD),
        (1.05, 0.01, Status.HELD),
        (1.3, 0.01, Status.BROKEN),
        (0.5, 0.01, Status.HELD),
        (1.0, 0.5, Status.NOT_SHOWN),
        (1.3, 0.5, Status.NOT_SHOWN),
    ],
)
def test_a_route_is_slower_harmless_or_not_shown(ratio: float, noise: float, status: Status) -> None:
    """
    The interval says which, and what is not shown is told apart from what is shown to be harmless.
    """
    (item,) = route_items(blocks(32, noise, a=ratio), ["a"], Check())

    assert status is item.status, item.says
    assert 1.1 == item.limit


def test_a_route_may_have_a_limit_of_its_own() -> None:
    """
    It is read from [check.routes], and named there.
    """
    section = Check(routes={"a": 0.5})
    (first, second) = route_items(blocks(32, a=1.3, b=1.3), ["a", "b"], section)

    assert (Status.HELD, Status.BROKEN) == (first.status, second.status)
    assert (("check.routes", "a"), ("check", "max_regression")) == (
        (first.section, first.key),
        (second.section, second.key),
    )


def test_microseconds_break_no_build() -> None:
    """
    Half as long again as 0.1 ms is nothing that anybody waits for.
    """
    quick = [
        msgspec.structs.replace(
            each, control={"a": each.control["a"] / 500}, candidate={"a": each.candidate["a"] / 500}
        )
        for each in blocks(32, a=1.5)
    ]
    (item,) = route_items(quick, ["a"], Check())

    assert Status.NOT_SHOWN is item.status


def test_a_route_that_was_hardly_seen_has_no_data() -> None:
    """
    Five pairs say nothing.
    """
    (item,) = route_items(blocks(5, a=1.0), ["a"], Check())

    assert Status.NO_DATA is item.status


def test_the_more_routes_the_more_has_to_be_shown() -> None:
    """
    Of many equal routes none is called slower, however often that is tried.
    """
    names = [f"r{number}" for number in range(40)]
    items = route_items(blocks(80, 0.3, **dict.fromkeys(names, 1.0)), names, Check(max_regression=0.0))

    assert Status.BROKEN not in {item.status for item in items}


@pytest.mark.parametrize(
    ("ratios", "noise", "ending"),
    [({"a": 1.0, "b": 1.0}, 0.01, Ending.HARMLESS), ({"a": 1.0, "b": 1.4}, 0.01, Ending.HARM), ({"a": 1.0}, 0.5, None)],
)
def test_a_trial_ends_when_every_route_is_told(ratios: dict[str, float], noise: float, ending: Ending | None) -> None:
    """
    As long as one is not shown either way, it goes on.
    """
    assert ending is ends_for(Check())(LOOK, blocks(16, noise, **ratios))


@pytest.mark.parametrize(("ratio", "status"), [(1.4, Status.BROKEN), (1.04, Status.NOT_SHOWN)])
def test_what_ended_the_trial_is_told(ratio: float, status: Status) -> None:
    """
    Harm between two looks breaks the build if it is beyond the limit.
    """
    whole = Where(kind="application", name="all routes")
    effect = Effect(
        metric="m", where=whole, ratio=ratio, low=1.01, high=2.0, pairs=9, control=0.05, candidate=0.05 * ratio
    )
    harm = Guard(name="harm", ok=False, detail="over the last 60 s 40 % slower")
    found = items_of(msgspec.structs.replace(trial([], harm), effect=effect), Check())

    assert status is next(item for item in found if item.name == "all routes").status


def test_failures_break_and_processor_time_does_not() -> None:
    """
    The one is seen request by request, the other once.
    """
    guards = [Guard(name=name, ok=False, detail=name) for name in ("failures", "statuses", "cpu", "memory")]
    found = {item.name: item.status for item in items_of(trial([], *guards), Check())}

    assert Status.BROKEN is found["failures"]
    assert {Status.NOT_SHOWN} == {found["statuses"], found["cpu"], found["memory"]}


@pytest.mark.parametrize(("same_answers", "status"), [(False, Status.NOT_SHOWN), (True, Status.BROKEN)])
def test_other_answers_break_only_where_that_is_asked_for(same_answers: bool, status: Status) -> None:
    """
    A new revision may answer differently on purpose.
    """
    odd = Field(route="a", name="$.b", verdict=FieldVerdict.MISMATCH, compared=9, noisy=0, odd=9, confirmed=9)
    route = RouteClass(route="a", compared=9, clean=0, errors=0, shapes=1, covered=0, is_enough=False)
    answers = Equivalence(seed=1, compared=9, clean=0, routes=[route], fields=[odd])
    found = items_of(trial([], answers=answers), Check(same_answers=same_answers))

    assert [status] == [item.status for item in found if item.group == "answers"]


def test_answers_that_were_not_compared_are_no_data() -> None:
    """
    Silence is not sameness.
    """
    assert [Status.NO_DATA] == [item.status for item in items_of(trial([]), Check()) if item.group == "answers"]
