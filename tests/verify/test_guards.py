"""
Guards: what held, what did not, and what is not known.
"""

from typing import Any

import pytest

from hasten.model import Block, Effect, Where
from hasten.verify import guards


def effect(name: str, low: float, control: float = 1.0, pairs: int = 12) -> Effect:
    """
    The effect on one statement.
    """
    return Effect(
        metric="m",
        where=Where(kind="statement", name=name),
        ratio=low * 1.05,
        low=low,
        high=low * 1.1,
        pairs=pairs,
        control=control,
        candidate=control * low,
    )


@pytest.mark.parametrize(
    ("effects", "ok"),
    [
        ([], None),
        ([effect("a", 0.5)], True),
        ([effect("a", 1.04)], True),
        ([effect("a", 0.5), effect("b", 1.06)], False),
        ([effect("a", 0.5), effect("b", 1.06, pairs=5)], True),
        ([effect("b", 1.5, pairs=5)], None),
        # 50 % of 0.1 ms is nothing that anybody could notice.
        ([effect("a", 0.5), effect("b", 1.5, control=0.0001)], True),
    ],
)
def test_other_statements_must_not_be_shown_slower(effects: list[Effect], ok: bool | None) -> None:
    """
    A statement is worse when the lower end of its interval says so, by a noticeable time, with enough rounds.
    """
    assert ok == guards.others(effects, writes=[]).ok


@pytest.mark.parametrize(("low", "ok"), [(1.2, True), (1.6, False)])
def test_the_same_plan_may_feel_another_statement_leave(low: float, ok: bool) -> None:
    """
    Work that is the same may take a quarter longer with colder caches, and not half as long again.
    """
    effects = [effect("a", 0.5), effect("same", low)]

    assert (ok, False) == (guards.others(effects, [], alike=["same"]).ok, guards.others(effects, []).ok)


@pytest.mark.parametrize(("calls", "ok"), [(2, True), (8, False)])
def test_a_rare_loss_may_be_paid_for_and_is_told(calls: float, ok: bool) -> None:
    """
    At its pessimistic end a report loses 0.38 s: twice that is a fiftieth of what is saved, eight times is more.
    """
    effects = [effect("a", 0.5), effect("report", 1.4, control=0.7)]
    guard = guards.others(effects, [], paid=guards.Paid(100.0, {"a": 100.0, "report": calls}))

    assert ok == guard.ok
    assert "report takes" in guard.detail


def test_what_nobody_counted_is_not_paid_for() -> None:
    """
    Without its calls a statement's loss has no bound, and is a veto.
    """
    assert False is guards.others([effect("report", 1.4)], [], paid=guards.Paid(1e9, {})).ok


def test_writes_are_judged_apart() -> None:
    """
    A slow write fails the guard of writes and not the one of reads.
    """
    effects = [effect("read", 0.5), effect("write", 1.4)]

    assert (True, False) == (guards.others(effects, ["write"]).ok, guards.writes(effects, ["write"], {}).ok)


@pytest.mark.parametrize(
    ("writing", "unsampled", "ok"),
    [([], {}, True), ([], {"a": False}, True), ([], {"a": True}, None), (["a"], {}, None)],
)
def test_writes_nobody_saw_are_not_good_news(writing: list[str], unsampled: dict[str, bool], ok: bool | None) -> None:
    """
    No write in the window holds; a write that cannot be repeated is not known.
    """
    assert ok == guards.writes([], writing, unsampled).ok


@pytest.mark.parametrize(
    ("equivalence", "ok"),
    [
        ({}, None),
        ({"compared": 0}, None),
        ({"compared": 3, "unequal": []}, True),
        ({"compared": 3, "unequal": [{"query_id": "a"}]}, False),
    ],
)
def test_rows_must_be_the_same(equivalence: dict[str, Any], ok: bool | None) -> None:
    """
    One different result is enough; none compared is not known.
    """
    assert ok == guards.rows(equivalence).ok


def block(control: int, candidate: int) -> Block:
    """
    A round with these errors.
    """
    return Block(index=0, order="", control={}, candidate={}, control_errors=control, candidate_errors=candidate)


