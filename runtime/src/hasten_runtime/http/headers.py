"""
Header lists as ASGI has them, and the few changes that a coding of the body asks for.
"""

from collections.abc import Iterable
from typing import Any, Optional

Headers = list[tuple[bytes, bytes]]
CODING = b"content-encoding"

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


def with_vary(headers: Iterable[Any], *names: bytes) -> Headers:
    """
    The headers with those names in Vary (Accept-Encoding, if none is given): one line, in the place of the first that
    was there, each name in it once. Some caches read the first line only.
    """
    found = list(headers)
    lines = [at for at, (key, _) in enumerate(found) if key.lower() == b"vary"]
    members: dict[bytes, bytes] = {}
    for value in [*(found[at][1] for at in lines), *(names or (b"Accept-Encoding",))]:
        for member in bytes(value).split(b","):
            members.setdefault(member.strip().lower(), member.strip())
    members.pop(b"", None)
    whole = b"*" if b"*" in members else b", ".join(members.values())
    if not lines:
        return [*found, (b"vary", whole)]
    merged = (found[lines[0]][0], whole)
    return [merged if at == lines[0] else each for at, each in enumerate(found) if at == lines[0] or at not in lines]


def with_one_vary(headers: Iterable[Any]) -> Headers:
    """
    The headers with what they say in Vary in one line, if they say anything.
    """
    found = list(headers)
    has = [value for key, value in found if key.lower() == b"vary" and value.strip(b" \t,")]
    return with_vary(found, *has) if len(has) > 1 else found


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


def media_type(headers: list[Any]) -> str:
    """
    The content type without its parameters, in lower case.
    """
    return (first(headers, b"content-type") or b"").decode("latin-1").partition(";")[0].strip().lower()


def length_of(headers: list[Any]) -> Optional[int]:
    """
    The length that the application declares, if it is a number.
    """
    value = first(headers, b"content-length") or b""
    return int(value) if value.isdigit() else None
