"""
Watches the workers of one `hasten run`: who reports, what they obey, and that somebody does.

It looks at the reports again and again and says what has changed, as events. Changes that come together (eight workers
that start) are told together, once nothing has moved for a moment.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from hasten.model import Noun
from hasten.silence import Cause
from hasten.world.workers import Worker

#: Without a worker for so long, something is wrong: a large Django project needs ten seconds to load.
PATIENCE_S = 30.0
#: It is looked again for why, each time after twice as long, until this long.
LONGEST_S = 600.0
#: A change is told when nothing has changed any more for so long, and at the latest after the longer time.
SETTLES_S, LATEST_S = 1.0, 5.0

What = Literal["started", "workers", "silent", "background", "ended", "accelerators", "note"]


class Event(Noun, frozen=True, kw_only=True, omit_defaults=True):
    """
    Something that happened to the workers of a program.

    event: started · workers (those that report have changed, or what they obey) · silent (none reports) ·
        background (the program has ended, `processes` of it have not) · ended ·
        accelerators (codecs were fetched, or not) · note (something about the start, in `says`)
    at: seconds since 1970.
    servers, revisions: how many workers are under each server, and obey each revision of the policy.
    appeared, gone: pids since the last event of that kind.
    refusing: why a worker refuses the policy, by pid.
    stopped: the policy is switched off.
    """

    event: What
    at: float
    pid: int
    command: list[str] = []
    policy: str = ""
    workers: list[int] | None = None
    processes: list[int] = []
    servers: dict[str, int] = {}
    revisions: dict[str, int] = {}
    latest: int | None = None
    appeared: list[int] = []
    gone: list[int] = []
    refusing: dict[str, str] = {}
    stopped: bool = False
    waited_s: float | None = None
    causes: list[Cause] = []
    abi: str = ""
    codings: list[str] = []
    says: str = ""


@dataclass(frozen=True)
class Sources:
    """
    Where the watch looks.

    workers: the reports of this run's living workers.
    causes: why none reports.
    revision: of the policy as it is, None where it cannot be read.
    stopped: whether nothing is obeyed.
    processes: those of this run that are there.
    """

    workers: Callable[[], list[Worker]]
    causes: Callable[[], list[Cause]]
    revision: Callable[[], int | None]
    stopped: Callable[[], bool]
    processes: Callable[[], list[int]]


@dataclass(frozen=True)
class Clocks:
    """
    Seconds that only grow, and seconds since 1970.
    """

    steady: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


@dataclass
class _Told:
    """
    What was said last.
    """

    pids: list[int] = field(default_factory=list)
    state: Any = None
    kinds: set[str] = field(default_factory=set)


class Watch:
    """
    Args:
        pid: The program.
        tell: Hears every event.
        patience_s: How long no worker may report.
    """

    def __init__(
        self,
        pid: int,
        sources: Sources,
        tell: Callable[[Event], None],
        patience_s: float = PATIENCE_S,
        clocks: Clocks = Clocks(),
    ) -> None:
        self._pid = pid
        self._sources = sources
        self._tell = tell
        self._patience_s = patience_s
        self._clocks = clocks
        now = clocks.steady()
        self._alone_since = now
        self._waits_s = patience_s
        self._last: Any = ()
        self._moved_at = self._unsaid_since = now
        self._told = _Told(state=())

    def begin(self, command: list[str], policy: str) -> None:
        """
        It is told what was started.
        """
        self._say("started", command=command, policy=policy, latest=self._sources.revision())

    def look(self) -> None:
        """
        Whatever has changed and settled is told.
        """
        now, found = self._clocks.steady(), self._sources.workers()
        state = self._state(found)
        if state != self._last:
            if self._last == self._told.state:
                self._unsaid_since = now
            self._last, self._moved_at = state, now
        if found:
            self._alone_since, self._waits_s = now, self._patience_s
        if state != self._told.state and self._has_settled(now):
            self._say_workers(found, state)
        if not found and now - self._alone_since >= self._waits_s:
            self._ask_why(now - self._alone_since)

    def _ask_why(self, waited_s: float) -> None:
        """
        The silence is told, once for each reason: a server that has not begun to listen may do so later.
        """
        self._waits_s = waited_s + min(max(waited_s, self._patience_s), LONGEST_S)
        causes = self._sources.causes()
        kinds = {cause.kind for cause in causes}
        if kinds != self._told.kinds:
            self._told.kinds = kinds
            self._say("silent", waited_s=round(waited_s, 1), causes=causes)

    def end(self) -> None:
        """
        It is told that the program has ended, or that it goes on without its first process.
        """
        left = self._sources.processes()
        self._say("background" if left else "ended", processes=left)

    def _state(self, found: list[Worker]) -> Any:
        """
        What is worth telling when it changes.
        """
        stopped = bool(found) and self._sources.stopped()
        return tuple((each.pid, each.policy.revision, each.policy.error) for each in found) + ((stopped,) * stopped)

    def _has_settled(self, now: float) -> bool:
        return now - self._moved_at >= SETTLES_S or now - self._unsaid_since >= LATEST_S

    def _say_workers(self, found: list[Worker], state: Any) -> None:
        pids = [each.pid for each in found]
        before, self._told = self._told.pids, _Told(pids, state)
        self._say(
            "workers",
            workers=pids,
            servers=dict(Counter(each.server for each in found)),
            revisions={str(key): count for key, count in Counter(each.policy.revision for each in found).items()},
            latest=self._sources.revision(),
            appeared=[pid for pid in pids if pid not in before],
            gone=[pid for pid in before if pid not in pids],
            refusing={str(each.pid): each.policy.error for each in found if each.policy.error},
            stopped=bool(found) and self._sources.stopped(),
        )

    def _say(self, what: What, **fields: Any) -> None:
        self._tell(Event(event=what, at=self._clocks.wall(), pid=self._pid, **fields))
