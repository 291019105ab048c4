"""
Which URLs are tried, and how one is asked for that nothing has stored yet.
"""

import random
from collections.abc import Iterable

from hasten.verify.answers.shapes import identity_of
from hasten.world.load.plan import LoadRequest
from hasten.world.traffic import SAFE_METHODS

#: A parameter that no application knows: with another value of it a URL is in no cache yet.
UNKNOWN = "hasten-cold"


def chosen(requests: Iterable[LoadRequest], per_route: int, seed: int) -> list[LoadRequest]:
    """
    Different safe requests, at most so many of each route; who had asked does not matter, since everybody will.
    """
    by_route: dict[str, dict[str, LoadRequest]] = {}
    for request in requests:
        if request.method in SAFE_METHODS:
            nobodys = LoadRequest(
                method=request.method, path=request.path, route=request.name, headers=request.headers, body=request.body
            )
            by_route.setdefault(request.name, {})[identity_of(nobodys)] = nobodys
    found = []
    for route, different in sorted(by_route.items()):
        kept = [different[key] for key in sorted(different)]
        found += random.Random(f"{seed}:{route}").sample(kept, min(per_route, len(kept)))  # noqa: S311
    return found


def with_parameter(request: LoadRequest, value: str) -> LoadRequest:
    """
    The same request with one parameter more, which means nothing.
    """
    sign = "&" if "?" in request.path else "?"
    return LoadRequest(
        method=request.method,
        path=f"{request.path}{sign}{UNKNOWN}={value}",
        route=request.name,
        headers=request.headers,
        body=request.body,
        principal=request.principal,
    )
