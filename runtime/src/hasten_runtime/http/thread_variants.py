"""
Coded bodies where each request has a thread: it compresses by itself, and who wants the same bytes waits for it.

Coroutines in form alone (see `aside`): no event loop is there, and none is imported.
"""

import os
from _thread import LockType, allocate_lock
from typing import Optional

from hasten_runtime.http.codings import packed
from hasten_runtime.http.kept import Kept, Key, key_of, smaller


class ThreadVariants:
    """
    The variants of one process, made and kept; a process that was forked off begins with none.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._kept = Kept()
        self._lock = allocate_lock()
        self._coming: dict[Key, LockType] = {}
        self.made = 0
        self._pid = os.getpid()

    @property
    def size_bytes(self) -> int:
        """
        What is kept, with the bookkeeping.
        """
        return self._kept.size_bytes

    def kept(self, key: Key) -> bool:
        """
        Whether the answer for this key is known without compressing.
        """
        with self._lock:
            return key in self._kept

    async def of(self, body: bytes, coding: str, level: int, most_bytes: int) -> Optional[bytes]:
        """
        The coded body, or None where it would not be smaller. Threads that ask together wait for one compression.
        """
        if self._pid != os.getpid():
            # Another thread may have held a lock when the process was forked, and is not there to let go of it.
            self._begin()
        key = key_of(body, coding, level)
        with self._lock:
            if key in self._kept:
                return self._kept.used(key)
            coming = self._coming.setdefault(key, allocate_lock())
        with coming:
            with self._lock:
                if key in self._kept:
                    return self._kept.used(key)
            return self._make(key, body, most_bytes)

    async def once(self, body: bytes, coding: str, level: int) -> Optional[bytes]:
        """
        The same, not kept. The compressors let go of the interpreter.
        """
        return smaller(packed(coding, level, body), body)

    def _make(self, key: Key, body: bytes, most_bytes: int) -> Optional[bytes]:
        _, coding, level = key
        try:
            variant = smaller(packed(coding, level, body), body)
            with self._lock:
                self.made += 1
                self._kept.keep(key, variant, most_bytes)
        finally:
            with self._lock:
                self._coming.pop(key, None)
        return variant
