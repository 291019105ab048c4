"""
For how long, and by whom, an answer may be kept that says nothing of it itself: its Cache-Control.

`immutable` for the files of a build whose names hold a digest of their content, a short life for pictures and fonts,
`no-cache` for everything else: kept, and asked for before it is used again. A rule names the paths of the first two.
A file with a date is used by browsers for a while without asking (RFC 9111 §4.2.2); that is not taken from them.

`private`, so that no shared cache may keep it, unless nothing in the request could tell who asks. That hides in more
places than Cookie and Authorization, so all headers count but for a short list.
"""

import re
from typing import Any, NamedTuple

from hasten_runtime.http import headers as edit

YEAR_S = 31_536_000
#: Headers of a request that are the same whoever asks, or that every cache has to go by anyway.
OF_NOBODY = frozenset(
    {
        b"accept", b"accept-charset", b"accept-encoding", b"accept-language", b"cache-control", b"connection",
        b"content-length", b"content-type", b"dnt", b"forwarded", b"host", b"if-match", b"if-modified-since",
        b"if-none-match", b"if-range", b"if-unmodified-since", b"origin", b"pragma", b"priority", b"range",
        b"referer", b"save-data", b"te", b"traceparent", b"tracestate", b"upgrade-insecure-requests", b"user-agent",
        b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-proto", b"x-real-ip",
        b"x-request-id",
    }
)  # fmt: skip
OF_NOBODY_TOO = (b"sec-fetch-", b"sec-ch-", b"sec-gpc")
_SCRIPTS = frozenset({
    "text/css", "text/javascript", "application/javascript", "application/x-javascript", "application/wasm",
})  # fmt: skip
_FONTS = frozenset({"application/font-woff", "application/vnd.ms-fontobject"})

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?=(?:.*\d){2})(?=.*[a-f])[0-9a-f]{8,64}\Z")
_BASE32 = re.compile(r"(?=.*[2-7])(?=.*[A-Z])[A-Z2-7]{8}\Z")
#: The lengths that bundlers take: Vite 8, webpack 16 to 22.
_BASE64 = re.compile(r"(?:[A-Za-z0-9_-]{8}|[A-Za-z0-9]{16,24})\Z")


class Asked(NamedTuple):
    """
    What of a request and its answer decides how the answer may be kept.

    kind: The content type without its parameters.
    is_open: Nothing tells who asks.
    is_dated: The answer has Last-Modified.
    """

    kind: str
    path: str
    is_open: bool = True
    has_query: bool = False
    is_dated: bool = False


def cache_control(asked: Asked, settings: dict[str, Any]) -> bytes:
    """
    What an answer says by the settings of a rule; nothing where there is nothing to say.
    """
    kind, path, is_open, has_query, is_dated = asked
    said = b"" if is_dated and is_asset(kind) else b"no-cache"
    if is_asset(kind) and _is_in(path, settings["immutable"]) and is_hashed(path):
        said = b"max-age=%d, immutable" % YEAR_S
    elif is_picture(kind) and is_open and not has_query and _is_in(path, settings["short"]):
        # With credentials it may be somebody's own, and the next one at this browser must not see it.
        said = b"max-age=%d" % settings["short_s"]
    return said if is_open else b", ".join(filter(None, (b"private", said)))


def is_open(scope: dict[str, Any], headers: list[Any]) -> bool:
    """
    Whether nothing in the request, and nothing that the answer says in Vary, could tell who asks.
    """
    tls = (scope.get("extensions") or {}).get("tls") or {}
    if tls.get("client_cert_name") or tls.get("client_cert_chain"):
        return False
    names = [key.lower() for key, _ in scope["headers"]]
    names += [name.encode("latin-1") for name in edit.tokens(headers, b"vary")]
    return all(name in OF_NOBODY or name.startswith(OF_NOBODY_TOO) for name in names)


def is_hashed(path: str) -> bool:
    """
    Whether the last part of the path holds a digest as bundlers write it: index-BwT3xk2a.js, main.3f2a1b9c.css.

    Dates, versions, numbers, words and UUIDs are none: a UUID names a thing, whose content may change.
    """
    *stems, _ = path.rpartition("/")[2].split(".")
    if _UUID.search(path):
        return False
    return any(_is_digest(token) for stem in stems[-2:] for token in _tokens(stem))


def is_asset(kind: str) -> bool:
    """
    Whether the type is one of the files that a build makes. A page is none: some servers answer with it for a file
    that is gone.
    """
    return kind in _SCRIPTS or is_picture(kind)


def is_picture(kind: str) -> bool:
    """
    Whether the type is a picture's or a font's.
    """
    return kind.startswith(("image/", "font/")) or kind in _FONTS


def _tokens(stem: str) -> set[str]:
    found = {re.split("[-_]", stem)[-1]}
    if len(stem) == 8 or (len(stem) > 8 and stem[-9] in "-_"):
        # The digits of Base64 for addresses include both separators.
        found.add(stem[-8:])
    return found


def _is_digest(token: str) -> bool:
    if _HEX.match(token) or _BASE32.match(token):
        return True
    if not _BASE64.match(token):
        return False
    changes = _changes(token)
    return changes >= 4 or (changes == 3 and token.isalnum() and any(each.isdigit() for each in token[:-1]))


def _changes(token: str) -> int:
    """
    How often the kind of letter changes within a word: at random more often than where somebody chose it.
    """
    kinds = "".join(
        "A" if each.isupper() else "a" if each.islower() else "0" if each.isdigit() else "-" for each in token
    )
    return sum(one != other and "-" not in (one, other) for one, other in zip(kinds, kinds[1:]))


def _is_in(path: str, patterns: tuple[re.Pattern[str], ...]) -> bool:
    return any(pattern.fullmatch(path) for pattern in patterns)
