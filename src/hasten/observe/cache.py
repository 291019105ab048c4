"""
How many cacheable answers came without asking the handler.
"""

from hasten.model import Conditions, Distribution, Measurement, Where
from hasten.world.load.result import LoadResult

HIT_RATIO = "hasten.cache.hit_ratio"


def observe_cache(load: LoadResult, application: str, conditions: Conditions | None = None) -> list[Measurement]:
    """
    The hit ratio of the whole application and of each route that has cacheable answers.

    Cacheable is a GET answered with 200 or 304; a hit is one where Cache-Status, Age or X-Cache says so, or a 304.
    0 means measured and none hit. Without a cacheable GET there is no measurement: that is not 0.
    """
    places: list[tuple[Where, str | None]] = [(Where(kind="application", name=application), None)]
    places += [(Where(kind="route", name=route), route) for route in sorted(load.routes)]
    found = []
    for where, route in places:
        ratio = hit_ratio(load, route)
        if ratio is None:
            continue
        hits, cacheable = load.cache_hits(route)
        distribution = Distribution(count=cacheable, mean=ratio, total=float(hits))
        found.append(
            Measurement(
                metric=HIT_RATIO,
                unit="1",
                where=where,
                distribution=distribution,
                conditions=conditions or Conditions(),
            )
        )
    return found


def hit_ratio(load: LoadResult, route: str | None = None) -> float | None:
    """
    Hits over cacheable GETs; None where there was no cacheable GET, and where the engine could not see headers.
    """
    hits, cacheable = load.cache_hits(route)
    return hits / cacheable if cacheable else None
