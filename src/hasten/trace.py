"""
A request that the agent followed: its steps, each with when it began, how long it took, and whose code made it.

Values are keyed hashes, made with a key that never left the worker: within one worker equal values have equal hashes,
between two workers nothing can be compared. Names and places of the code stand once for all traces (`Traces.names`).
"""

from dataclasses import dataclass

from hasten.authentication import is_authentication
from hasten.noun import Noun


class Step(Noun, frozen=True, kw_only=False, array_like=True):
    """
    One thing that a request did: `[kind, offset, duration, name, detail, rows, stack]`.

    kind: db · connect · pool · http · client · redis · template · serialize · dependencies · eager · thread · stall ·
        loop.
    name, stack: numbers of `Traces.names`; the stack has places of the application's code, nearest first.
    detail: a keyed hash of the values, "" where they are not known; of eager whether anybody read what was loaded.
    rows: of db the rows received, of eager the objects, of http the status; -1 where unknown.
    """

    kind: str
    offset_ns: int
    duration_ns: int
    name: int
    detail: str = ""
    rows: int = -1
    stack: list[int] = []


class Trace(Noun, frozen=True, kw_only=True):
    """
    One request from its begin in the worker to the last piece of its answer.

    route: as the load names it, "GET /api/inquiries/{id}"; as the framework does where no load asked for it.
    identity, asked, answer: keyed hashes of the credentials, of method, path, query and body, and of the answer.
    cpu_ns: processor time of its thread; -1 where others ran in between.
    measured_s: what the load generator measured for this very request; None where it did not send it.
    stands_for: of how many of the load's requests to this route it is an example.
    """

    route: str
    pid: int
    at: float
    status: int
    duration_ns: int
    cpu_ns: int = -1
    sent_bytes: int = 0
    identity: str = ""
    asked: str = ""
    answer: str = ""
    cache_control: str = ""
    sets_cookie: bool = False
    steps: list[Step] = []
    left_out: int = 0
    measured_s: float | None = None
    stands_for: float = 1.0

    @property
    def method(self) -> str:
        """
        The method of its route.
        """
        return self.route.partition(" ")[0]


class Traces(Noun, frozen=True, kw_only=True):
    """
    The requests that were followed; of each route at most as many as are useful, chosen by chance.

    read: how many there were. unread: what could not be read or was no longer there, by reason.
    """

    names: list[str] = []
    taken: list[Trace] = []
    read: int = 0
    unread: dict[str, int] = {}


class Stall(Noun, frozen=True, kw_only=True):
    """
    A line of the application that held the event loop, as counted by a worker since it began.
    """

    place: str
    count: int
    total_s: float


class WorkerProfile(Noun, frozen=True, kw_only=True):
    """
    What a worker said of itself while it was loaded.

    series: seconds since its first word, resident bytes, requests begun since it began.
    """

    pid: int
    server: str = ""
    series: list[tuple[float, int, int]] = []
    connections_opened: int | None = None
    stalls: list[Stall] = []


@dataclass(frozen=True, slots=True)
class Seen:
    """
    A step with its names; moments count from the begin of its request.
    """

    kind: str
    begins_ns: int
    ends_ns: int
    name: str
    detail: str
    rows: int
    places: tuple[str, ...]
    is_auth: bool

    @property
    def seconds(self) -> float:
        """
        How long it took.
        """
        return (self.ends_ns - self.begins_ns) / 1e9

    @property
    def place(self) -> str:
        """
        The nearest line of the application's code, "" where none was on the stack.
        """
        return self.places[0] if self.places else ""


def seen(traces: Traces, trace: Trace) -> list[Seen]:
    """
    The steps of one trace in the order in which they began.
    """
    names = traces.names
    found = []
    for step in sorted(trace.steps, key=lambda each: each.offset_ns):
        places = tuple(names[each] for each in step.stack)
        name = names[step.name]
        is_auth = is_authentication(step.kind, name, places)
        ends_ns = step.offset_ns + max(0, step.duration_ns)
        found.append(Seen(step.kind, step.offset_ns, ends_ns, name, step.detail, step.rows, places, is_auth))
    return found
