"""
What was told once is never taken back: counters that only grow, whatever is left out of a snapshot.

A snapshot of a worker is bounded in size, so a line may be in one and not in the next. Every part of every count is the
greatest that was ever seen: no count is more than was counted, and none is less than it was told before.
"""

from pathlib import Path

import msgspec

from hasten.world import ended
from hasten.world.metrics.families import Family, Labels, Metrics, Point, metrics_of


class Steady:
    """
    The metrics of one folder, for as long as somebody tells them to another system.

    Args:
        folder: Where the snapshots are.
        texts: Whether each statement is a series of its own.
    """

    def __init__(self, folder: Path, *, texts: bool = False) -> None:
        self._folder = folder
        self._texts = texts
        self._since: float | None = None
        self._told: dict[str, tuple[Family, dict[Labels, Point]]] = {}

    def metrics(self, at: float) -> Metrics:
        """
        Everything that was counted until now.
        """
        found = metrics_of(ended.settle(self._folder), at, texts=self._texts)
        self._since = min((each for each in (found.since, self._since) if each is not None), default=None)
        gauges = [family for family in found.families if family.kind == "gauge"]
        for family in found.families:
            if family.kind != "gauge":
                self._take(family)
        counters = [
            msgspec.structs.replace(family, points=[points[labels] for labels in sorted(points)])
            for family, points in self._told.values()
        ]
        return Metrics(families=[*counters, *gauges], since=self._since, at=at)

    def _take(self, family: Family) -> None:
        _, told = self._told.setdefault(family.name, (family, {}))
        for point in family.points:
            told[point.labels] = _greatest(point, told.get(point.labels, point))


def _greatest(one: Point, other: Point) -> Point:
    counts = [max(pair) for pair in zip(one.counts, other.counts, strict=True)]
    return Point(labels=one.labels, value=max(one.value, other.value), counts=counts)
