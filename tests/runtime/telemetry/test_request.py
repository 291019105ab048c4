"""
What a request that is under way knows of itself.
"""

import asyncio
import contextvars

from hasten_runtime.telemetry.request import OUTSIDE, ROOM, begun, doing_now, given, set_doing


def test_each_task_has_its_own_request() -> None:
    """
    Two requests at the same time do not add to each other, and a task that one of them starts adds to it.
    """

    async def one(number: int) -> int:
        doing = begun(ROOM)
        set_doing(doing)
        for _ in range(number):
            await asyncio.create_task(add())
        return doing.statements

    async def add() -> None:
        await asyncio.sleep(0)
        doing = doing_now()
        doing.statements += 1

    async def both() -> list[int]:
        return await asyncio.gather(one(2), one(3))

    assert [2, 3] == asyncio.run(both())


def test_without_a_request_there_is_none() -> None:
    """
    Outside of requests nothing is under way.
    """
    assert contextvars.Context().run(doing_now) is OUTSIDE
    contextvars.Context().run(given, {"type": "http"})
    assert OUTSIDE.scope is None
