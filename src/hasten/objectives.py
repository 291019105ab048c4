"""
The plan's objectives: how each is read off an Observation, and whether it is met.

What was not measured is None, never 0, and is never met.
"""

from typing import Any

import msgspec

from hasten import picture
from hasten.evidence import Observation
from hasten.model import Distribution, Measurement, Noun
from hasten.target import Objectives

MIN_CALLS = 20
"""A statement with fewer timed calls says nothing about a 95th percentile."""

MOST_PICTURES = 16
"""Routes whose time is taken apart in the ledger; the observation has all of them."""

MS = 1000.0
MB = 1e6


class Objective(Noun, frozen=True, kw_only=True):
    """
    One objective: its name, unit, title for people, and whether smaller or larger is better.
    """

    name: str
    title: str
    unit: str
    lower_is_better: bool = True


OBJECTIVES = [
    Objective(name="api_p95_ms", title="API p95", unit="ms"),
    Objective(name="page_load_ms", title="Page load", unit="ms"),
    Objective(name="db_p95_ms", title="Slowest statement p95", unit="ms"),
    Objective(name="bundle_bytes", title="Initial JavaScript", unit="By"),
    Objective(name="cache_hit_ratio", title="Cache hit ratio", unit="1", lower_is_better=False),
    Objective(name="memory_mb", title="Memory of one instance", unit="MB"),
    Objective(name="cpu_percent", title="CPU under load", unit="%"),
    Objective(name="uptime_ratio", title="Uptime", unit="1", lower_is_better=False),
]


class Standing(Noun, frozen=True, kw_only=True):
    """
    Where one objective stands: first measured, now, and what is wanted.
    """

    name: str
    unit: str
    baseline: float | None
    now: float | None
    target: float
    met: bool


def values(observation: Observation) -> dict[str, float | None]:
    """
    All objectives of one observation, in their own units.
    """
    return {
        "api_p95_ms": _scaled(_p95(_pooled(observation, "http.client.request.duration")), MS),
        "page_load_ms": _scaled(_largest(observation, "hasten.page.complete", "p50"), MS),
        "db_p95_ms": _scaled(_slowest_statement(observation)[0], MS),
        "bundle_bytes": _largest(observation, "hasten.bundle.raw", "mean"),
        "cache_hit_ratio": _mean(_pooled(observation, "hasten.cache.hit_ratio")),
        "memory_mb": _scaled(_largest_instance(observation), 1 / MB),
        "cpu_percent": _scaled(_mean(_pooled(observation, "process.cpu.utilization")), 100.0),
        "uptime_ratio": _mean(_pooled(observation, "hasten.uptime")),
    }


def details(observation: Observation) -> dict[str, Any]:
    """
    What stands beside the objectives: the worst route, the slowest statement.
    """
    found: dict[str, Any] = {}
    routes = [
        m
        for m in observation.measurements
        if m.metric == "http.client.request.duration" and m.where.kind == "route" and m.distribution.p95 is not None
    ]
    if routes:
        worst = max(routes, key=lambda m: m.distribution.p95 or 0.0)
        found["worst_route"] = {
            "name": worst.where.name,
            "p95_ms": (worst.distribution.p95 or 0.0) * MS,
            "count": worst.distribution.count,
        }
    p95, query_id = _slowest_statement(observation)
    if p95 is not None:
        text = next((s.text for s in observation.statements if s.query_id == query_id), "")
        found["slowest_statement"] = {"query_id": query_id, "p95_ms": p95 * MS, "text": " ".join(text.split())[:300]}
    if shown := picture.pictures(observation)[:MOST_PICTURES]:
        found["pictures"] = msgspec.to_builtins(shown)
    time = [m.distribution for m in _all(observation, "hasten.database.time")]
    if time:
        found["database_time"] = {"total_s": time[0].total, "calls": time[0].count}
    return found


def standings(
    baseline: dict[str, float | None], now: dict[str, float | None], objectives: Objectives
) -> list[Standing]:
    """
    Each objective with its first and its present value beside its target.
    """
    return [
        Standing(
            name=objective.name,
            unit=objective.unit,
            baseline=baseline.get(objective.name),
            now=now.get(objective.name),
            target=getattr(objectives, objective.name),
            met=is_met(objective, now.get(objective.name), getattr(objectives, objective.name)),
        )
        for objective in OBJECTIVES
    ]


def is_met(objective: Objective, value: float | None, target: float) -> bool:
    """
    Whether the value reaches the target; no value never does.
    """
    if value is None:
        return False
    return value <= target if objective.lower_is_better else value >= target


def _pooled(observation: Observation, metric: str) -> Distribution | None:
    for measurement in observation.measurements:
        if measurement.metric == metric and measurement.where.kind == "application":
            return measurement.distribution
    return None


def _all(observation: Observation, metric: str) -> list[Measurement]:
    return [m for m in observation.measurements if m.metric == metric]


def _slowest_statement(observation: Observation) -> tuple[float | None, str]:
    timed = [
        (m.distribution.p95, m.where.name)
        for m in _all(observation, "db.client.operation.duration")
        if m.distribution.count >= MIN_CALLS and m.distribution.p95 is not None
    ]
    return max(timed) if timed else (None, "")


def _largest(observation: Observation, metric: str, which: str) -> float | None:
    found = [getattr(m.distribution, which) for m in _all(observation, metric)]
    known = [value for value in found if value is not None]
    return max(known) if known else None


def _largest_instance(observation: Observation) -> float | None:
    instances = [p.memory_max_bytes for p in observation.processes if p.role == "application"]
    return float(max(instances)) if instances else None


def _p95(distribution: Distribution | None) -> float | None:
    return None if distribution is None else distribution.p95


def _mean(distribution: Distribution | None) -> float | None:
    return None if distribution is None else distribution.mean


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
