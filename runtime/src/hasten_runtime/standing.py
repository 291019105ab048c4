"""
The policy as it stands: read again within a quarter of a second after it changed, in whichever process asks.

No thread and no signal: a request that comes when the last look is older than LOOK_EVERY_S, or after the end of a
candidate's lease, looks once more (three `stat` calls). So a change reaches every request that begins a quarter of a
second after it, in every worker, also in one that was forked or spawned a moment ago, and nothing has to be told to
anybody.
"""

import os
import re
import stat
import time
from typing import Any, Callable, NamedTuple, Optional

from hasten_runtime.once import forget, reason_of, say_once
from hasten_runtime.policy import MAX_BYTES, Policy, RefusedPolicy, read_policy

LOOK_EVERY_S = 0.25
#: Revisions that are tried, newest first, where a process starts and the policy cannot be read.
MOST_REVISIONS = 20

NOTHING = Policy(revision=0, rules=(), trial=None)


class Clocks(NamedTuple):
    """
    Seconds that only grow, seconds since 1970, and the nanoseconds that each request reads: the cheapest clock.
    """

    steady: Callable[[], float]
    wall: Callable[[], float]
    ticks: Callable[[], int]


def _steady() -> float:
    # Unlike the monotonic clock this one goes on while a machine is suspended, so a lease ends there too: at the next
    # look, which is a quarter of a second of `ticks` away at most.
    return time.clock_gettime(time.CLOCK_BOOTTIME)


CLOCKS = Clocks(_steady if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic, time.time, time.perf_counter_ns)


class Standing:
    """
    What is obeyed right now.

    Args:
        path: The policy.
        stop: A file that switches every rule off by being there, as `STOP` beside the policy does.
        tell: Hears what was read, for the handshake.

    Attributes:
        due_ns: When somebody is to look again, by the clock `ticks`.
        meets: Whether any rule may be for a path; true with a trial or a recording; None where nothing is obeyed.
    """

    def __init__(
        self, path: str, stop: Optional[str], tell: Callable[[dict[str, Any]], None], clocks: Clocks = CLOCKS
    ) -> None:
        self._path = path
        self._stops = [place for place in (os.path.join(os.path.dirname(path), "STOP"), stop) if place]
        self._tell = tell
        self._clocks = clocks
        self.ticks = clocks.ticks
        self.due_ns = 0
        self.meets: Optional[Callable[[str], Any]] = None
        self._signature: Optional[tuple[int, ...]] = None
        self._read = NOTHING
        self._was_read = False
        self._stopped = False
        self._lease: tuple[str, float, float] = ("", 0.0, 0.0)  # trial, its expires_at, our own deadline
        self._recording: tuple[str, float, float] = ("", 0.0, 0.0)  # the same of what is recorded
        self._now = NOTHING
        self._pid = 0

    def policy(self) -> Policy:
        """
        The policy to obey for one request. Never raises: what cannot be read leaves the last good one in force.
        """
        if self.ticks() >= self.due_ns:
            self.look()
        return self._now

    def look(self) -> None:
        """
        What is obeyed is what stands in the policy now. Never raises.
        """
        try:
            self.due_ns = self.ticks() + int(LOOK_EVERY_S * 1e9)
            try:
                self._look()
            finally:
                # Also where it cannot be looked at: what is over is over.
                self._settle()
        except Exception as error:
            say_once("policy", "the policy cannot be looked at: " + reason_of(error))

    def _settle(self) -> None:
        """
        What was read is what is obeyed, as far as it is not stopped or over.
        """
        now = NOTHING if self._stopped else self._read
        if now.trial is not None and self._is_over(self._lease[2]):
            now = now._replace(trial=None)
        if now.record is not None and self._is_over(self._recording[2]):
            now = now._replace(record=None)
        if now is not self._now:
            self._now, self.meets = now, _meeting(now)

    def _is_over(self, end: float) -> bool:
        """
        Whether that moment of our own clock has come; if not, the next look is no later than it.
        """
        left_s = end - self._clocks.steady()
        if left_s > 0:
            self.due_ns = min(self.due_ns, self.ticks() + int(left_s * 1e9))
        return left_s <= 0

    def _look(self) -> None:
        # Whatever has that name counts, a link to nowhere too: who makes one means it.
        self._stopped = any(map(os.path.lexists, self._stops))
        signature = _signature(self._path)
        if signature == self._signature and self._pid == os.getpid():
            return
        self._signature, self._pid = signature, os.getpid()
        problem = None
        if signature is None:
            # Who deletes the policy wants none of it; a replaced one is never missing for a moment.
            self._read = NOTHING
        else:
            problem = self._take()
        trial = self._read.trial
        self._tell({"revision": self._read.revision, "trial": trial and trial.id, "error": problem})

    def _take(self) -> Optional[str]:
        try:
            read = read_policy(_bytes(self._path))
        except (RefusedPolicy, OSError) as error:
            if not self._was_read:
                self._read = self._last_good()
                self._was_read = True
            problem = reason_of(error)
            say_once("policy", f"{self._path} is refused, revision {self._read.revision} stays in force: {problem}")
            return problem
        forget("policy")
        self._read, self._was_read = read, True
        self._begin_lease(read)
        self._begin_recording(read)
        return None

    def _begin_lease(self, read: Policy) -> None:
        """
        The candidate's deadline by our own clock, which nobody can set back; the same paper does not renew it.
        """
        trial = read.trial
        if trial is None or (trial.id, trial.expires_at) == self._lease[:2]:
            return
        left = min(trial.lease_s, trial.expires_at - self._clocks.wall())
        self._lease = (trial.id, trial.expires_at, self._clocks.steady() + left)

    def _begin_recording(self, read: Policy) -> None:
        """
        The end of a recording, likewise: it is not made longer by reading about it again.
        """
        record = read.record
        if record is None or (record.id, record.expires_at) == self._recording[:2]:
            return
        left = min(record.for_s, record.expires_at - self._clocks.wall())
        self._recording = (record.id, record.expires_at, self._clocks.steady() + left)

    def _last_good(self) -> Policy:
        """
        The newest kept revision that can be read: a worker that starts beside a broken policy obeys the last good one.
        """
        folder = os.path.join(os.path.dirname(self._path), "revisions")
        try:
            names = sorted((name for name in os.listdir(folder) if name.endswith(".json")), reverse=True)
        except OSError:
            return NOTHING
        found = (_readable(os.path.join(folder, name)) for name in names[:MOST_REVISIONS])
        return next((policy for policy in found if policy is not None), NOTHING)


def _bytes(path: str) -> bytes:
    """
    What the file holds, as far as a policy may go.
    """
    # Not of a pipe, which nobody may ever write to, nor of a device without an end.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise RefusedPolicy(path + " is not a file")
    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 1)


def _readable(path: str) -> Optional[Policy]:
    try:
        return read_policy(_bytes(path))._replace(trial=None, record=None)
    except (RefusedPolicy, OSError):
        return None


def _meeting(policy: Policy) -> Optional[Callable[[str], Any]]:
    """
    What a path is asked first, so that most requests are done with one question.
    """
    if policy.trial is not None or policy.record is not None:
        return _always
    patterns = [path.pattern for rule in policy.rules for path in rule.paths]
    return re.compile("|".join(patterns), re.DOTALL).fullmatch if patterns else None


def _always(_path: str) -> bool:
    return True


def _signature(path: str) -> Optional[tuple[int, ...]]:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
