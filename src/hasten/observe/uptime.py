"""
Whether the application answers, once a second, for as long as something else goes on.
"""

import asyncio
import threading
from types import TracebackType

from hasten.model import Conditions, Distribution, Measurement, Where
from hasten.world.http import is_up

UPTIME = "hasten.uptime"
INTERVAL_S = 1.0
TIMEOUT_S = 5.0


class UptimeProbe:
    """
    Probes in a thread between `with` and its end.

    Each probe goes at its own second on a fresh connection, also while an earlier one still waits: an application
    that hangs for ten seconds is down ten times, not once.

    Args:
        health: A path that answers below 500 while the application is up.
        timeout_s: An answer that takes longer counts as none.
    """

    def __init__(
        self, base_url: str, health: str = "/", *, interval_s: float = INTERVAL_S, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._base_url, self._health = base_url, health
        self._interval_s, self._timeout_s = interval_s, timeout_s
        self._results: list[bool] = []

    def __enter__(self) -> "UptimeProbe":
        # Made here and not before: a probe that is never started has nothing to close.
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="uptime", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    @property
    def count(self) -> int:
        """
        Probes that have a result.
        """
        return len(self._results)

    @property
    def ratio(self) -> float | None:
        """
        Successes over probes; None before the first result.
        """
        results = list(self._results)
        return sum(results) / len(results) if results else None

    def measurements(self, application: str, conditions: Conditions | None = None) -> list[Measurement]:
        """
        The ratio as a Measurement; none if there was no probe.
        """
        if self.ratio is None:
            return []
        results = list(self._results)
        return [
            Measurement(
                metric=UPTIME,
                unit="1",
                where=Where(kind="application", name=application),
                distribution=Distribution(count=len(results), mean=self.ratio, total=float(sum(results))),
                conditions=conditions or Conditions(),
            )
        ]

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._probe())
        finally:
            self._loop.close()

    async def _probe(self) -> None:
        start = self._loop.time()
        probes: set[asyncio.Task[None]] = set()
        number = 0
        while not self._ended.is_set():
            probes.add(self._loop.create_task(self._one()))
            number += 1
            try:
                async with asyncio.timeout_at(start + number * self._interval_s):
                    await self._ended.wait()
            except TimeoutError:
                probes = {probe for probe in probes if not probe.done()}
        # Those under way are asked for still: cutting them off would leave out the slow ones.
        await asyncio.gather(*probes)

    async def _one(self) -> None:
        self._results.append(await is_up(self._base_url, self._health, timeout_s=self._timeout_s))
