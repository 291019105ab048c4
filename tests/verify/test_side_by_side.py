"""
hasten.verify.side_by_side: the order of the first passes; whole trials are in tests/real/test_side_by_side.py.
"""

from hasten.verify.side_by_side import spread_over_routes
from hasten.world.load.plan import LoadRequest


def test_every_route_has_its_turn_before_any_has_its_second() -> None:
    """
    However unequal the routes are, a pass that is cut short has seen all of them.
    """
    requests = [LoadRequest(path=f"/a/{number}", route="a") for number in range(4)]
    requests.append(LoadRequest(path="/b", route="b"))
    found = [requests[number].path for number in spread_over_routes(requests)]

    assert ["/a/0", "/b", "/a/1", "/b", "/a/2", "/b", "/a/3", "/b"] == found


def test_a_single_request_is_asked_twice() -> None:
    """
    A first answer is no typical one.
    """
    assert [0, 0] == spread_over_routes([LoadRequest()])
