"""
The open loop: every request at its intended moment, whatever became of those before it.
"""

import asyncio
import gc
from collections import deque
from collections.abc import Callable
from time import monotonic

from hasten.world.load.book import Book
from hasten.world.load.connection import IDEMPOTENT, Connection, Exchange
from hasten.world.load.plan import LoadPlan
from hasten.world.load.result import Flag, LoadProgress, LoadResult, Outcome
from hasten.world.load.server import Server
from hasten.world.load.wire import Wire

TICK_S = 0.02
PROGRESS_S = 0.5
#: A principal whose session expired is not reported again within this time.
EXPIRED_AGAIN_S = 5.0
#: The collector is off while load runs; beyond so many new objects it is called by hand, and the lateness shows it.
MAX_UNCOLLECTED = 300_000
#: From the first connection to the first request.
HEAD_START_S = 0.05


class Generator:
    """
    One run of one plan.

    Args:
        progress: Hears how far the run is, twice a second.
        expired: Hears which principal must log in again.
    """

    def __init__(
        self, plan: LoadPlan, progress: Callable[[LoadProgress], None], expired: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._progress = progress
        self._expired = expired
        self._wire = Wire(plan)
        self._book = Book(plan, self._wire)
        self._server = Server(plan, self)
        # Both in the order of the intended moments, so the oldest is always first.
        self._in_flight: dict[int, Exchange] = {}
        self._waiting: deque[Exchange] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._told: dict[str, float] = {}
        self._next = 0
        self._start = self._next_tick = self._next_progress = 0.0
        self._stopped = False

    async def run(self) -> LoadResult:
        """
        The whole load was sent and answered or given up, or `stop` was called.

        Raises:
            Unreachable: not even one connection could be had.
        """
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        if self._stopped:
            self._over.set()
        await self._server.find()
        self._start = monotonic() + HEAD_START_S
        self._book.begin(HEAD_START_S)
        self._next_tick = self._next_progress = self._start
        self._loop.call_at(self._start, self._dispatch)
        self._loop.call_at(self._start, self._tick)
        await self._over.wait()
        seconds = monotonic() - self._start
        return self._book.result(seconds, connections=self._server.opened, interrupted=self._stopped)

    def stop(self) -> None:
        """
        No further request is sent, and none is waited for.
        """
        self._stopped = True
        if hasattr(self, "_over"):
            self._over.set()

    def renew(self, principal: str, headers: dict[str, str]) -> None:
        """
        Later requests of this principal carry these credentials.
        """
        self._wire.renew(principal, headers)

    async def close(self) -> None:
        """
        Every connection is closed.
        """
        opening = list(self._opening)
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        for exchange in self._in_flight.values():
            if exchange.connection is not None:
                exchange.connection.abort()
        self._server.close()
        # An aborted transport is closed at the loop's next turn.
        await asyncio.sleep(0)

    def _dispatch(self) -> None:
        moments, start, lateness, which = self._book.moments, self._start, self._book.lateness, self._book.which
        while self._next < self._book.count and not self._stopped:
            index = self._next
            intended = start + moments[index]
            at = monotonic()
            if at < intended:
                self._loop.call_at(intended, self._dispatch)
                return
            self._next += 1
            lateness[index] = at - intended
            self._begin(Exchange(index, which[index], intended))

    def _begin(self, exchange: Exchange) -> None:
        if len(self._in_flight) < self._plan.max_in_flight:
            self._send(exchange)
        elif len(self._waiting) < self._plan.queue_limit:
            self._waiting.append(exchange)
        else:
            self._settle(exchange, Outcome.DROPPED, monotonic())

    def _send(self, exchange: Exchange) -> None:
        self._in_flight[exchange.index] = exchange
        connection = self._server.free()
        if connection is None:
            self._open_for(exchange)
        else:
            self._send_on(connection, exchange)

    def _send_on(self, connection: Connection, exchange: Exchange) -> None:
        if self._book.samples.wants(exchange.request):
            exchange.headers, exchange.body = [], []
        data, is_head = self._wire.of(exchange.request)
        connection.send(exchange, data, is_head=is_head)

    def _open_for(self, exchange: Exchange) -> None:
        task = self._loop.create_task(self._open(exchange))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, exchange: Exchange) -> None:
        try:
            connection = await self._server.connect()
        except (OSError, TimeoutError):
            if exchange.index in self._in_flight:
                self._settle(exchange, Outcome.CONNECT, monotonic())
            return
        if exchange.index not in self._in_flight:
            self._server.keep(connection)  # the request was given up meanwhile
            return
        self._book.flags[exchange.index] |= Flag.NEW_CONNECTION.value
        self._send_on(connection, exchange)

    def finished(self, exchange: Exchange, connection: Connection, at: float, *, reusable: bool) -> None:
        """
        (Connection) An answer is whole; the connection serves the next one.
        """
        if reusable:
            self._server.keep(connection)
        if exchange.status in self._plan.expired_status and self._has_expired(exchange, at):
            self._settle(exchange, Outcome.EXPIRED, at)
        else:
            self._settle(exchange, Outcome.ANSWERED, at)

    def _has_expired(self, exchange: Exchange, at: float) -> bool:
        principal = self._plan.requests[exchange.request].principal
        if principal not in self._plan.credentials:
            return False
        if at - self._told.get(principal, -EXPIRED_AGAIN_S) >= EXPIRED_AGAIN_S:
            self._told[principal] = at
            self._expired(principal)
        return True

    def failed(self, exchange: Exchange, outcome: Outcome, *, stale: bool) -> None:
        """
        (Connection) There is no answer; a request that a closed connection swallowed is sent once more.
        """
        if stale and not exchange.retried and self._plan.requests[exchange.request].method in IDEMPOTENT:
            exchange.retried = True
            exchange.keep_nothing()
            self._open_for(exchange)
        else:
            self._settle(exchange, outcome, monotonic())

    def _settle(self, exchange: Exchange, outcome: Outcome, at: float) -> None:
        was_in_flight = self._in_flight.pop(exchange.index, None) is not None
        self._book.settle(exchange, outcome, at)
        exchange.connection = None
        if self._book.settled == self._book.count:
            self._over.set()
        elif was_in_flight and self._waiting and not self._stopped:
            self._send(self._waiting.popleft())

    def _tick(self) -> None:
        """
        The heartbeat: each tick that is due is noted with its own lag, so that one long pause counts as long.
        """
        at = monotonic()
        while self._next_tick <= at:
            self._book.tick(self._next_tick - self._start, at - self._next_tick)
            self._next_tick += TICK_S
        self._give_up(at - self._plan.timeout_s)
        if at >= self._next_progress:
            self._next_progress = at + PROGRESS_S
            counts = {"sent": self._next, "in_flight": len(self._in_flight), "waiting": len(self._waiting)}
            self._progress(self._book.progress(at - self._start, **counts))
            if gc.get_count()[0] > MAX_UNCOLLECTED:
                gc.collect()
        if not self._over.is_set():
            self._loop.call_at(self._next_tick, self._tick)

    def _give_up(self, before: float) -> None:
        while self._waiting and self._waiting[0].intended <= before:
            self._settle(self._waiting.popleft(), Outcome.TIMEOUT, monotonic())
        while self._in_flight:
            exchange = next(iter(self._in_flight.values()))
            if exchange.intended > before:
                return
            if exchange.connection is not None:
                exchange.connection.abort()
            self._settle(exchange, Outcome.TIMEOUT, monotonic())
