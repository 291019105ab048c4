"""
What takes long where the event loop is trio's: in a thread, as with asyncio, and once for everybody who waits for it.

Trio is the server's and is there already; it is never imported from here.
"""

import sys
from collections.abc import Coroutine
from typing import Any, Callable, Optional

from hasten_runtime.http.kept import key_of
from hasten_runtime.http.thread_variants import ThreadVariants
from hasten_runtime.http.variants import INLINE_BYTES


async def in_a_thread(do: Callable[..., Any], *args: Any) -> Any:
    """
    What `do` gives, once a thread has done it; other requests go on meanwhile.
    """
    return await sys.modules["trio"].to_thread.run_sync(do, *args)


class TrioVariants:
    """
    The variants of one process, made and kept: those of threads, asked for from threads.
    """

    def __init__(self) -> None:
        self._inner = ThreadVariants()

    async def of(self, body: bytes, coding: str, level: int, most_bytes: int) -> Optional[bytes]:
        """
        The coded body, or None where it would not be smaller. Requests that ask together wait for one compression.
        """
        work = self._inner.of(body, coding, level, most_bytes)
        if len(body) < INLINE_BYTES or self._inner.kept(key_of(body, coding, level)):
            return _done(work)
        variant: Optional[bytes] = await in_a_thread(_done, work)
        return variant

    async def once(self, body: bytes, coding: str, level: int) -> Optional[bytes]:
        """
        The same, not kept; other requests go on meanwhile.
        """
        work = self._inner.once(body, coding, level)
        if len(body) < INLINE_BYTES:
            return _done(work)
        variant: Optional[bytes] = await in_a_thread(_done, work)
        return variant


def _done(work: "Coroutine[Any, Any, Optional[bytes]]") -> Optional[bytes]:
    """
    What the work gives; it waits for nothing that an event loop would have to tell it.
    """
    try:
        work.send(None)
    except StopIteration as end:
        found: Optional[bytes] = end.value
        return found
    work.close()
    raise RuntimeError("the work waits for an event loop")
