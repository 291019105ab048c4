"""
What answers hold back, all of them in this process together: a rule may want a body whole, and many at once fill memory
that an application alone, which sends piece by piece, never needs.
"""

import os
from typing import Any
from weakref import ref

#: What all answers under way may hold back; what comes beyond that goes on at once.
MOST_BYTES = 64 * 1024 * 1024

#: By answer, for as long as it is there. Each change is one step to other threads, so there is no lock.
_sizes: dict[Any, int] = {}
_pid = os.getpid()


class Holding:
    """
    The bytes of one answer that wait in memory, counted for as long as this object is there.
    """

    __slots__ = ("__weakref__", "_key")

    def __init__(self) -> None:
        self._key = ref(self, _sizes.pop)

    def fits(self, size_bytes: int) -> bool:
        """
        Whether so many bytes of this answer may wait, beside what others hold.
        """
        global _pid
        if _pid != os.getpid():
            # What a parent's answers held is not held here, and they never end in a process that was forked off.
            _pid = os.getpid()
            _sizes.update(dict.fromkeys(_sizes, 0))
        _sizes[self._key] = size_bytes
        return sum(list(_sizes.values())) <= MOST_BYTES
