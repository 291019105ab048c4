"""
Whether somebody still has objects of an ORM, or only they each other.

Objects that know each other (a parent its children, these their parent, a query set the object that it belongs to) stay
in memory until the garbage collector comes, which may be much later. So from the objects on, as far as there are only
containers and what ORMs make, it is counted how often each is referred to from within. Whatever is referred to more
often than that, somebody outside has, and with it all that it leads to.

Somebody may be garbage as well, such as the context of a template. So once for all traces that are written together the
collector is asked for the young ones, which takes about a millisecond; unless the application has switched it off.
"""

import gc
import sys
from time import perf_counter_ns as now
from typing import Any, Optional

#: Looked at for one request. Where there are more, somebody may have them.
MOST_OBJECTS = 20_000
_CONTAINERS = (dict, list, tuple, set)
#: Modules of what ORMs put between an object and those that it knows.
_BETWEEN = frozenset(("django.db.models.base", "sqlalchemy.orm.state", "sqlalchemy.orm.collections"))


#: When the young ones were collected.
_collected_ns = 0


def is_kept(references: list[Any], since_ns: int) -> bool:
    """
    Whether somebody has one of the objects of these weak references.

    Args:
        since_ns: When the request was over that had them.
    """
    global _collected_ns
    found = _is_kept(references)
    if found and _collected_ns <= since_ns and gc.isenabled():
        _collected_ns = now()
        gc.collect(1)
        found = _is_kept(references)
    return found


def _is_kept(references: list[Any]) -> bool:
    inside = {id(holder): holder for holder in (refers() for refers in references) if holder is not None}
    if not inside:
        return False
    holders = set(inside)
    within = _counted(inside)
    return within is None or _leads_to(_from_outside(inside, within), inside, holders)


def _counted(inside: dict[int, Any]) -> Optional[dict[int, int]]:
    """
    How often each object is referred to from within; all that the objects lead to is inside now. None of too many.
    """
    within = dict.fromkeys(inside, 0)
    new = list(inside.values())
    while new:
        for each in gc.get_referents(new.pop()):
            key = id(each)
            if key in within:
                within[key] += 1
            elif _is_inner(each):
                within[key] = 1
                inside[key] = each
                new.append(each)
                if len(inside) > MOST_OBJECTS:
                    return None
    return within


def _is_inner(each: Any) -> bool:
    # Only its class is asked: some objects load what they are when they are.
    kind = type(each)
    if kind in _CONTAINERS:
        return gc.is_tracked(each)
    if issubclass(kind, type):
        return False
    return kind.__module__ in _BETWEEN or "_sa_class_manager" in kind.__dict__ or _is_of_django(kind)


def _is_of_django(kind: type) -> bool:
    query, base = sys.modules.get("django.db.models.query"), sys.modules.get("django.db.models.base")
    return query is not None and base is not None and issubclass(kind, (query.QuerySet, base.Model))


def _from_outside(inside: dict[int, Any], within: dict[int, int]) -> list[Any]:
    """
    The objects that are referred to by more than what is inside.
    """
    # One that nobody else has: how often this very function refers to an object differs from one Python to another.
    inside[0] = []
    counts = {key: sys.getrefcount(each) for key, each in inside.items()}
    del inside[0]
    own = counts.pop(0)
    return [inside[key] for key, count in counts.items() if count - own > within[key]]


def _leads_to(roots: list[Any], inside: dict[int, Any], holders: set[int]) -> bool:
    seen = {id(each) for each in roots}
    new = roots
    while new:
        each = new.pop()
        if id(each) in holders:
            return True
        for referent in gc.get_referents(each):
            if id(referent) in inside and id(referent) not in seen:
                seen.add(id(referent))
                new.append(referent)
    return False