@pytest.mark.parametrize(
    ("blocks", "warm_up", "ok"),
    [
        ([], 0, None),
        ([block(0, 0)], 0, True),
        ([block(2, 0)], 0, True),
        ([block(0, 1)], 0, False),
        ([block(2, 1)], 0, False),
        ([block(0, 0)], 1, False),
    ],
)
def test_new_errors_are_never_outweighed(blocks: list[Block], warm_up: int, ok: bool | None) -> None:
    """
    An execution that fails only with the change fails the guard, however many fail only without it.
    """
    assert ok == guards.errors(blocks, 0, warm_up).ok


@pytest.mark.parametrize(("added", "ok"), [(None, None), (0, True), (100, True), (101, False)])
def test_the_size_has_a_limit(added: int | None, ok: bool | None) -> None:
    """
    Up to the limit holds; an unknown size is not known.
    """
    assert ok == guards.size(added, 100.0).ok


@pytest.mark.parametrize(("low", "ok"), [(1.06, True), (1.09, True), (1.11, False)])
def test_writes_may_lose_a_tenth(low: float, ok: bool) -> None:
    """
    A write is worse from 10 % on, as an index always costs writes something.
    """
    assert ok == guards.writes([effect("w", low)], ["w"], {}).ok


def test_the_worst_that_cannot_be_excluded_is_told() -> None:
    """
    A guard that held says how much worse it might be all the same.
    """
    assert "at the most × 1.1" in guards.others([effect("a", 0.5), effect("b", 1.0)], []).detail


@pytest.mark.parametrize(
    ("low", "support", "ok"),
    [
        ({"a": 0.9, "b": 1.0}, {"a": 500, "b": 500}, True),
        ({"a": 0.5, "b": 1.06}, {"a": 500, "b": 500}, False),
        ({"a": 0.5, "b": 1.06}, {"a": 500, "b": 99}, None),
        ({"a": 0.5}, {"a": 500}, None),
        ({"a": 0.5, "b": 1.0, "rare": 2.0}, {"a": 500, "b": 500, "rare": 3}, True),
        ({"a": 1.2}, {"a": 500}, False),
        ({}, {}, None),
    ],
)
def test_every_route_that_matters_must_be_seen(low: dict[str, float], support: dict[str, int], ok: bool | None) -> None:
    """
    Worse routes fail; a route with 1 % of the calls and no data is not good news; a rarer one is not asked for.
    """
    found = guards.routes(
        [effect(name, value) for name, value in low.items()], {"a": 90, "b": 9.5, "rare": 0.5}, support
    )

    assert ok is found.ok


@pytest.mark.parametrize(
    ("one", "two", "ok"),
    [
        ((0, 1000), (0, 1000), True),
        ((3, 1000), (4, 1000), True),
        ((0, 1000), (20, 1000), False),
        ((20, 1000), (0, 1000), True),
        ((0, 99), (0, 1000), None),
        ((0, 0), (0, 0), None),
        ((0, 100), (100, 100), False),
    ],
)
def test_errors_must_not_be_shown_to_be_more(one: tuple[int, int], two: tuple[int, int], ok: bool | None) -> None:
    """
    The share of errors is worse when the lower end of its difference says so, by a tenth of a point.
    """
    assert ok is guards.error_rate(one, two).ok


@pytest.mark.parametrize("judge", [guards.memory, guards.cpu, guards.disk])
@pytest.mark.parametrize(
    ("one", "two", "ok"),
    [(1e8, 1e8, True), (1e8, 1.09e8, True), (1e8, 1.11e8, False), (None, 1.0, None), (1.0, None, None),
     (0.0, 1.0, None)],
)  # fmt: skip
def test_resources_may_grow_by_a_tenth(judge: Any, one: float | None, two: float | None, ok: bool | None) -> None:
    """
    More than 10 % fails, and what was not measured is not known.
    """
    assert ok is judge(one, two).ok


def test_a_little_more_of_a_little_is_nobody_s_business() -> None:
    """
    Two starts of one small program differ by some megabytes, and two runs of a quick answer by some microseconds.
    """
    assert (True, False) == (guards.memory(20e6, 26e6).ok, guards.memory(20e6, 30e6).ok)
    assert (True, False) == (guards.cpu(0.0005, 0.0006).ok, guards.cpu(0.0005, 0.0008).ok)
