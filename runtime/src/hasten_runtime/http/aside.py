"""
Where work is done that takes long: beside an event loop in a thread, and where each request has a thread, right there.

So what becomes of an answer is written once, as coroutines; for WSGI none of them ever waits.
"""

from collections.abc import Awaitable, Coroutine
from typing import Any, Callable

Aside = Callable[..., Awaitable[Any]]


async def in_a_thread(do: Callable[..., Any], *args: Any) -> Any:
    """
    What `do` gives, once a thread has done it; other requests go on meanwhile.
    """
    # Not above: a worker without an event loop has no use for it.
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(None, do, *args)


async def here(do: Callable[..., Any], *args: Any) -> Any:
    """
    What `do` gives, done by whoever asks.
    """
    return do(*args)


def at_once(work: Coroutine[Any, Any, None]) -> None:
    """
    The work is done, without an event loop.

    Raises:
        RuntimeError: It waited for something, and nobody is there to wake it.
    """
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise RuntimeError("the work waits for an event loop")
