"""
What all nouns have in common: frozen data with one canonical form in JSON.
"""

import hashlib
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class Noun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """
    Frozen data with a canonical JSON form.
    """


def to_json(value: Any) -> bytes:
    """
    The canonical JSON of a noun: equal values give equal bytes (keys sorted).
    """
    return msgspec.json.encode(value, order="deterministic")


def from_json(data: bytes | str, kind: type[T]) -> T:
    """
    The noun that `to_json` wrote.

    Raises:
        msgspec.ValidationError: the data is of another form.
    """
    return msgspec.json.decode(data, type=kind)


def digest_of(value: Any, length: int = 12) -> str:
    """
    A short, stable name for a value: SHA-256 over its canonical JSON, `length` hex digits.
    """
    return hashlib.sha256(to_json(value)).hexdigest()[:length]
