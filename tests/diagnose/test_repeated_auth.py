"""
repeated_auth: who asks is found out again for every request.
"""

from typing import Any

import pytest
from tests.traced import Written

from hasten.diagnose import repeated_auth

CHAIN = ["shop/identity.py:20 introspect", "shop/auth.py:40 current_principal"]


def ask(written: Written, count: int, *, route: str = "GET /api/inquiries", **given: Any) -> None:
    """
    Requests that ask an identity provider and the database for the same person.
    """
    detail = given.pop("detail", "token")
    for _ in range(count):
        written.add(
            written.step("client", 0, 10, "httpx", at=CHAIN, detail=""),
            written.step("http", 10, 25, "POST 127.0.0.1:8001/introspect", at=CHAIN, detail=detail, rows=200),
            written.step("db", 36, 2, "SELECT id, role_id FROM users WHERE email = ?", at="shop/auth.py:30 find_user"),
            written.step("db", 50, 20, "SELECT id FROM inquiries LIMIT ?"),
            route=route,
            **given,
        )


def test_the_same_person_is_asked_for_again(observed: Any, target: Any, written: Written) -> None:
    """
    Eleven of twelve requests repeat what the first has asked; each waits 37 ms for it, 4,000 times a day on each route.
    """
    ask(written, 6)
    ask(written, 6, route="GET /api/dashboard")
    [found] = repeated_auth.find(observed(traces=written.traces), target)

    assert ("application", "application") == (found.where.kind, found.where.name)
    assert pytest.approx(4000 * (5 / 6 + 1) * 0.037, rel=0.01) == found.cost_s_per_day
    assert (11, 12, 1.0) == (
        found.evidence["repeating_requests"],
        found.evidence["requests_with_credentials"],
        found.evidence["new_http_clients_per_request"],
    )
    assert "a new HTTP client" in found.says
    assert "shop/identity.py:20 introspect" in found.says


@pytest.mark.parametrize("case", ["one route", "few", "other people", "other workers", "anonymous", "other tokens"])
def test_what_is_asked_once_is_healthy(observed: Any, target: Any, written: Written, case: str) -> None:
    """
    Each person's first request in each worker has to ask, and one route alone may be the login.
    """
    for number in range(4 if case == "few" else 12):
        given: dict[str, Any] = {"route": "GET /api/inquiries" if case == "one route" or number % 2 else "GET /b"}
        given |= {"other people": {"identity": f"p{number}"}, "other workers": {"pid": number}}.get(case, {})
        given |= {"anonymous": {"identity": ""}, "other tokens": {"detail": f"t{number}"}}.get(case, {})
        ask(written, 1, **given)

    assert [] == repeated_auth.find(observed(traces=written.traces), target)


def test_one_cheap_look_up_is_healthy(observed: Any, target: Any, written: Written) -> None:
    """
    A session that is read by one statement of a millisecond is what frameworks do.
    """
    for number in range(20):
        step = written.step("db", 0, 1, "SELECT session_data FROM django_session WHERE session_key = ?", at="")
        written.add(step, route=f"GET /{number % 3}")

    assert [] == repeated_auth.find(observed(traces=written.traces), target)


def test_a_cache_that_is_filled_now_and_then_is_healthy(observed: Any, target: Any, written: Written) -> None:
    """
    Three of thirty requests ask again, because what was kept was too old.
    """
    for number in range(30):
        if number % 10:
            written.add(written.step("db", 0, 20, "SELECT id FROM inquiries LIMIT ?"), route=f"GET /{number % 3}")
        else:
            ask(written, 1, route=f"GET /{number % 3}")

    assert [] == repeated_auth.find(observed(traces=written.traces), target)
