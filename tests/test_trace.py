"""
A trace in the evidence: small as JSON, and readable with its names.
"""

from tests.traced import Written

from hasten.model import from_json, to_json
from hasten.trace import Step, Trace, Traces, seen


def test_a_step_is_a_list_in_json() -> None:
    """
    Field names in each of thousands of steps would be most of the file.
    """
    assert b'["db",1,2,0,"ab",3,[1]]' == to_json(Step("db", 1, 2, 0, "ab", 3, [1]))


def test_traces_survive_json() -> None:
    """
    What was stored is what is read.
    """
    of = Written()
    of.add(of.step("db", 1, 2, "SELECT ?"), measured_s=0.2)

    assert of.traces == from_json(to_json(of.traces), Traces)


def test_steps_are_seen_with_names_in_their_order() -> None:
    """
    By when they began, with the code that made them, nearest first.
    """
    of = Written()
    later = of.step("db", 5, 2, "SELECT ?", at=["shop/auth.py:1 find_user", "shop/list.py:2 show"])
    of.add(later, of.step("pool", 1, 1, "sqlalchemy", at=""))
    first, second = seen(of.traces, of.taken[0])

    assert ("pool", "", False) == (first.kind, first.place, first.is_auth)
    assert ("SELECT ?", "shop/auth.py:1 find_user", True, 0.002) == (
        second.name, second.place, second.is_auth, second.seconds,
    )  # fmt: skip


def test_a_route_begins_with_its_method() -> None:
    """
    As the load names routes.
    """
    assert "GET" == Trace(route="GET /orders/{id}", pid=1, at=0.0, status=200, duration_ns=1).method
