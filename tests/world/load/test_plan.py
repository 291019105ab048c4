"""
hasten.world.load.plan
"""

from typing import Any

import msgspec
import pytest

from hasten.errors import ConfigError, HastenError, NotAllowed, Unreachable
from hasten.world.load.plan import LoadPlan, LoadRequest, check_plan, is_loopback


def a_plan(**changes: Any) -> LoadPlan:
    plan = LoadPlan(base_url="http://127.0.0.1:1", requests=[LoadRequest()], rate_per_s=1.0, duration_s=1.0)
    return msgspec.structs.replace(plan, **changes)


def test_a_modest_plan_for_this_machine_passes() -> None:
    """
    A plan within all bounds for a loopback address is accepted.
    """
    check_plan(a_plan())


@pytest.mark.parametrize(
    "changes",
    [
        {"rate_per_s": 0.0},
        {"rate_per_s": float("nan")},
        {"rate_per_s": 1e9},
        {"duration_s": 1e9},
        {"duration_s": -1.0},
        {"timeout_s": 0.0},
        {"max_in_flight": 0},
        {"max_in_flight": 10**9},
        {"queue_limit": -1},
        {"rate_per_s": 40_000.0, "duration_s": 3_600.0},
        {"requests": []},
        {"arrivals": "recorded"},
        {"arrivals": "recorded", "requests": [LoadRequest(at=[1.0]), LoadRequest()]},
        {"requests": [LoadRequest(weight=0.0)]},
        {"requests": [LoadRequest(weight=-1.0)]},
        {"requests": [LoadRequest(method="GET /")]},
        {"requests": [LoadRequest(path="no-slash")]},
        {"requests": [LoadRequest(path="/a b")]},
        {"requests": [LoadRequest(path="/a\r\nx: y")]},
        {"requests": [LoadRequest(headers={"x": "a\r\nb: c"})]},
        {"requests": [LoadRequest(headers={"x: y": "a"})]},
        {"credentials": {"agent": {"cookie": "a\nb"}}},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "127.0.0.1:8000"},
    ],
)
def test_what_is_out_of_bounds_is_refused_with_a_hint(changes: dict[str, Any]) -> None:
    """
    Each bound is checked, and the error says what to do.
    """
    with pytest.raises(ConfigError) as caught:
        check_plan(a_plan(**changes))

    assert "" != caught.value.hint


def test_another_machine_is_not_loaded_by_mistake() -> None:
    """
    An address that is not loopback needs the caller's explicit word.
    """
    with pytest.raises(NotAllowed):
        check_plan(a_plan(base_url="http://192.0.2.1"))

    check_plan(a_plan(base_url="http://192.0.2.1", allow_remote=True))


def test_a_header_error_does_not_tell_the_secret() -> None:
    """
    The value of a bad credential header is not in the message.
    """
    with pytest.raises(HastenError) as caught:
        check_plan(a_plan(credentials={"agent": {"cookie": "session=geheim\n"}}))

    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("8.8.8.8", False)]
)
def test_loopback_is_told_by_address(host: str, expected: bool) -> None:
    """
    All of 127/8, ::1 and names for them are loopback.
    """
    assert expected is is_loopback(host)


def test_an_unknown_host_is_unreachable() -> None:
    """
    A name without an address is an error, not a remote host.
    """
    with pytest.raises(Unreachable):
        is_loopback("no-such-host.invalid")


def test_a_request_is_counted_under_its_route_or_its_path() -> None:
    """
    Without a route's name the path stands for it, without its query.
    """
    assert "GET /a" == LoadRequest(path="/a?b=1").name
    assert "GET /{id}" == LoadRequest(path="/7", route="GET /{id}").name
