"""
What of a request may be written down: its path, its query and three headers, if all of it is harmless.

A request with anything else in it is withheld as a whole, for a part of it would be another request.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from hasten_runtime.recorder.vocabulary import LONG, NEVER, PEOPLE, PERSONAL, PLACES, SECRET, WRITTEN
from hasten_runtime.recorder.words import is_harmless, is_number, is_uuid

LONGEST_PATH = 200
LONGEST_QUERY = 500
MOST_PARAMETERS = 20

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}(?:\[[A-Za-z0-9_-]{0,20}\]){0,3}\Z")
_MEDIA = re.compile(
    r"([a-z]{1,20}|\*)/([a-z0-9.+*-]{1,60})((?:;(?:q|v|version|charset)=[a-z0-9.-]{1,10})*)\Z", re.IGNORECASE
)
_LANGUAGE = re.compile(
    r"(?:[a-z]{2,3}(?:-(?:[a-z]{2,4}|[0-9]{3})){0,2}|\*)(?:;q=[01](?:\.[0-9]{1,3})?)?\Z", re.IGNORECASE
)
_HARD = "%"


class Withheld(Exception):
    """
    The request is not written down; says which part of it could be something else than harmless.
    """


def path_of(path: str, *, uuids: bool) -> str:
    """
    The path as it is written down.

    Args:
        path: Decoded, as the application gets it.
        uuids: Whether they are identifiers here, and open nothing.

    Raises:
        Withheld: something in it is not known to be harmless.
    """
    if not path.startswith("/") or len(path) > LONGEST_PATH or not path.isascii():
        raise Withheld("path")
    before = ""
    for segment in path[1:].split("/"):
        if segment and not is_number(segment) and not (uuids and is_uuid(segment)):
            if not is_harmless(segment):
                raise Withheld("path")
            if before in PEOPLE and segment.lower() not in PLACES:
                raise Withheld("path")
            words = _words(segment)
            if words & NEVER or {"log", "out"} <= words or {"sign", "out"} <= words or {"log", "in"} <= words:
                raise Withheld("link")
        before = segment.lower() or before
    return path


def query_of(query: str, *, uuids: bool, allowed: Iterable[str]) -> str:
    """
    The query as it is written down, "" for none: the same names and values, encoded in one way.

    Args:
        allowed: Names whose values may be words of any meaning; secrets they may not be either.

    Raises:
        Withheld: something in it is not known to be harmless.
    """
    if not query:
        return ""
    pairs = query.split("&")
    if len(query) > LONGEST_QUERY or len(pairs) > MOST_PARAMETERS or not query.isascii():
        raise Withheld("query")
    return "&".join(_pair(pair, uuids, allowed) for pair in pairs)


def headers_of(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """
    The headers that an answer may depend on and that say nothing of who asks.

    Raises:
        Withheld: one of them holds something else than it is for.
    """
    found: dict[str, str] = {}
    for name, raw in headers:
        value = raw.decode("latin-1").strip()
        if name in (b"accept", b"accept-language"):
            parts = value.replace(" ", "").split(",")
            is_one = _is_media if name == b"accept" else _is_language
            if len(parts) > 20 or name.decode() in found or not all(map(is_one, parts)):
                raise Withheld("header")
            found[name.decode()] = ", ".join(parts)
        elif name == b"x-requested-with" and value == "XMLHttpRequest":
            found["x-requested-with"] = value
    return found


def _pair(pair: str, uuids: bool, allowed: Iterable[str]) -> str:
    raw_name, equals, raw_value = pair.partition("=")
    name, value = unquote_plus(raw_name), unquote_plus(raw_value)
    # What is still encoded was encoded twice, and hides something.
    if not _NAME.match(name) or not all(map(is_harmless, re.split(r"[][]+", name.strip("]")))) or _HARD in value:
        raise Withheld("query")
    if value and not is_harmless(value) and not (uuids and is_uuid(value)):
        raise Withheld("query")
    if name not in allowed and not _is_open(name, value):
        raise Withheld("query")
    shown = name.replace("[", "%5B").replace("]", "%5D")
    return shown + equals + value.replace(" ", "+").replace(":", "%3A") if equals else shown


def _is_open(name: str, value: str) -> bool:
    """
    Whether values of that name are nobody's business to hide.
    """
    words = _words(name)
    if words & SECRET:
        return False
    if words & {"id", "ids"} and all(map(is_number, value.split(","))):
        return True
    if words & (PERSONAL | WRITTEN) or any(each in name.lower() for each in LONG):
        return False
    return " " not in value


def _words(text: str) -> set[str]:
    return {each.lower() for each in _WORDS.findall(text)} | {text.lower()}


def _is_media(part: str) -> bool:
    found = _MEDIA.match(part)
    if found is None:
        return False
    subtype: Any = found.group(2).replace("+", "-")
    return subtype == "*" or is_harmless(subtype)


def _is_language(part: str) -> bool:
    return _LANGUAGE.match(part) is not None
