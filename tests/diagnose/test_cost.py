"""
Costs: frequency per day × avoidable time.
"""

from typing import Any

import msgspec
import pytest

from hasten.diagnose import cost
from hasten.errors import NoData


def test_a_window_stands_for_the_traffic_of_a_day(observed: Any) -> None:
    """
    8,000 requests a day over 80 in the window: each call in it stands for a hundred.
    """
    assert 100.0 == cost.scale(observed())
    assert 1200.0 == cost.calls_per_day(12, observed())


def test_without_traffic_the_window_s_own_rate_goes_on(observed: Any) -> None:
    """
    80 seconds, 1,080 times a day.
    """
    assert 1080.0 == cost.scale(observed(requests_per_day={}))


def test_without_traffic_and_window_there_is_no_cost(observed: Any) -> None:
    """
    Nothing known is told, not taken for nothing.
    """
    with pytest.raises(NoData):
        cost.scale(observed(requests_per_day={}, seconds=0.0))


def test_cost_is_frequency_times_time_and_never_negative() -> None:
    """
    An unknown frequency ranks last.
    """
    assert [6.0, 0.0, 0.0] == [cost.cost_s_per_day(*each) for each in ((3.0, 2.0), (3.0, -1.0), (None, 2.0))]


def test_a_route_s_requests_come_from_the_traffic_or_are_scaled(observed: Any) -> None:
    """
    What the traffic names is taken; another route is scaled from its requests in the window.
    """
    seen = observed(requests_per_day={"GET /api/inquiries": 8000.0})

    assert 8000.0 == cost.requests_per_day("GET /api/inquiries", seen)
    assert 4000.0 == cost.requests_per_day("GET /api/dashboard", seen)


def test_page_visits_are_at_most_what_its_rarest_request_allows(observed: Any, make: Any) -> None:
    """
    A page that fetches the dashboard once and the inquiries twice is loaded at most 2,000 times.
    """
    url = "http://127.0.0.1:1/api/inquiries?page=%d"
    twice = [make.resource(url % n, kind="xhr") for n in (1, 2)]
    page = make.page(make.fetch, *twice)

    assert 2000.0 == cost.visits_per_day(page, page.runs[0].resources, observed())


def test_a_page_that_the_traffic_names_needs_no_estimate(observed: Any, make: Any) -> None:
    """
    An access log has GET / itself.
    """
    page = make.page(make.fetch)
    seen = observed(requests_per_day={"GET /": 70.0, "GET /api/dashboard": 4000.0})

    assert 70.0 == cost.visits_per_day(page, page.runs[0].resources, seen)


def test_visits_that_cannot_be_known_are_not_zero(observed: Any, make: Any) -> None:
    """
    A page that fetches nothing of the recorded traffic has unknown visits.
    """
    page = make.page(make.entry)

    assert cost.visits_per_day(page, page.runs[0].resources, observed()) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h:1/api/inquiries/17?x=1", "GET /api/inquiries/{id}"),
        ("http://h:1/api/inquiries/new", "GET /api/inquiries/new"),
        ("http://h:1/api/inquiries/17/messages", None),
        ("http://h:1/api/customers", None),
    ],
)
def test_a_url_belongs_to_the_plainest_route_that_matches(observed: Any, url: str, expected: str | None) -> None:
    """
    A variable stands for one segment, and a fixed path wins over a variable.
    """
    routes = {"GET /api/inquiries/{id}": 5.0, "GET /api/inquiries/new": 1.0, "POST /api/customers": 1.0}

    assert expected == cost.route_of("GET", url, observed(requests_per_day=routes))


def test_bandwidth_is_the_profile_s_or_measured(observed: Any, target: Any, make: Any) -> None:
    """
    Slow 4G carries 200 kB/s; without a profile the largest download tells: 400 kB in half a second.
    """
    free = msgspec.structs.replace(
        make.page(make.resource("http://h/a.js", wire_bytes=400_000, start_s=1.0, end_s=1.5)), network="none"
    )

    assert 200_000 == cost.bandwidth_bytes_per_s(observed(), target)
    assert 800_000 == cost.bandwidth_bytes_per_s(observed(pages=[free]), target)


def test_bandwidth_that_cannot_be_known_is_no_data(observed: Any, target: Any, make: Any) -> None:
    """
    A page of small files without a network profile tells nothing about bandwidth.
    """
    free = msgspec.structs.replace(make.page(make.resource("http://h/a.js", wire_bytes=900)), network="none")

    with pytest.raises(NoData, match="bandwidth"):
        cost.bandwidth_bytes_per_s(observed(pages=[free]), target)
