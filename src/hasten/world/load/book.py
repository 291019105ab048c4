"""
The book of a run: every request gets its line when it is settled, and the heartbeat's lag is noted beside it.
"""

import time
from array import array
from collections import deque
from datetime import timedelta

from hasten.model import now
from hasten.world.load.connection import Exchange
from hasten.world.load.plan import LoadPlan
from hasten.world.load.result import Flag, LoadProgress, LoadResult, Outcome, Records, is_error
from hasten.world.load.samples import Samples
from hasten.world.load.schedule import schedule
from hasten.world.load.windows import windows_of
from hasten.world.load.wire import Wire

#: Answers that the progress line's p95 is of.
RECENT = 500


class Book:
    """
    What is meant to happen and what did, in columns of numbers.
    """

    def __init__(self, plan: LoadPlan, wire: Wire) -> None:
        self._plan = plan
        self._wire = wire
        self.moments, self.which = schedule(plan)
        self.count = len(self.moments)
        self.samples = Samples(plan)
        self.settled = self.answered = self.errors = 0
        never, none = array("d", [float("nan")]), array("B", [0])
        self.lateness, self._sent = never * self.count, never * self.count
        self._ttfb, self._latency = never * self.count, never * self.count
        self._outcome, self.flags = none * self.count, none * self.count
        self._status, self._wire_bytes = array("H", [0]) * self.count, array("Q", [0]) * self.count
        self._decoded = array("q", [0]) * self.count
        self._tick_moments: array[float] = array("d")
        self._tick_lags: array[float] = array("d")
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._cpu_before = time.process_time()
        self._started_at = now()

    def settle(self, exchange: Exchange, outcome: Outcome, at: float) -> None:
        """
        The request has its end, at the monotonic moment `at`.
        """
        index, intended = exchange.index, exchange.intended
        latency = at - intended
        self._outcome[index] = outcome
        self._status[index] = exchange.status
        self._latency[index] = latency
        if exchange.sent:
            self._sent[index] = exchange.sent - intended
        if exchange.first:
            self._ttfb[index] = exchange.first - intended
        self._wire_bytes[index] = exchange.wire
        self._decoded[index] = exchange.decoded
        if exchange.hit or exchange.status == 304:
            self.flags[index] |= Flag.CACHE_HIT.value
        if exchange.retried:
            self.flags[index] |= Flag.RETRIED.value
        if exchange.headers is not None or outcome is not Outcome.ANSWERED:
            self.samples.take(exchange, outcome, at)
        self.settled += 1
        self.answered += outcome is Outcome.ANSWERED
        self.errors += is_error(outcome, exchange.status)
        self._recent.append(latency)

    def begin(self, in_s: float) -> None:
        """
        The first moment of the schedule is `in_s` from now.
        """
        self._started_at = now() + timedelta(seconds=in_s)

    def tick(self, moment_s: float, lag_s: float) -> None:
        """
        The loop came to a tick that was due at `moment_s` from the start, `lag_s` too late.
        """
        self._tick_moments.append(moment_s)
        self._tick_lags.append(lag_s)

    def progress(self, elapsed_s: float, *, sent: int, in_flight: int, waiting: int) -> LoadProgress:
        """
        How far the run is.
        """
        recent = sorted(self._recent)
        return LoadProgress(
            elapsed_s=max(0.0, elapsed_s),
            total_s=self._plan.total_s,
            planned=self.count,
            sent=sent,
            answered=self.answered,
            errors=self.errors,
            in_flight=in_flight,
            waiting=waiting,
            p95_s=recent[int(0.95 * (len(recent) - 1))] if recent else None,
        )

    def result(self, seconds: float, *, connections: int, interrupted: bool) -> LoadResult:
        """
        The whole run.
        """
        cpu_s = time.process_time() - self._cpu_before
        for index, moment in enumerate(self.moments):
            if moment < self._plan.warmup_s:
                self.flags[index] |= Flag.WARMUP.value
        records = Records.of(
            {
                "route": array("H", [self._wire.route_of[which] for which in self.which]),
                "intended": self.moments,
                "lateness": self.lateness,
                "sent": self._sent,
                "ttfb": self._ttfb,
                "latency": self._latency,
                "status": self._status,
                "outcome": self._outcome,
                "flags": self.flags,
                "wire": self._wire_bytes,
                "decoded": self._decoded,
            }
        )
        return LoadResult(
            routes=self._wire.routes,
            methods=self._wire.methods,
            records=records,
            windows=windows_of(self._plan, records, list(zip(self._tick_moments, self._tick_lags, strict=True))),
            samples=self.samples.all(),
            seconds=seconds,
            generator_cpu_s=cpu_s,
            connections=connections,
            interrupted=interrupted,
            started_at=self._started_at,
        )
