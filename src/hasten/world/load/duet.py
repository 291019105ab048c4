"""
The same request to several addresses at the same moment: whatever else the machine does, it does to all of them.

One loop in this process asks all arms. Requests come at their own moments, however slow the answers are; a latency
counts from the moment at which its request was handed out.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from hasten.world.load.clock import new_loop
from hasten.world.load.connection import IDEMPOTENT, Connection, Exchange
from hasten.world.load.plan import LoadPlan, check_plan
from hasten.world.load.result import Outcome, is_error
from hasten.world.load.server import Server
from hasten.world.load.wire import Wire

SETTLE_S = 0.002


@dataclass(frozen=True)
class Told:
    """
    How one request ended in one arm.
    """

    seconds: float
    outcome: Outcome
    status: int

    @property
    def failed(self) -> bool:
        """
        Whether a user would say that it did not work.
        """
        return is_error(self.outcome, self.status)


@dataclass(frozen=True)
class Turn:
    """
    A request (by its number in the plan) and the moment at which it is due, in seconds from the start.
    """

    at_s: float
    request: int


#: For each turn how it ended in every arm.
Answers = list[tuple[Told, ...]]
#: Logs a principal in again, in one arm: its number and the principal → the new headers.
Renew = Callable[[int, str], Mapping[str, str]]


class Duet:
    """
    Several arms that are asked together.

    Args:
        plans: One for each arm: the same requests, another address, its own credentials.
    """

    def __init__(self, plans: Sequence[LoadPlan], runner: asyncio.Runner, renew: Renew | None = None) -> None:
        for plan in plans:
            check_plan(plan)
        self._arms = [_Arm(plan) for plan in plans]
        self._runner = runner
        self._renew = renew
        runner.run(self._find())

    def play(self, turns: Sequence[Turn], *, first: int = 0) -> Answers:
        """
        Every turn was taken by all arms and answered or given up; then expired principals were logged in again.

        Args:
            first: The arm whose request is written first.

        Raises:
            HastenError: a principal could not be logged in again.
        """
        order = [*range(first, len(self._arms)), *range(first)]
        with _without_collection():
            answers = self._runner.run(self._play(turns, order))
        for number, arm in enumerate(self._arms):
            for principal in sorted(arm.expired):
                if self._renew is not None:
                    arm.wire.renew(principal, dict(self._renew(number, principal)))
            arm.expired.clear()
        return answers

    def close(self) -> None:
        """
        Every connection is closed.
        """
        self._runner.run(self._close())

    async def _find(self) -> None:
        for arm in self._arms:
            await arm.server.find()

    async def _close(self) -> None:
        for arm in self._arms:
            arm.close()
        # An aborted transport is closed at the loop's next turn.
        await asyncio.sleep(0)

    async def _play(self, turns: Sequence[Turn], order: list[int]) -> Answers:
        # Connections that a server closed between two blocks are known as closed before one of them is used.
        await asyncio.sleep(SETTLE_S)
        start = monotonic()
        slots = asyncio.Semaphore(self._arms[0].plan.max_in_flight)
        waiting: list[asyncio.Task[tuple[Told, ...]]] = []
        for turn in turns:
            delay = start + turn.at_s - monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            await slots.acquire()
            task = asyncio.ensure_future(self._ask(turn.request, order))
            task.add_done_callback(lambda _: slots.release())
            waiting.append(task)
        return list(await asyncio.gather(*waiting))

    async def _ask(self, request: int, order: list[int]) -> tuple[Told, ...]:
        asked = {number: self._arms[number].ask(request) for number in order}
        told = await asyncio.gather(*(asked[number] for number in range(len(self._arms))))
        return tuple(told)


@contextmanager
def duet(plans: Sequence[LoadPlan], renew: Renew | None = None) -> Iterator[Duet]:
    """
    A Duet for the block.

    Raises:
        ConfigError, NotAllowed: see `check_plan`.
        Unreachable: an arm cannot be connected to.
    """
    with asyncio.Runner(loop_factory=new_loop) as runner:
        playing = Duet(plans, runner, renew)
        try:
            yield playing
        finally:
            playing.close()


class _Arm:
    """
    One address: its connections, and the requests that wait for their answers.
    """

    def __init__(self, plan: LoadPlan) -> None:
        self.plan = plan
        self.wire = Wire(plan)
        self.server = Server(plan, self)
        self.expired: set[str] = set()
        self._waiting: dict[int, asyncio.Future[Told]] = {}
        self._exchanges: dict[int, Exchange] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._next = 0

    def ask(self, request: int) -> "asyncio.Future[Told]":
        """
        The request is written, or a connection for it is being opened; the future holds how it ended.
        """
        loop = asyncio.get_running_loop()
        self._next += 1
        exchange = Exchange(self._next, request, monotonic())
        future: asyncio.Future[Told] = loop.create_future()
        self._waiting[exchange.index], self._exchanges[exchange.index] = future, exchange
        timer = loop.call_later(self.plan.timeout_s, self._give_up, exchange)
        future.add_done_callback(lambda _: timer.cancel())
        connection = self.server.free()
        if connection is None:
            self._open_for(exchange)
        else:
            self._send(connection, exchange)
        return future

    def finished(self, exchange: Exchange, connection: Connection, at: float, *, reusable: bool) -> None:
        """
        (Connection) An answer is whole; the connection serves the next one.
        """
        if reusable:
            self.server.keep(connection)
        principal = self.plan.requests[exchange.request].principal
        if exchange.status in self.plan.expired_status and principal in self.plan.credentials:
            self.expired.add(principal)
            self._settle(exchange, Outcome.EXPIRED, at)
        else:
            self._settle(exchange, Outcome.ANSWERED, at)

    def failed(self, exchange: Exchange, outcome: Outcome, *, stale: bool) -> None:
        """
        (Connection) There is no answer; a request that a closed connection swallowed is sent once more.
        """
        if stale and not exchange.retried and self.plan.requests[exchange.request].method in IDEMPOTENT:
            exchange.retried = True
            exchange.keep_nothing()
            self._open_for(exchange)
        else:
            self._settle(exchange, outcome, monotonic())

    def close(self) -> None:
        """
        No connection is open, and none is being opened.
        """
        for task in list(self._opening):
            task.cancel()
        for exchange in self._exchanges.values():
            if exchange.connection is not None:
                exchange.connection.abort()
        self.server.close()

    def _send(self, connection: Connection, exchange: Exchange) -> None:
        data, is_head = self.wire.of(exchange.request)
        connection.send(exchange, data, is_head=is_head)

    def _open_for(self, exchange: Exchange) -> None:
        task = asyncio.get_running_loop().create_task(self._open(exchange))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, exchange: Exchange) -> None:
        try:
            connection = await self.server.connect()
        except (OSError, TimeoutError):
            self._settle(exchange, Outcome.CONNECT, monotonic())
            return
        if exchange.index in self._waiting:
            self._send(connection, exchange)
        else:
            self.server.keep(connection)  # the request was given up meanwhile

    def _give_up(self, exchange: Exchange) -> None:
        if exchange.connection is not None:
            exchange.connection.abort()
        self._settle(exchange, Outcome.TIMEOUT, monotonic())

    def _settle(self, exchange: Exchange, outcome: Outcome, at: float) -> None:
        future = self._waiting.pop(exchange.index, None)
        self._exchanges.pop(exchange.index, None)
        exchange.connection = None
        if future is not None and not future.done():
            future.set_result(Told(at - exchange.intended, outcome, exchange.status))


@contextmanager
def _without_collection() -> Iterator[None]:
    """
    Cycles are collected between the blocks and not while answers are timed.
    """
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
