"""
A relation is loaded together with its objects, and nobody reads it.

What it means: the query or the mapping asks for related objects ahead of time (`selectinload`, `joinedload`,
    `lazy="selectin"`, `prefetch_related`, `select_related`), and no code of the request touches the attribute.
Why it costs: the server looks the rows up and sends them, the ORM makes objects of them, for nothing.
How it is found: followed requests whose ORM has filled the attribute, where no code read it until the request was over
    and its objects were gone. Cost: requests per day × the time of the statements that load the relation and nothing
    else; of a join, the share of the statement's columns that are the relation's. What the ORM does with the rows
    comes on top.
Minimum support: five requests of the route that loaded at least one related object, and none of all that loaded the
    relation that read it. SQLAlchemy 1.4 to 2.1, Django 3.2 to 5.2.
What could be wrong: requests that were not followed may read it, as those of other people. What could be read without
    the attribute is not judged: objects that are pickled, merged, deleted or kept beyond the request, classes that read
    their own `__dict__`, and applications whose code reads `__dict__` of other objects. A library that does so unseen
    would look like nobody.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from hasten.diagnose import _eager, _traces, _words, cost
from hasten.diagnose._eager import Loaded
from hasten.diagnose.about import About
from hasten.errors import NoData
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.target import Target

about = About(
    symptom="unused_eager_load",
    title="A relation is loaded, and nobody reads it",
    phase=2,
    place='the relation, "Order.lines"',
    reads=("traces",),
    minimum={"requests": 5},
    treated_by=("database.query_rewrites",),
)

#: How each way is taken back.
_INSTEAD = {
    "prefetch": "leave it out of prefetch_related",
    "select_related": "leave it out of select_related",
}
_INSTEAD_OF_OTHERS = 'take the option out of this query, or let the mapping say lazy="select"'


@dataclass
class _InRoute:
    """
    What one route does with one relation. followed: its requests; loads: those that load something, one for each.
    """

    followed: int
    loads: list[Loaded] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """
        What loading it takes in a mean request of the route.
        """
        return sum(each.seconds for each in self.loads) / self.followed


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per relation.

    Raises:
        NoData: code of the application may have read what seems unread.
    """
    found: dict[str, dict[str, _InRoute]] = defaultdict(dict)
    unseen: set[str] = set()
    for route, requests in _traces.followed(observation).items():
        for relation, loads in _eager.by_relation(requests).items():
            verdicts = {each.verdict for each in loads}
            if verdicts == {_eager.UNREAD}:
                good = [each for each in loads if each.rows and 200 <= each.status < 400]
                if len(good) >= about.minimum["requests"]:
                    found[relation][route] = _InRoute(len(requests), good)
            elif verdicts <= {_eager.UNREAD, _eager.UNSEEN}:
                unseen.add(relation)
    if unseen and not found:
        raise NoData(
            f"whether {_words.listed(sorted(unseen))} was read is not known, for code of the application reads __dict__"
        )
    return [_finding(relation, routes, observation) for relation, routes in sorted(found.items())]


def _finding(relation: str, routes: dict[str, _InRoute], observation: Observation) -> Finding:
    per_day = {route: cost.requests_per_day(route, observation) * each.seconds for route, each in routes.items()}
    worst = max(routes, key=lambda route: per_day[route])
    loads = routes[worst].loads
    way, place = _traces.most_common(each.way for each in loads), _traces.most_common(each.place for each in loads)
    statement = _traces.most_common(each.statement for each in loads)
    rows = sum(each.rows for each in loads) / len(loads)
    return Finding(
        symptom=about.symptom,
        where=Where(kind="code", name=relation),
        cost_s_per_day=cost.cost_s_per_day(1.0, sum(per_day.values())),
        says=f"{worst} loads {relation} ({way}, {_words.count(rows)} objects) and none of {len(loads)} requests that "
        f"were followed reads it; {_INSTEAD.get(way, _INSTEAD_OF_OTHERS)}"
        + (f"; at {place}" if place else "")
        + (f": {_words.statement(statement, 120)}" if statement else ""),
        evidence={
            "relation": relation,
            "way": way,
            "statement": statement,
            "requests": [
                _line(route, routes[route], per_day[route]) for route in sorted(routes, key=lambda each: -per_day[each])
            ][:10],
        },
    )


def _line(route: str, of: _InRoute, per_day_s: float) -> dict[str, object]:
    inside = sum(each.request_s for each in of.loads)
    return {
        "route": route,
        "requests_followed": of.followed,
        "requests_that_load_it": len(of.loads),
        "requests_that_read_it": 0,
        "objects_per_request": round(sum(each.rows for each in of.loads) / len(of.loads), 1),
        "caller": _traces.most_common(each.place for each in of.loads),
        "avoidable_s": round(sum(each.seconds for each in of.loads) / len(of.loads), 6),
        "share_of_request": round(sum(each.seconds for each in of.loads) / inside, 4) if inside else None,
        "s_per_day": round(per_day_s, 3),
    }
