"""
Coded bodies that are kept, so that what never changes is compressed once.

The name of a variant is the SHA-256 of the plain body: whatever a path or an ETag claims, equal bytes have equal
variants and other bytes have others, so nothing here can be stale or somebody else's.
"""

from collections import OrderedDict
from hashlib import sha256
from typing import Optional

#: What the bookkeeping of one variant takes besides its bytes, roughly (key, ordered dict).
OVERHEAD_BYTES = 300

Key = tuple[bytes, str, int]


def key_of(body: bytes, coding: str, level: int) -> Key:
    """
    The name of a variant.
    """
    return (sha256(body).digest(), coding, level)


def smaller(coded: bytes, body: bytes) -> Optional[bytes]:
    """
    The coded body, or None where coding did not help.
    """
    return coded if len(coded) < len(body) else None


class Kept:
    """
    The variants of one process, the least recently used leaving first. `None` in place of bytes: coding does not help.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Optional[bytes]] = OrderedDict()
        #: What is kept, with the bookkeeping.
        self.size_bytes = 0

    def __contains__(self, key: Key) -> bool:
        """
        Whether it is known what becomes of this body.
        """
        return key in self._kept

    def used(self, key: Key) -> Optional[bytes]:
        """
        The variant of a key that is there; it is the last one to leave now.
        """
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep(self, key: Key, variant: Optional[bytes], most_bytes: int) -> None:
        """
        The variant is there, unless it alone is larger than the bound; together they are not.
        """
        size = len(variant or b"") + OVERHEAD_BYTES
        if size > most_bytes or key in self._kept:
            return
        self._kept[key] = variant
        self.size_bytes += size
        while self.size_bytes > most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self.size_bytes -= len(oldest or b"") + OVERHEAD_BYTES
