"""
What the agents have recorded, as traffic: who asked is a principal or nobody, and nothing else is known of him.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hasten.errors import ConfigError
from hasten.model import Noun
from hasten.world.load.plan import LoadRequest
from hasten.world.recorder import Recorded, Request
from hasten.world.recordings.routes import Routes
from hasten.world.recordings.tally import FAILED, LEAVES, STATIC, UNKNOWN_IDENTITY, Recording, Tally, is_static, leaves


class Identity(Noun, frozen=True, kw_only=True):
    """
    Somebody who asked: a label, how often, and for which routes most.
    """

    label: str
    requests: int
    routes: list[str]


def identities(found: Recorded, routes: Routes) -> list[Identity]:
    """
    Who asked, the busiest first; whoever is not logged in is none of them.
    """
    by_label: dict[str, Counter[str]] = {}
    for each in found.requests:
        if each.identity:
            by_label.setdefault(each.identity, Counter())[_route(each, routes)] += 1
    ordered = sorted(by_label.items(), key=lambda item: (-item[1].total(), item[0]))
    return [
        Identity(label=label, requests=counts.total(), routes=[name for name, _ in counts.most_common(3)])
        for label, counts in ordered
    ]


def mapped(
    known: Sequence[Identity], pairs: Iterable[str], principals: Sequence[str], *, spread: bool
) -> dict[str, str]:
    """
    The principal of each label.

    Args:
        pairs: `LABEL=PRINCIPAL`; the beginning of a label is enough where no other begins like it.
        spread: Whether the others are dealt out to the principals in turn, the busiest first.

    Raises:
        ConfigError: a label or a principal is not known, or is not the only one.
    """
    chosen: dict[str, str] = {}
    names = [*principals, "anonymous"]
    for pair in pairs:
        start, equals, principal = pair.partition("=")
        fitting = [each.label for each in known if start and each.label.startswith(start)]
        if not equals or len(fitting) != 1:
            raise ConfigError(
                f"{pair!r} names {len(fitting) or 'no'} identities of the recording",
                hint="write it as LABEL=PRINCIPAL; `hasten traffic show` lists the labels",
            )
        if principal not in names:
            raise ConfigError(
                f"{principal!r} is no principal of hasten.toml", hint=f"known: {', '.join(names)}; add [[principals]]"
            )
        chosen[fitting[0]] = principal
    if spread:
        if not principals:
            raise ConfigError("hasten.toml has no principals", hint="add [[principals]], or leave --spread out")
        left = [each.label for each in known if each.label not in chosen]
        chosen |= {label: principals[at % len(principals)] for at, label in enumerate(left)}
    return chosen


def read_recorded(found: Recorded, principals: Mapping[str, str], routes: Routes) -> Recording:
    """
    The requests of a recording, with the moments at which they came.

    Args:
        principals: By label; whose label is not there is left out.
    """
    tally = Tally(found.id)
    first = found.requests[0].at if found.requests else 0.0
    for each in found.requests:
        reason = _reason(each, principals)
        if reason is not None:
            tally.drop(reason)
            continue
        request = LoadRequest(
            method=each.method,
            path=each.path,
            route=_route(each, routes),
            headers=each.headers,
            principal=principals[each.identity] if each.identity else "anonymous",
            at=[round(each.at - first, 3)],
        )
        tally.add(request)
    return tally.recording()


def lines_of(recording: Recording) -> bytes:
    """
    The requests as [traffic] requests reads them, the most frequent first.
    """
    return b"".join(msgspec.json.encode(_line(each)) + b"\n" for each in recording.requests)


def _line(request: LoadRequest) -> dict[str, Any]:
    line: dict[str, Any] = {
        "name": request.route,
        "method": request.method,
        "path": request.path,
        "principal": request.principal,
        "weight": int(request.weight),
        "at": request.at,
    }
    return {**line, "headers": request.headers} if request.headers else line


def _reason(request: Request, principals: Mapping[str, str]) -> str | None:
    if request.identity and request.identity not in principals:
        return UNKNOWN_IDENTITY
    if is_static(request.path):
        return STATIC
    if leaves(request.path):
        return LEAVES
    return FAILED if request.status >= 400 else None


def _route(request: Request, routes: Routes) -> str:
    return f"{request.method} {request.route}" if request.route else routes.name(request.method, request.path)
