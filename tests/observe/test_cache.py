"""
hasten.observe.cache
"""

from array import array
from typing import Any

from hasten.observe.cache import HIT_RATIO, hit_ratio, observe_cache
from hasten.world.load.result import COLUMNS, Flag, LoadResult, Outcome, Records


def a_load(*rows: dict[str, Any]) -> LoadResult:
    """
    Answers with 200; route 0 is a GET, route 1 a POST.
    """
    fixed = {"outcome": Outcome.ANSWERED, "status": 200}
    columns = {name: array(code, [row.get(name, fixed.get(name, 0)) for row in rows]) for name, code in COLUMNS.items()}
    return LoadResult(routes=["GET /a", "POST /b"], methods=["GET", "POST"], records=Records.of(columns))


def test_the_ratio_is_hits_over_cacheable_gets() -> None:
    """
    A 404 and a POST are not cacheable.
    """
    load = a_load({"flags": Flag.CACHE_HIT}, {}, {}, {}, {"status": 404}, {"route": 1})

    assert 0.25 == hit_ratio(load)


def test_none_hit_is_zero_and_none_cacheable_is_none() -> None:
    """
    Measured and nothing, and not measured, are told apart.
    """
    assert 0.0 == hit_ratio(a_load({}))
    assert None is hit_ratio(a_load({"route": 1}))


def test_measurements_are_of_the_application_and_of_routes_with_cacheable_answers() -> None:
    """
    A route without any has no measurement rather than a zero.
    """
    found = observe_cache(a_load({}, {"flags": Flag.CACHE_HIT}, {"route": 1}), "shop")

    assert [(HIT_RATIO, "shop", 0.5, 2), (HIT_RATIO, "GET /a", 0.5, 2)] == [
        (one.metric, one.where.name, one.distribution.mean, one.distribution.count) for one in found
    ]
    assert [] == observe_cache(a_load({"route": 1}), "shop")
