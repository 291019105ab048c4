"""
Relations that a traced request has loaded together with their objects, and whether anybody has read them.

A relation is an attribute that an ORM fills with other objects. Whoever loads one notes it here (`begun`),
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
from hasten_runtime.telemetry.callers import own_frames
from hasten_runtime.telemetry.traces import bypass, trace
from hasten_runtime.telemetry.traces.loads import MOST_TIMES, UNREAD, UNSEEN, Load, Loads, Time

#: Of one request. Beyond it nothing is said.
MOST_RELATIONS = 100
#: Requests whose relations are still watched: more than are traced at once and wait for being written.
MOST_OPEN = 128
#: What noting an object costs.
OBJECT_NS = 1_000

#: What tells attributes apart (names, or whatever the hooks of an ORM have) of relations that were loaded by a traced
#: request and that nobody has read so far.
awaited: frozenset[Any] = frozenset()
_open: list[Loads] = []
_changing = _thread.allocate_lock()


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
        if of.loads is None:
            return []
        of.cost_ns += OBJECT_NS * sum(len(load.holders) for load in of.loads.values())
        return _steps(of.loads, of.ended_ns)
    except Exception as error:
        say_once("relations", "relations that are loaded are missing in a trace: " + reason_of(error))
        return []


def let_go(of: trace.Trace) -> None:
    """
    The trace will not be written, so nobody waits for a read any longer. Never raises.
    """
    try:
        if of.loads is not None:
            _forgo(of.loads)
    except Exception as error:
        say_once("relations", "relations are watched for nothing: " + reason_of(error))


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
