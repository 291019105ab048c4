"""
Whether a client has the answer already: If-None-Match and If-Modified-Since (RFC 9110 §13).

What is not well-formed is as if it were not there, so that the client gets the whole answer.
"""

import re
from typing import Any, Optional

from hasten_runtime.http import headers as edit

#: What a 304 says, if the 200 would have said it (RFC 9110 §15.4.5).
OF_304 = frozenset({b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary"})

# No two parts of it can match the same blanks, so a long header takes linear time.
_MEMBER = re.compile(r'[ \t]*(?:((?:W/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*)?(,|\Z)')
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"\Z')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (" + "|".join(_MONTHS) + r") (\d{4}) (\d\d):(\d\d):(\d\d) GMT\Z",
    re.ASCII,
)


class Preconditions:
    """
    What a request says of the answers that its client has.
    """

    def __init__(self, headers: list[Any]) -> None:
        self._known = edit.joined(headers, b"if-none-match")
        self._since = edit.joined(headers, b"if-modified-since")
        # These come before ours (RFC 9110 §13.2.2), and they are the application's to judge.
        self._is_guarded = any(key.lower() in (b"if-match", b"if-unmodified-since") for key, _ in headers)

    def has_tag(self, tag: str) -> bool:
        """
        Whether the client knows an answer of that ETag, by the weak comparison (RFC 9110 §8.8.3.2).
        """
        if self._known is None or self._is_guarded or not _TAG.match(tag):
            return False
        known = known_tags(self._known)
        return known is None or _opaque(tag) in [_opaque(each) for each in known]

    def has_since(self, modified: str) -> bool:
        """
        Whether the client has what was last modified then; only where it does not go by ETags.
        """
        if self._since is None or self._known is not None or self._is_guarded:
            return False
        ours, theirs = moment(modified), moment(self._since)
        return ours is not None and theirs is not None and ours <= theirs


def known_tags(header: str) -> Optional[list[str]]:
    """
    The members of If-None-Match, [] where it is not well-formed; None for `*`, which stands for any.
    """
    if header.strip(" \t") == "*":
        return None
    found, at = [], 0
    while True:
        member = _MEMBER.match(header, at)
        if member is None:
            return []
        if member.group(1):
            found.append(member.group(1))
        if not member.group(2):
            return found
        at = member.end()


def moment(text: str) -> Optional[tuple[int, ...]]:
    """
    A date in the form that HTTP asks for, so that the later one is greater; None for everything else.
    """
    found = _DATE.match(text.strip(" \t"))
    if found is None:
        return None
    day, month, year, *clock = found.groups()
    return (int(year), _MONTHS.index(month), int(day), *map(int, clock))


def of_304(headers: list[Any]) -> edit.Headers:
    """
    The headers of the 304 that stands for an answer with these.
    """
    return [(key, value) for key, value in headers if key.lower() in OF_304]


def _opaque(tag: str) -> str:
    return tag[2:] if tag.startswith("W/") else tag
