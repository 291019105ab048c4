"""
What one request has loaded together with its objects, and what is known of each relation in the end.
"""

from typing import Any

from hasten_runtime.telemetry.callers import Frame
from hasten_runtime.telemetry.traces import keeping

#: Objects of one relation. Beyond it nothing is said.
MOST_OBJECTS = 10_000
#: In a request, of one relation, that are told one by one.
MOST_TIMES = 20

#: Whether somebody read it: yes; no; not while it was watched, but the objects are still there; perhaps, for an object
#: went past the hooks; perhaps, for there is code that reads past them.
READ, UNREAD, KEPT, PASSED, UNSEEN = "read", "unread", "kept", "passed", "unseen"


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
