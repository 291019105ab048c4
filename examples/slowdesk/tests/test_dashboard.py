"""The dashboard."""

from typing import Any

import httpx
import pytest

from .conftest import SignIn, get


@pytest.fixture(scope="module")
def dashboard(agent: httpx.Client) -> dict[str, Any]:
    return get(agent, "/api/dashboard")


def test_the_queue_is_the_persons_own_work_longest_waiting_first(
    agent: httpx.Client, dashboard: dict[str, Any]
) -> None:
    """Only waiting inquiries that are assigned to the person, each with what was said last."""
    queue = dashboard["queue"]
    me = get(agent, "/api/users/me")

    assert 0 < len(queue) <= 20
    assert sorted((entry["waiting_minutes"] for entry in queue), reverse=True) == [
        entry["waiting_minutes"] for entry in queue
    ]
    for entry in queue[:3]:
        found = get(agent, f"/api/inquiries/{entry['id']}")
        assert found["status"] in ("open", "pending")
        assert me["id"] == found["assignee"]["id"]
        assert found["customer"]["name"] == entry["customer_name"]
        assert found["messages"][-1]["body"].startswith(entry["last_message_excerpt"])


def test_each_person_has_a_queue_of_their_own(
    agent: httpx.Client, manager: httpx.Client, dashboard: dict[str, Any]
) -> None:
    """Agent and manager see different inquiries under the same address."""
    others = {entry["id"] for entry in get(manager, "/api/dashboard")["queue"]}

    assert others.isdisjoint(entry["id"] for entry in dashboard["queue"])
    again = get(agent, "/api/dashboard")["queue"]
    assert [entry["id"] for entry in dashboard["queue"]] == [entry["id"] for entry in again]


def test_somebody_without_inquiries_has_an_empty_queue(sign_in: SignIn) -> None:
    """The viewer's dashboard works and has nothing in the queue."""
    assert [] == get(sign_in("viewer"), "/api/dashboard")["queue"]


def test_the_counts_are_those_of_the_list(agent: httpx.Client) -> None:
    """Open, pending and resolved agree with the filtered list; overdue is part of the waiting ones."""
    counts = get(agent, "/api/dashboard")["counts"]

    for status in ("open", "pending", "resolved"):
        assert counts[status] == get(agent, "/api/inquiries", status=status, per_page=1)["total"]
    assert 0 <= counts["overdue"] <= counts["open"] + counts["pending"]


def test_the_chart_has_every_day_once_in_order(dashboard: dict[str, Any]) -> None:
    """Fourteen days without a gap, with plausible numbers."""
    days = [entry["day"] for entry in dashboard["volume_by_day"]]

    assert 14 == len(set(days)) == len(days)
    assert sorted(days) == days
    assert sum(entry["opened"] for entry in dashboard["volume_by_day"]) > 0
    assert all(entry["opened"] >= 0 and entry["resolved"] >= 0 for entry in dashboard["volume_by_day"])


def test_the_activity_is_the_latest_first(dashboard: dict[str, Any]) -> None:
    """Each entry says who did what to which inquiry, and when."""
    moments = [entry["at"] for entry in dashboard["activity"]]

    assert moments
    assert sorted(moments, reverse=True) == moments
    assert all(entry["verb"] and entry["inquiry_id"] and entry["subject"] for entry in dashboard["activity"])


def test_the_team_has_the_most_loaded_first(dashboard: dict[str, Any]) -> None:
    """Names with their open inquiries, in descending order."""
    loads = [entry["open"] for entry in dashboard["team"]]

    assert loads
    assert sorted(loads, reverse=True) == loads
    assert all(entry["name"] for entry in dashboard["team"])
