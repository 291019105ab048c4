"""
Event loops that are held.
"""

import asyncio
from time import perf_counter_ns as now
from typing import Any

import pytest

from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.traces import stalls
from hasten_runtime.telemetry.traces.stalls import LEAST_NS, MOST_PLACES, UNSEEN, Stepped, by_place, count, held
from hasten_runtime.telemetry.traces.trace import Trace


def work(duration_ns: int) -> None:
    """
    The processor is busy for that long.
    """
    until = now() + duration_ns
    while now() < until:
        sum(range(100))


def stepped(inner: Any, of: Trace) -> Any:
    """
    What comes of it, in a loop.
    """

    async def main() -> Any:
        return await Stepped(inner, of)

    return asyncio.run(main())


def test_a_long_step_is_a_stall(of: Trace) -> None:
    """
    Its begin and end are exact; waiting is none.
    """

    async def app() -> str:
        await asyncio.sleep(0.03)
        began = now()
        work(LEAST_NS + 1_000_000)
        seen.extend((began, now()))
        await asyncio.sleep(0)
        return "done"

    seen: list[int] = []

    assert "done" == stepped(app(), of)
    ((kind, from_ns, to_ns, *_),) = of.steps
    assert "stall" == kind
    assert from_ns <= seen[0] <= seen[1] <= to_ns
    assert {} == by_place


def test_a_short_step_is_none(of: Trace) -> None:
    """
    Nothing is noticed of what holds the loop for a moment.
    """

    async def app() -> None:
        for _ in range(3):
            work(100_000)
            await asyncio.sleep(0)

    stepped(app(), of)

    assert [] == [each for each in of.steps if each[2] - each[1] < LEAST_NS]


def test_what_has_told_of_itself_is_not_told_twice(of: Trace) -> None:
    """
    Of a long step only the rest around a known stall is added, if it is long itself.
    """

    async def app() -> None:
        work(LEAST_NS + 1_000_000)
        began = now()
        work(2_000_000)
        held(began, "a synchronous call")

    stepped(app(), of)
    known, rest = of.steps

    assert "a synchronous call" == known[3]
    assert "test_what_has_told_of_itself_is_not_told_twice" not in str(rest[6])
    assert rest[2] == known[1]


def test_a_call_that_waits_holds_only_a_loop(of: Trace) -> None:
    """
    Where no loop runs it is nobody's problem.
    """
    held(now() - LEAST_NS, "a synchronous call")

    assert [] == of.steps


def test_a_call_that_waits_for_nothing_is_no_stall(of: Trace) -> None:
    """
    Below a millisecond it is not worth a step.
    """

    async def main() -> None:
        held(now() - 1000, "a synchronous call")

    asyncio.run(main())

    assert [] == of.steps


@pytest.mark.parametrize("error", [ValueError("no"), asyncio.CancelledError(), KeyboardInterrupt()])
def test_errors_go_both_ways(of: Trace, error: BaseException) -> None:
    """
    What is thrown in arrives inside, and what is raised inside arrives outside, the same object.
    """

    async def app() -> None:
        try:
            await asyncio.sleep(0)
        except type(error) as found:
            seen.append(found)
            raise

    seen: list[BaseException] = []
    steps = Stepped(app(), of).__await__()
    next(steps)
    with pytest.raises(type(error)) as raised:
        steps.throw(error)

    assert [error] == seen
    assert raised.value is error


def test_closing_closes_what_is_inside(of: Trace) -> None:
    """
    A request that nobody goes on with runs its `finally`.
    """
    seen = []

    async def app() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            seen.append("closed")

    steps = Stepped(app(), of).__await__()
    next(steps)
    steps.close()

    assert ["closed"] == seen


def test_anything_that_can_be_awaited_is() -> None:
    """
    An iterator that cannot be sent anything will do.
    """

    class Plain:
        def __await__(self) -> Any:
            return iter(())

    assert stepped(Plain(), Trace(0, 0.0, 1)) is None


def test_a_stall_within_another_is_not_told() -> None:
    """
    Of a call that is made of others there is one stall, at the place of the whole; it is counted once.
    """
    place = (("shop/a.py", 1, "f"),)
    inner = ("stall", 10, 20, "ssl", "", -1, ())
    outer: Any = ("stall", 5, 5 + LEAST_NS, "httpx", "", -1, place)
    step: Any = ("client", 10, 20, "ssl", "", -1, ())
    later: Any = ("stall", 6 + LEAST_NS, 6 + 2 * LEAST_NS, "x", "", -1, ())
    found = stalls.outermost([inner, step, outer, later])  # type: ignore[list-item]
    stalls.count_all(found)

    assert [outer, step, later] == found
    assert {"shop/a.py:1 f": 1, UNSEEN: 1} == {name: each.count for name, each in by_place.items()}


def test_the_line_that_was_seen_most_is_the_place(of: Trace) -> None:
    """
    Of what was seen during the stall; what was seen before does not count.
    """

    async def app() -> None:
        of.sights.append((now() - 1, (("old", 1, "f"),)))
        work(LEAST_NS)
        of.sights.extend((now(), ((name, 1, "f"),)) for name in ("a", "b", "b"))
        work(LEAST_NS)

    stepped(app(), of)

    assert [(("b", 1, "f"),)] == [each[6] for each in of.steps]
    assert [] == of.sights


def test_places_are_bounded() -> None:
    """
    However many there are.
    """
    for number in range(MOST_PLACES + 5):
        count(LEAST_NS, (("shop/a.py", number, "f"),))

    assert MOST_PLACES + 1 == len(by_place)
    assert 5 == by_place[stalls.OTHERS].count
    assert 1 == by_place["shop/a.py:0 f"].count
    pulse.forget()
    assert {} == by_place
