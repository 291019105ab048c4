"""
Who asks, and in which order: every ordered pair comes back to back, so that whoever filled a cache is followed by all.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

from hasten.model import Noun
from hasten.world.load.plan import LoadRequest

T = TypeVar("T")


class Variant(Noun, frozen=True, kw_only=True):
    """
    The same request of the same person, asked for in another way.
    """

    name: str
    headers: dict[str, str]


#: What an answer may depend on besides who asks; each is compared with what control answers to the same.
VARIANTS = [
    Variant(name="another language", headers={"accept-language": "de-CH, de;q=0.9"}),
    Variant(name="no coding", headers={"accept-encoding": "identity"}),
    Variant(name="gzip only", headers={"accept-encoding": "gzip"}),
    Variant(name="another format", headers={"accept": "text/html, text/csv;q=0.5"}),
    Variant(name="another host", headers={"host": "other.hasten.invalid"}),
    Variant(name="a part", headers={"range": "bytes=0-9"}),
    Variant(name="a cookie of nobody", headers={"cookie": "hasten_unrelated=1"}),
]


#: What a browser sends; a recorded request may say otherwise.
USUAL = {"accept": "*/*", "accept-encoding": "gzip, deflate, br", "accept-language": "en-US, en;q=0.9"}


class Asker(Noun, frozen=True, kw_only=True):
    """
    A principal, and the way in which it asks.
    """

    principal: str
    variant: str = ""
    headers: dict[str, str] = {}

    @property
    def offered(self) -> str:
        """
        The codings that it says it can read.
        """
        return self.headers.get("accept-encoding", USUAL["accept-encoding"])

    @property
    def name(self) -> str:
        """
        The asker for people.
        """
        return f"{self.principal} ({self.variant})" if self.variant else self.principal

    def asking(self, request: LoadRequest) -> LoadRequest:
        """
        The request as this asker sends it.
        """
        return LoadRequest(
            method=request.method,
            path=request.path,
            route=request.name,
            headers={**USUAL, **request.headers, **self.headers},
            body=request.body,
            principal=self.principal,
        )


def as_variant(asker: Asker, variant: Variant) -> Asker:
    """
    The same principal, asking in that way.
    """
    return Asker(principal=asker.principal, variant=variant.name, headers=variant.headers)


def every_ordered_pair(askers: Sequence[T], seed: str) -> list[T]:
    """
    A sequence in which each ordered pair of different askers is adjacent exactly once.

    It is an Eulerian circuit of the complete directed graph (Hierholzer): n(n-1)+1 long, which cannot be shorter.
    """
    if len(askers) < 2:
        return list(askers)
    rng = random.Random(seed)  # noqa: S311
    count = len(askers)
    following = {at: rng.sample([other for other in range(count) if other != at], count - 1) for at in range(count)}
    path, found = [rng.randrange(count)], []
    while path:
        if following[path[-1]]:
            path.append(following[path[-1]].pop())
        else:
            found.append(path.pop())
    return [askers[at] for at in reversed(found)]
