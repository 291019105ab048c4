"""
Header lists as ASGI has them, and the few changes that a coding of the body asks for.
"""

from collections.abc import Iterable
from typing import Any, Optional

Headers = list[tuple[bytes, bytes]]

#: Digests of the very bytes on the wire, or signatures over them: what is signed is not ours to change.
SEALS = frozenset({b"content-digest", b"digest", b"content-md5", b"signature"})


def first(headers: Iterable[Any], name: bytes) -> Optional[bytes]:
    """
    The value of the first header of that name (lower case), or None.
    """
    for key, value in headers:
        if key.lower() == name:
            return bytes(value)
    return None


def joined(headers: Iterable[Any], name: bytes) -> Optional[str]:
    """
    All values of that name as the one list that they stand for (RFC 9110 §5.3), or None.
    """
    values = [value for key, value in headers if key.lower() == name]
    return b", ".join(values).decode("latin-1") if values else None


def tokens(headers: Iterable[Any], name: bytes) -> set[str]:
    """
    The members of a list header in lower case, without what follows a `=` or `;`.
    """
    members = (joined(headers, name) or "").lower().split(",")
    return {member.partition(";")[0].partition("=")[0].strip() for member in members} - {""}


def without(headers: Iterable[Any], *names: bytes) -> Headers:
    """
    The headers but those, in their order.
    """
    return [(key, value) for key, value in headers if key.lower() not in names]


def with_vary(headers: Iterable[Any]) -> Headers:
    """
    The headers with Accept-Encoding in Vary: merged into the one that is there, the first if there are several.
    """
    found = list(headers)
    named = tokens(found, b"vary")
    if "*" in named or "accept-encoding" in named:
        return found
    for at, (key, value) in enumerate(found):
        if key.lower() == b"vary":
            found[at] = (key, value + b", Accept-Encoding" if value.strip() else b"Accept-Encoding")
            return found
    return [*found, (b"vary", b"Accept-Encoding")]


def with_weak_etag(headers: Iterable[Any]) -> Headers:
    """
    The headers with a weak ETag where there was a strong one.

    A strong one says that two bodies are the same byte by byte; the plain and the coded one are not (RFC 9110 §8.8.3).
    A weak one says that they mean the same, which is so, and the application still recognizes it in If-None-Match.
    """
    return [
        (key, b"W/" + value) if key.lower() == b"etag" and value.startswith(b'"') else (key, value)
        for key, value in headers
    ]
