"""
Coded bodies that are kept, so that what never changes is compressed once.

The name of a variant is the SHA-256 of the plain body: whatever a path or an ETag claims, equal bytes have equal
variants and other bytes have others, so nothing here can be stale or somebody else's.
"""

import asyncio
from collections import OrderedDict
from hashlib import sha256
from typing import Optional

from hasten_runtime.http.codings import packed

#: Compressing less than this is quicker than asking a thread to do it (gzip -6: 1 ms for 32 KiB).
INLINE_BYTES = 32 * 1024
#: What the bookkeeping of one variant takes besides its bytes, roughly (key, ordered dict).
OVERHEAD_BYTES = 300

Key = tuple[bytes, str, int]


async def compressed(body: bytes, coding: str, level: int) -> Optional[bytes]:
    """
    The coded body, or None where it would not be smaller; other requests go on meanwhile.
    """
    if len(body) < INLINE_BYTES:
        coded = packed(coding, level, body)
    else:
        # The compressors let go of the interpreter.
        coded = await asyncio.get_running_loop().run_in_executor(None, packed, coding, level, body)
    return coded if len(coded) < len(body) else None


class Variants:
    """
    The variants of one process, the least recently used leaving first. `None` in place of bytes: coding does not help.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Optional[bytes]] = OrderedDict()
        self._size = 0
        self._coming: dict[Key, asyncio.Future[Optional[bytes]]] = {}
        self.made = 0

    @property
    def size_bytes(self) -> int:
        """
        What is kept, with the bookkeeping.
        """
        return self._size

    async def of(self, body: bytes, coding: str, level: int, most_bytes: int) -> Optional[bytes]:
        """
        The coded body, or None where it would not be smaller. Requests that ask together wait for one compression.
        """
        key = (sha256(body).digest(), coding, level)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        coming = self._coming.get(key)
        if coming is None:
            coming = asyncio.ensure_future(self._make(key, body, most_bytes))
            self._coming[key] = coming
            coming.add_done_callback(lambda done: self._done(key, done))
        # A client that goes away must not take the compression from those who wait with it.
        return await asyncio.shield(coming)

    async def _make(self, key: Key, body: bytes, most_bytes: int) -> Optional[bytes]:
        _, coding, level = key
        self.made += 1
        variant = await compressed(body, coding, level)
        self._keep(key, variant, most_bytes)
        return variant

    def _done(self, key: Key, done: "asyncio.Future[Optional[bytes]]") -> None:
        self._coming.pop(key, None)
        # Looked at, so that asyncio does not complain of a failure that nobody waited for.
        if not done.cancelled():
            done.exception()

    def _keep(self, key: Key, variant: Optional[bytes], most_bytes: int) -> None:
        size = len(variant or b"") + OVERHEAD_BYTES
        if size > most_bytes:
            return
        self._kept[key] = variant
        self._size += size
        while self._size > most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest or b"") + OVERHEAD_BYTES
