"""
Relations that a traced request has loaded together with their objects, and whether anybody has read them.

A relation is an attribute that an ORM fills with other objects. Whoever loads one notes it here (`begun`, `loaded`),
and the hooks of the attributes say what was read (`seen`): of the request's own code by the relation, of anybody else's
by the very object. Until the trace is written `awaited` names the attributes that nobody has read yet, so that any
other attribute, in any request, costs one look at a set.

What may have been read past the hooks was not unread: objects that are pickled, deleted, merged or turned inside out
(`passed`), those that outlive the request, and all of them where code of the application reads `__dict__` (`bypass`).
Kept are names, counts and weak references.
"""

import _thread
from time import perf_counter_ns as now
from typing import Any, Optional

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.callers import Frame, own_frames
from hasten_runtime.telemetry.traces import bypass, keeping, trace

#: Of one request; and objects of one relation. Beyond it nothing is said.
MOST_RELATIONS = 100
MOST_OBJECTS = 20_000
#: In a request, of one relation, that are told one by one.
MOST_TIMES = 20
#: Requests whose relations are still watched: about a second's.
MOST_OPEN = 64

#: Whether somebody read it: yes; no; not while it was watched, but the objects are still there; perhaps, for an object
#: went past the hooks; perhaps, for there is code that reads past them.
READ, UNREAD, KEPT, PASSED, UNSEEN = "read", "unread", "kept", "passed", "unseen"

#: What tells attributes apart (names, or whatever the hooks of an ORM have) of relations that were loaded by a traced
#: request and that nobody has read so far.
awaited: frozenset[Any] = frozenset()
_open: list["Loads"] = []
_changing = _thread.allocate_lock()


class Time:
    """
    When a relation was loaded, where, and how many objects the attributes were filled with.
    """

    __slots__ = ("began_ns", "ended_ns", "frames", "load", "rows")

    def __init__(self, load: "Load", began_ns: int, frames: tuple[Frame, ...]) -> None:
        self.load, self.began_ns, self.ended_ns, self.frames = load, began_ns, began_ns, frames
        self.rows = 0


class Load:
    """
    One relation that was loaded with its objects.

    Attributes:
        key: What `awaited` has of it.
        holders: The objects that have the attribute, by their id: weak references.
        is_past: Whether it may have been read past the hooks.
        times: Each time that it was loaded.
    """

    __slots__ = ("holders", "is_past", "is_read", "key", "name", "times")

    def __init__(self, name: str, key: Any) -> None:
        self.name, self.key = name, key
        self.is_read = self.is_past = False
        self.holders: dict[int, Any] = {}
        self.times: list[Time] = []

    def add(self, holder: Any, reference: Any) -> None:
        """
        The attribute of one more object was filled.
        """
        if len(self.holders) < MOST_OBJECTS:
            self.holders[id(holder)] = reference
        else:
            self.is_past = True

    def verdict(self, ended_ns: int) -> str:
        """
        Whether it was read, as far as can be known once the request is over.
        """
        if self.is_read:
            return READ
        if self.is_past:
            return PASSED
        return KEPT if keeping.is_kept(list(self.holders.values()), ended_ns) else UNREAD


class Loads(dict[int, Load]):
    """
    The relations that one request has loaded, each by the id of what describes it to the ORM.
    """

    __slots__ = ()


def begun(relation: int, name: str, key: Any, began_ns: int) -> Optional[Time]:
    """
    The request under way here loads this relation; None where it is not traced. Never raises.

    Args:
        relation: The id of what describes it to the ORM.
        name: `selectin Order.lines order_lines`: the way in which it is loaded, what is filled, and the table.
    """
    try:
        of = trace.current()
        if of is None:
            return None
        began_at_ns = now()
        load = _load_of(of, relation, name, key)
        if load is None:
            return None
        time = Time(load, began_ns, own_frames() if len(load.times) < MOST_TIMES else ())
        if len(load.times) < MOST_TIMES:
            load.times.append(time)
        of.cost_ns += now() - began_at_ns
        return time
    except Exception as error:
        say_once("relations", "a relation that is loaded is missing in a trace: " + reason_of(error))
        give_up()
        return None


def _load_of(of: trace.Trace, relation: int, name: str, key: Any) -> Optional[Load]:
    if of.loads is None:
        loads = Loads()
        _watch(loads)
        of.loads = loads
    load: Optional[Load] = of.loads.get(relation)
    if load is None and len(of.loads) < MOST_RELATIONS:
        load = of.loads[relation] = Load(name, key)
        _count()
    return load


def seen(relation: int, instance: Any) -> None:
    """
    Somebody reads the relation of that object. Never raises.
    """
    try:
        here = trace.here()
        own = None if here is None else here.loads
        for loads in _open[:]:
            load = loads.get(relation)
            if load is not None and not load.is_read and (loads is own or id(instance) in load.holders):
                load.is_read = True
                _count()
    except Exception as error:
        _unknown(error)


def passed(instance: Any) -> None:
    """
    All relations of that object, and all of the request under way here, may be read past the hooks. Never raises.
    """
    try:
        here = trace.here()
        own = None if here is None else here.loads
        for loads in _open[:]:
            for load in list(loads.values()):
                if loads is own or id(instance) in load.holders:
                    load.is_past = True
    except Exception as error:
        _unknown(error)


def steps(of: trace.Trace) -> list[trace.Step]:
    """
    What is known of the relations of a request that is over. They are not watched any longer. Never raises.
    """
    try:
        return [] if of.loads is None else _steps(of.loads, of.ended_ns)
    except Exception as error:
        say_once("relations", "relations that are loaded are missing in a trace: " + reason_of(error))
        return []


def _steps(loads: Loads, ended_ns: int) -> list[trace.Step]:
    verdicts = [(load, load.verdict(ended_ns)) for load in loads.values()]
    _forgo(loads)
    if any(verdict == UNREAD for _, verdict in verdicts) and bypass.is_there():
        verdicts = [(load, UNSEEN if verdict == UNREAD else verdict) for load, verdict in verdicts]
    return [
        ("eager", each.began_ns, each.ended_ns, load.name, verdict, each.rows, each.frames)
        for load, verdict in verdicts
        if load.holders
        for each in load.times
    ]


def _watch(loads: Loads) -> None:
    with _changing:
        if len(_open) >= MOST_OPEN:
            _give_up(_open.pop(0))
        _open.append(loads)


def _forgo(loads: Loads) -> None:
    with _changing:
        _open[:] = [each for each in _open if each is not loads]
    _count()


def _give_up(loads: Loads) -> None:
    for load in list(loads.values()):
        load.is_past = True


def _count() -> None:
    """
    `awaited` is up to date.
    """
    global awaited
    with _changing:
        awaited = frozenset([load.key for loads in _open for load in list(loads.values()) if not load.is_read])


def _unknown(error: Exception) -> None:
    """
    What was read is not known, so nothing that is loaded now is called unread.
    """
    say_once("relations read", "which relations are read is not known: " + reason_of(error))
    give_up()


def give_up() -> None:
    """
    Of nothing that is loaded now it is known whether it is read.
    """
    for loads in _open[:]:
        _give_up(loads)


def forget() -> None:
    """
    No relation was loaded yet.
    """
    global awaited, _changing
    # The lock may have been held by a thread of the parent, which is not here.
    _changing = _thread.allocate_lock()
    _open.clear()
    awaited = frozenset()


pulse.after_fork(forget)
