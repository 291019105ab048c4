"""
Objectives are read off measurements; what was not measured is None and never met.
"""

import pytest

from hasten import objectives
from hasten.evidence import Observation, ProcessProfile
from hasten.model import Distribution, Measurement, Where
from hasten.target import Objectives


def measurement(metric: str, kind: str, name: str, **numbers: float) -> Measurement:
    """
    A measurement with these numbers.
    """
    distribution = Distribution(**{"count": 50, **numbers})  # type: ignore[arg-type]
    return Measurement(metric=metric, unit="s", where=Where(kind=kind, name=name), distribution=distribution)


def test_nothing_measured_is_none_and_not_met() -> None:
    """
    An empty observation meets no objective, not even those where smaller is better.
    """
    values = objectives.values(Observation(name="empty"))

    assert {None} == set(values.values())
    assert not any(s.met for s in objectives.standings(values, values, Objectives()))


def test_each_objective_is_read_in_its_own_unit() -> None:
    """
    Seconds become milliseconds, bytes megabytes, shares percent; the pooled API p95 is used, not the worst route's.
    """
    observation = Observation(
        name="full",
        measurements=[
            measurement("http.client.request.duration", "application", "shop", p95=0.15),
            measurement("http.client.request.duration", "route", "GET /slow", p95=3.0),
            measurement("hasten.page.complete", "page", "/", p50=1.9),
            measurement("hasten.page.complete", "page", "/b", p50=2.5),
            measurement("db.client.operation.duration", "statement", "1", p95=0.04),
            measurement("db.client.operation.duration", "statement", "2", p95=9.0, count=19),
            measurement("hasten.bundle.raw", "bundle", "initial", mean=900_000.0),
            measurement("hasten.cache.hit_ratio", "application", "shop", mean=0.0),
            measurement("process.cpu.utilization", "application", "shop", mean=0.42),
            measurement("hasten.uptime", "application", "shop", mean=1.0),
        ],
        processes=[
            ProcessProfile(
                name=name,
                role=role,
                pid=1,
                memory_max_bytes=size,
                memory_first_bytes=1,
                memory_last_bytes=1,
                cpu_share=0.1,
            )
            for name, role, size in [("web", "application", 200_000_000), ("pg", "database", 900_000_000)]
        ],
    )

    assert {
        "api_p95_ms": 150.0,
        "page_load_ms": 2500.0,
        "db_p95_ms": 40.0,
        "bundle_bytes": 900_000.0,
        "cache_hit_ratio": 0.0,
        "memory_mb": 200.0,
        "cpu_percent": pytest.approx(42.0),
        "uptime_ratio": 1.0,
    } == objectives.values(observation)
    assert "GET /slow" == objectives.details(observation)["worst_route"]["name"]


@pytest.mark.parametrize(
    ("name", "value", "met"),
    [
        ("api_p95_ms", 200.0, True),
        ("api_p95_ms", 200.1, False),
        ("uptime_ratio", 0.999, True),
        ("uptime_ratio", 0.99, False),
        ("cache_hit_ratio", None, False),
    ],
)
def test_the_target_itself_is_reached(name: str, value: float | None, met: bool) -> None:
    """
    At the target is met; beyond it, in the direction of that objective, is not.
    """
    standing = next(s for s in objectives.standings({name: 1.0}, {name: value}, Objectives()) if s.name == name)

    assert met is standing.met
