"""
Statements that come back within a request are counted by route.
"""

from typing import Any

from tests.traced import Written

from hasten.diagnose._within_request import Within, within_requests


def all_but_the_first(_: Any, __: str, steps: list[Any]) -> list[Any]:
    """
    Every execution beyond one is too many.
    """
    return steps[1:]


def look(observed: Any, written: Written, least: int = 3) -> list[Within]:
    """
    Statements with so many executions in each of two requests.
    """
    return within_requests(observed(traces=written.traces), all_but_the_first, least=least, least_requests=2)


def test_each_route_is_counted_by_itself(observed: Any, written: Written) -> None:
    """
    The worst comes first; what a route does once too often in one request only is not counted.
    """
    for route, count, requests in (("GET /a", 3, 2), ("GET /b", 5, 3), ("GET /c", 9, 1)):
        for _ in range(requests):
            written.add(*(written.step("db", n, 1, "SELECT id FROM a WHERE b = ?") for n in range(count)), route=route)
    [found] = look(observed, written)

    assert [("GET /b", 5), ("GET /a", 3)] == [(e["route"], e["most_in_one_request"]) for e in found.evidence()]
    assert ("GET /b", 12) == (found.worst[0], found.worst[1].repeated)


def test_requests_without_it_make_it_cheaper(observed: Any, written: Written) -> None:
    """
    Two of four requests repeat it twice, a millisecond each: one millisecond in the mean.
    """
    for count in (3, 3, 0, 0):
        written.add(*(written.step("db", n, 1, "SELECT id FROM a WHERE b = ?") for n in range(count)))
    [found] = look(observed, written)

    assert 4.0 == round(found.avoidable_s_per_day(observed()), 6)
