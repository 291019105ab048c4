"""
Where work is done that takes long.
"""

import asyncio
import threading

import pytest

from hasten_runtime.http.aside import at_once, here, in_a_thread


def test_beside_a_loop_a_thread_does_it() -> None:
    """
    The loop's own thread does not; the result comes back.
    """
    name = asyncio.run(in_a_thread(lambda: threading.current_thread().name))

    assert name != threading.current_thread().name


def test_without_a_loop_it_is_done_at_once() -> None:
    """
    Whoever asks does it, and an error is theirs.
    """
    seen: list[str] = []

    async def work() -> None:
        seen.append(await here(lambda: threading.current_thread().name))
        await here(int, "no number")

    with pytest.raises(ValueError, match="no number"):
        at_once(work())

    assert [threading.current_thread().name] == seen


def test_work_that_waits_is_given_up() -> None:
    """
    Nobody would ever wake it, so it is said and not hung on to.
    """
    done: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            done.append("cleaned up")

    with pytest.raises(RuntimeError, match="waits for an event loop"):
        at_once(work())

    assert ["cleaned up"] == done
