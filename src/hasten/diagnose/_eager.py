"""
Relations that requests have loaded together with their objects, as the agent saw it.

A step of kind `eager` is named `selectin Order.lines order_lines`: the way, the relation and its table. It lasts as
long as the statements that load it; with a join it has the time of the statement that it is a part of.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from hasten.diagnose._traces import Followed, most_common
from hasten.trace import Seen

UNREAD, UNSEEN = "unread", "unseen"

#: Ways in which the relation is a part of the statement that loads its objects.
_JOINS = frozenset({"joined", "select_related"})


@dataclass(frozen=True)
class Loaded:
    """
    One relation of one request. verdict: of all times that it was loaded, for they are one attribute.
    """

    way: str
    verdict: str
    rows: int
    seconds: float
    statement: str
    place: str
    status: int
    request_s: float


def by_relation(requests: Iterable[Followed]) -> dict[str, list[Loaded]]:
    """
    Each relation with the requests that have loaded it.
    """
    found: dict[str, list[Loaded]] = defaultdict(list)
    for request in requests:
        eager = [step for step in request.steps if step.kind == "eager"]
        statements = [step for step in request.steps if step.kind == "db"]
        of: dict[str, list[Seen]] = defaultdict(list)
        for step in eager:
            of[_words_of(step)[1]].append(step)
        for relation, steps in of.items():
            found[relation].append(_loaded(request, steps, eager, statements))
    return dict(found)


def _loaded(request: Followed, steps: list[Seen], eager: list[Seen], statements: list[Seen]) -> Loaded:
    parts = [(each, _share(step, each.name)) for step in steps for each in _statements_of(step, eager, statements)]
    dearest = max(parts, key=lambda part: part[0].seconds * part[1], default=None)
    return Loaded(
        way=_words_of(steps[0])[0],
        # If they differ, it was read at least once, or may have been.
        verdict=next((step.detail for step in steps if step.detail != UNREAD), UNREAD),
        rows=sum(max(0, step.rows) for step in steps),
        seconds=sum(each.seconds * share for each, share in parts),
        statement=dearest[0].name if dearest else "",
        place=most_common(step.place for step in steps),
        status=request.trace.status,
        request_s=request.seconds,
    )


def _statements_of(step: Seen, eager: list[Seen], statements: list[Seen]) -> list[Seen]:
    """
    The statements within it that load nothing else.
    """
    nested = [each for each in eager if each is not step and _encloses(step, each) and not _encloses(each, step)]
    return [
        each for each in statements if _encloses(step, each) and not any(_encloses(other, each) for other in nested)
    ]


def _words_of(step: Seen) -> tuple[str, str, str]:
    way, _, rest = step.name.partition(" ")
    relation, _, table = rest.partition(" ")
    return way, relation, table


def _encloses(outer: Seen, inner: Seen) -> bool:
    return outer.begins_ns <= inner.begins_ns and inner.ends_ns <= outer.ends_ns


def _share(step: Seen, statement: str) -> float:
    """
    The part of a statement that loads the relation: of a join, that of its columns among all that are selected.
    """
    way, _, table = _words_of(step)
    if way not in _JOINS:
        return 1.0
    selected = re.match(r"select\s+(?:distinct\s+)?(.*?)(?:\sfrom\s|$)", statement, re.IGNORECASE | re.DOTALL)
    columns = selected.group(1).split(",") if selected else []
    of_relation = re.compile(rf'^\s*"?(?:{re.escape(table)}(?:_\d+)?|[tT]\d+)"?\s*\.')
    return sum(bool(of_relation.match(column)) for column in columns) / len(columns) if columns else 0.0
