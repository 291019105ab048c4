"""
Hashes that tell whether two values are equal, and nothing else.

They are keyed with random bytes that never leave the memory of this process, so nobody can try values out; a hash from
one process says nothing in another. What cannot be compared for certain has no hash: values of classes that are not
known here (asking those for a text could run code of the application), and very long ones.
"""

import os
import sys
from typing import Any

from hasten_runtime.telemetry import pulse

try:
    # What hashlib has it from; hashlib itself loads OpenSSL, and this is imported beside asyncio.
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

BYTES = 8
#: Of all values of one step; hashing as much takes a tenth of a millisecond.
MOST_BYTES = 64 * 1024
MOST_VALUES = 5_000
MOST_DEPTH = 50
_NUMBERS = (int, float, complex)
#: Classes of these modules have a text that says all of them.
_CLEAR = frozenset(("datetime", "decimal", "uuid", "ipaddress", "fractions"))
_key = os.urandom(16)


class _Unknown(Exception):
    """
    A value that cannot be compared.
    """


def keyed(data: bytes = b"") -> Any:
    """
    The hash as far as this data; more may be added with `update`.
    """
    return blake2b(data, digest_size=BYTES, key=_key)


def digest_of(values: Any) -> str:
    """
    The hash of a value; the empty string where it cannot be compared.
    """
    parts: list[bytes] = []
    try:
        _take_apart(values, parts, [MOST_BYTES, MOST_VALUES], MOST_DEPTH)
    except _Unknown:
        return ""
    found: str = keyed(b"".join(parts)).hexdigest()
    return found


def _take_apart(value: Any, parts: list[bytes], left: list[int], depth: int) -> None:
    """
    The parts of the value, each with its kind and its length, so that no two values have the same parts.
    """
    left[1] -= 1
    if left[1] < 0 or not depth:
        raise _Unknown
    if isinstance(value, (list, tuple)):
        parts.append(b"l%d:" % len(value))
        for each in value:
            _take_apart(each, parts, left, depth - 1)
    elif isinstance(value, dict):
        parts.append(b"d%d:" % len(value))
        for name, each in value.items():
            _take_apart(name, parts, left, depth - 1)
            _take_apart(each, parts, left, depth - 1)
    else:
        kind, data = _plain(value)
        left[0] -= len(data)
        if left[0] < 0:
            raise _Unknown
        parts.append(b"%s%d:" % (kind, len(data)))
        parts.append(data)


def _plain(value: Any) -> tuple[bytes, bytes]:
    if value is None:
        return b"n", b""
    if isinstance(value, str):
        return b"s", _short(value).encode("utf-8", "surrogatepass")
    if isinstance(value, (bytes, bytearray)):
        return b"b", bytes(_short(value))
    if isinstance(value, _NUMBERS):
        # An enumeration's member would have another text.
        return b"i", next(each for each in _NUMBERS if isinstance(value, each)).__repr__(value).encode()
    if type(value).__module__ in _CLEAR:
        return type(value).__name__.encode(), str(value).encode()
    inner = _wrapped(value)
    if inner is not None:
        return b"w", digest_of(inner).encode()
    raise _Unknown


def _short(value: Any) -> Any:
    if len(value) > MOST_BYTES:
        raise _Unknown
    return value


def _wrapped(value: Any) -> Any:
    """
    What the drivers' wrappers for JSON hold.
    """
    for module, name, inside in (
        ("psycopg.types.json", "_JsonWrapper", "obj"),
        ("psycopg2._json", "Json", "adapted"),
    ):
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(value, kind):
            inner = getattr(value, inside)
            if not digest_of(inner):
                raise _Unknown
            return inner
    return None


def forget() -> None:
    """
    Hashes from now on have nothing to do with those before.
    """
    global _key
    _key = os.urandom(16)


pulse.after_fork(forget)
