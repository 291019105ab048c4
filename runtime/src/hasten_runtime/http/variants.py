"""
Coded bodies in an event loop: what takes long is compressed in a thread, once for everybody who waits for it.
"""

import asyncio
from functools import partial
from typing import Optional

from hasten_runtime.http.aside import in_a_thread
from hasten_runtime.http.codings import packed
from hasten_runtime.http.kept import Kept, Key, key_of, smaller

#: Compressing less than this is quicker than asking a thread to do it (gzip -6: 1 ms for 32 KiB).
INLINE_BYTES = 32 * 1024


class Variants:
    """
    The variants of one process, made and kept.
    """

    def __init__(self) -> None:
        self._kept = Kept()
        self._coming: dict[Key, asyncio.Future[Optional[bytes]]] = {}
        self.made = 0

    @property
    def size_bytes(self) -> int:
        """
        What is kept, with the bookkeeping.
        """
        return self._kept.size_bytes

    async def of(self, body: bytes, coding: str, level: int, most_bytes: int) -> Optional[bytes]:
        """
        The coded body, or None where it would not be smaller. Requests that ask together wait for one compression.
        """
        key = key_of(body, coding, level)
        if key in self._kept:
            return self._kept.used(key)
        coming = self._coming.get(key)
        if coming is None:
            coming = asyncio.ensure_future(self._make(key, body, most_bytes))
            self._coming[key] = coming
            coming.add_done_callback(partial(self._done, key))
        # A client that goes away must not take the compression from those who wait with it.
        return await asyncio.shield(coming)

    async def once(self, body: bytes, coding: str, level: int) -> Optional[bytes]:
        """
        The same, not kept; other requests go on meanwhile.
        """
        if len(body) < INLINE_BYTES:
            return smaller(packed(coding, level, body), body)
        # The compressors let go of the interpreter.
        return smaller(await in_a_thread(packed, coding, level, body), body)

    async def _make(self, key: Key, body: bytes, most_bytes: int) -> Optional[bytes]:
        _, coding, level = key
        self.made += 1
        variant = await self.once(body, coding, level)
        self._kept.keep(key, variant, most_bytes)
        return variant

    def _done(self, key: Key, done: "asyncio.Future[Optional[bytes]]") -> None:
        self._coming.pop(key, None)
        # Looked at, so that asyncio does not complain of a failure that nobody waited for.
        if not done.cancelled():
            done.exception()
