"""
Gathers recorded requests: equal ones are one with more weight, and what is left out is counted with the reason.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from urllib.parse import parse_qsl

import msgspec

from hasten.log import redact
from hasten.model import Noun
from hasten.world.load.plan import LoadRequest

#: Different requests that are kept; the most frequent ones stay.
MAX_DIFFERENT = 5_000
#: Different requests in memory while a log is read.
MAX_HELD = 200_000

#: Reasons for leaving a request out.
UNKNOWN_IDENTITY = "identity is no known principal"
STATIC = "static file"
FAILED = "failed when it was recorded (4xx, 5xx)"
OTHER_HOST = "other host"
LEAVES = "logs in or out"
TOO_RARE = f"not among the {MAX_DIFFERENT} most frequent"

#: Headers of a recording that say who asked.
CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token", "x-csrf-token"})
_STATIC_ENDINGS = (
    ".js", ".mjs", ".css", ".map", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".woff", ".woff2",
    ".ttf", ".mp4", ".webm", ".wasm", ".txt", ".webmanifest",
)  # fmt: skip
_CREDENTIAL = re.compile(
    r"(?ix) ((access|auth|id|refresh|session|api|bearer)[_-]?)? (token|jwt) | (api|access)[_-]?key"
    r" | (client[_-]?)? secret | pass(word|wd)? | (j|php)? sess(ion)? [_-]? (id)?"
    r" | sid | sig(nature)? | credentials? | auth(orization)?"
)
_LEAVES = ("logout", "log-out", "signout", "sign-out", "login", "log-in", "signin", "sign-in")


class KnownUser(Protocol):
    """
    What is needed of a principal to find it in a recording.
    """

    @property
    def name(self) -> str: ...
    @property
    def user(self) -> str: ...


class Recording(Noun, frozen=True, kw_only=True):
    """
    Weighted requests without credentials, and how many were left out for which reason.

    `per_day`: requests of a day, where the recording has times.
    """

    source: str
    requests: list[LoadRequest]
    dropped: dict[str, int] = {}
    per_day: float | None = None


class Tally:
    """
    Takes one recorded request after another.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._held: dict[tuple[str, str, str, bytes], LoadRequest] = {}
        self._weights: Counter[tuple[str, str, str, bytes]] = Counter()
        self._at: dict[tuple[str, str, str, bytes], list[float]] = {}
        self.dropped: Counter[str] = Counter()
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._timed = 0

    def add(self, request: LoadRequest, at: datetime | None = None) -> None:
        """
        The request counts, unless the query holds a credential: whose it is cannot be said.
        """
        if holds_credential(request.path):
            self.drop(UNKNOWN_IDENTITY)
            return
        key = (request.method, request.path, request.principal, request.body)
        if key not in self._held:
            if len(self._held) >= MAX_HELD:
                self.drop(TOO_RARE)
                return
            self._held[key] = request
        self._at.setdefault(key, []).extend(request.at)
        self._weights[key] += request.weight  # type: ignore[assignment]  # weights may be fractions
        if at is not None:
            self._first = min(self._first or at, at)
            self._last = max(self._last or at, at)
            self._timed += 1

    def drop(self, reason: str) -> None:
        """
        A request is left out.
        """
        self.dropped[reason] += 1

    def recording(self) -> Recording:
        """
        What was gathered, the most frequent first.
        """
        ordered = self._weights.most_common()
        for _ in ordered[MAX_DIFFERENT:]:
            self.drop(TOO_RARE)
        requests = [
            msgspec.structs.replace(self._held[key], weight=float(weight), at=self._at[key])
            for key, weight in ordered[:MAX_DIFFERENT]
        ]
        return Recording(
            source=self._source, requests=requests, dropped=dict(sorted(self.dropped.items())), per_day=self._per_day()
        )

    def _per_day(self) -> float | None:
        if self._first is None or self._last is None:
            return None
        seconds = (self._last - self._first).total_seconds()
        # Out of less than a minute no day can be told.
        return self._timed / seconds * 86_400 if seconds >= 60 else None


def holds_credential(path: str) -> bool:
    """
    Whether the query says who asks.
    """
    names = [name for name, _ in parse_qsl(path.partition("?")[2], keep_blank_values=True)]
    return any(_CREDENTIAL.fullmatch(name) for name in names) or redact(path) != path


def is_static(path: str) -> bool:
    """
    Whether the path names a built file rather than an answer of the application.
    """
    return path.partition("?")[0].lower().endswith(_STATIC_ENDINGS)


def leaves(path: str) -> bool:
    """
    Whether the request would begin or end a session, which is Hasten's own to do.
    """
    return any(part in _LEAVES for part in path.partition("?")[0].lower().split("/"))


def kept_headers(headers: Mapping[str, str], wanted: frozenset[str]) -> dict[str, str]:
    """
    Of recorded headers those that an answer depends on, without credentials; names in lower case.
    """
    return {
        name.lower(): value
        for name, value in headers.items()
        if name.lower() in wanted and name.lower() not in CREDENTIALS
    }
