"""
Parameter shapes: which kinds of parameters a route is asked with, and whether a replay covered all of them.

`?page=3&status=open` has the shape `page=number&status=open`: a word out of a short list is a kind of its own, because
routes branch on such words; numbers, dates and free text are kinds.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from urllib.parse import parse_qsl

from hasten.world.load.plan import LoadRequest

#: A parameter with more different words than this takes free text.
MOST_WORDS = 12
#: A shape counts as covered after so many clean comparisons (it answers wrongly in less than 26 %, at 95 %) …
LEAST_PER_SHAPE = 10
#: … with so many different requests, or all that are known where they are fewer.
LEAST_DIFFERENT = 5

_KINDS = (
    ("empty", re.compile(r"")),
    ("number", re.compile(r"\d{1,18}")),
    ("negative", re.compile(r"-\d{1,18}")),
    ("decimal", re.compile(r"-?\d*\.\d+")),
    ("uuid", re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("time", re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")),
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,30}")


class Shapes:
    """
    The shapes of requests, learned from all that are known: only they tell a short list of words from free text.
    """

    def __init__(self, known: Iterable[LoadRequest]) -> None:
        self._words: dict[tuple[str, str], set[str]] = defaultdict(set)
        different = list(known)
        for request in different:
            for name, value in parameters_of(request):
                if _WORD.fullmatch(value):
                    self._words[request.name, name].add(value)
        self.known: dict[tuple[str, str], set[str]] = defaultdict(set)
        for request in different:
            self.known[request.name, self.of(request)].add(identity_of(request))

    def of(self, request: LoadRequest) -> str:
        """
        The shape of one request; who asks is part of it.
        """
        parts = sorted(f"{name}={self._kind(request.name, name, value)}" for name, value in parameters_of(request))
        return f"{'&'.join(parts) or 'no parameters'} as {request.principal}"

    def _kind(self, route: str, name: str, value: str) -> str:
        for kind, pattern in _KINDS:
            if pattern.fullmatch(value):
                return kind
        if _WORD.fullmatch(value) and len(self._words[route, name]) <= MOST_WORDS:
            return value
        return "text"


class Coverage:
    """
    Which shapes were compared how often, with how many different requests.
    """

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._clean: Counter[tuple[str, str]] = Counter()
        self._different: dict[tuple[str, str], set[str]] = defaultdict(set)

    def add(self, request: LoadRequest) -> None:
        """
        A clean comparison of that request counts.
        """
        key = (request.name, self._shapes.of(request))
        self._clean[key] += 1
        self._different[key].add(identity_of(request))

    def of(self, route: str) -> tuple[int, int]:
        """
        How many shapes of a route are known, and how many of them are covered.
        """
        keys = [key for key in self._shapes.known if key[0] == route]
        return len(keys), sum(map(self._is_covered, keys))

    def _is_covered(self, key: tuple[str, str]) -> bool:
        wanted = min(LEAST_DIFFERENT, len(self._shapes.known[key]))
        return self._clean[key] >= LEAST_PER_SHAPE and len(self._different[key]) >= wanted


def parameters_of(request: LoadRequest) -> list[tuple[str, str]]:
    """
    The parameters of a request: of its query, of its path where the route has a variable, and of a JSON body's top.
    """
    bare, _, query = request.path.partition("?")
    template = request.name.partition(" ")[2] or request.name
    found = parse_qsl(query, keep_blank_values=True)
    steps, pattern = bare.split("/"), template.split("/")
    if len(steps) == len(pattern):
        found += [(name, step) for name, step in zip(pattern, steps, strict=True) if name.startswith("{")]
    return found + _members(request.body)


def identity_of(request: LoadRequest) -> str:
    """
    What makes two requests the same one.
    """
    return f"{request.method} {request.path} {sorted(request.headers.items())} {request.principal} {request.body!r}"


def _members(body: bytes) -> list[tuple[str, str]]:
    try:
        value = json.loads(body) if body else None
    except ValueError:
        return [("(body)", "text")]
    if not isinstance(value, dict):
        return [] if value is None else [("(body)", type(value).__name__)]
    return [(f"body.{name}", item if isinstance(item, str) else json.dumps(item)) for name, item in value.items()]
