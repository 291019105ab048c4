"""Analytics, reports and their files."""

import io
import zipfile
from typing import Any

import httpx
import pytest

from .conftest import get

KINDS = ("sla", "workload", "customers")


@pytest.fixture(scope="module")
def charts(manager: httpx.Client) -> dict[str, Any]:
    return get(manager, "/api/analytics", days=30)


def test_response_times_are_per_day_and_plausible(charts: dict[str, Any]) -> None:
    """Days in order; half of the answers are never slower than nineteen out of twenty."""
    days = [entry["day"] for entry in charts["response_times"]]

    assert sorted(set(days)) == days
    assert 25 <= len(days) <= 31
    assert all(0 <= entry["p50_minutes"] <= entry["p95_minutes"] for entry in charts["response_times"])


@pytest.mark.parametrize("chart", ["by_channel", "by_country", "topics"])
def test_shares_are_largest_first(charts: dict[str, Any], chart: str) -> None:
    """Every share has a name of its own and at least one inquiry."""
    counts = [entry["count"] for entry in charts[chart]]
    names = [next(value for key, value in entry.items() if key != "count") for entry in charts[chart]]

    assert counts
    assert sorted(counts, reverse=True) == counts
    assert min(counts) > 0
    assert len(set(names)) == len(names)


def test_the_funnel_narrows(charts: dict[str, Any]) -> None:
    """Nothing is assigned, answered or resolved that was not received."""
    steps = {entry["step"]: entry["count"] for entry in charts["funnel"]}

    assert ["received", "assigned", "answered", "resolved", "in time"] == [e["step"] for e in charts["funnel"]]
    assert steps["received"] >= max(steps.values())
    assert steps["resolved"] >= steps["in time"] >= 0


def test_the_best_agents_come_first(charts: dict[str, Any]) -> None:
    """By what they resolved."""
    resolved = [entry["resolved"] for entry in charts["agents"]]

    assert resolved
    assert sorted(resolved, reverse=True) == resolved
    assert all(entry["name"] and entry["avg_minutes"] >= 0 for entry in charts["agents"])


def test_more_days_are_more_inquiries(manager: httpx.Client, charts: dict[str, Any]) -> None:
    """A week is part of the month."""
    week = get(manager, "/api/analytics", days=7)

    assert 0 < week["funnel"][0]["count"] < charts["funnel"][0]["count"]
    assert {entry["day"] for entry in week["response_times"]} < {e["day"] for e in charts["response_times"]}


def test_days_have_limits(manager: httpx.Client) -> None:
    """Zero and ten thousand days are refused."""
    assert [422, 422] == [manager.get("/api/analytics", params={"days": days}).status_code for days in (0, 10_000)]


def test_the_reports_are_listed(viewer: httpx.Client) -> None:
    """Three kinds with a title, a description and when each was last taken away."""
    items = get(viewer, "/api/reports")["items"]

    assert list(KINDS) == [item["kind"] for item in items]
    assert all(item["title"] and item["description"] and item["last_run_at"] and item["rows"] for item in items)


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_is_a_table(viewer: httpx.Client, kind: str) -> None:
    """Every row has a value for every column."""
    report = get(viewer, f"/api/reports/{kind}", days=60)

    assert kind == report["kind"]
    assert report["rows"]
    assert {len(report["columns"])} == {len(row) for row in report["rows"]}
    assert report["generated_at"]


def test_service_levels_add_up(agent: httpx.Client) -> None:
    """In time and late are all inquiries of the day; the days are in order."""
    rows = get(agent, "/api/reports/sla", days=30)["rows"]

    assert sorted(row[:2] for row in rows) == [row[:2] for row in rows]
    assert all(inquiries == in_time + late for _, _, inquiries, in_time, late, _ in rows)


def test_workload_covers_what_came_in(manager: httpx.Client) -> None:
    """All agents together had the inquiries that were assigned."""
    rows = get(manager, "/api/reports/workload", days=30)["rows"]
    funnel = {entry["step"]: entry["count"] for entry in get(manager, "/api/analytics", days=30)["funnel"]}

    assert funnel["assigned"] == sum(row[2] for row in rows)
    assert get(manager, "/api/users")["total"] == len(rows)


def test_settled_customers_have_nothing_open(agent: httpx.Client) -> None:
    """Most inquiries first, and none of them waits."""
    rows = get(agent, "/api/reports/customers", days=90)["rows"]
    counts = [row[4] for row in rows]

    assert sorted(counts, reverse=True) == counts
    name, company = rows[0][:2]
    found = [
        entry
        for entry in get(agent, "/api/customers", q=company)["items"]
        if entry["name"] == name and entry["inquiry_count"] >= rows[0][4]
    ]
    assert not found or any(0 == entry["open_count"] for entry in found)


def test_an_unknown_report_is_not_found(agent: httpx.Client) -> None:
    """Neither to look at nor to take away."""
    assert 404 == agent.get("/api/reports/gossip").status_code
    assert 404 == agent.post("/api/reports/gossip/export").status_code


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_can_be_taken_away(manager: httpx.Client, kind: str) -> None:
    """The file is a spreadsheet with the report's columns and rows, and the list remembers it."""
    report = get(manager, f"/api/reports/{kind}", days=10)
    answer = manager.post(f"/api/reports/{kind}/export", params={"days": 10})

    assert 200 == answer.status_code
    assert f"{kind}-" in answer.headers["content-disposition"]
    assert ".xlsx" in answer.headers["content-disposition"]
    table = [report["columns"], *report["rows"]]
    assert _sheet(answer.content) in (table, len(table))
    listed = {item["kind"]: item for item in get(manager, "/api/reports")["items"]}
    assert len(report["rows"]) == listed[kind]["rows"]
    assert report["generated_at"] == listed[kind]["last_run_at"]


def _sheet(content: bytes) -> list[list[Any]] | int:
    """The rows of the file's sheet; only their number where openpyxl is not installed."""
    try:
        import openpyxl
    except ImportError:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read("xl/worksheets/sheet1.xml").count(b"<row ")
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    try:
        return [list(row) for row in workbook.active.iter_rows(values_only=True)]
    finally:
        workbook.close()


def test_viewers_take_nothing_away(viewer: httpx.Client) -> None:
    """Looking is allowed, exporting is not."""
    assert 403 == viewer.post("/api/reports/workload/export").status_code


def test_the_api_describes_itself(anonymous: httpx.Client) -> None:
    """The OpenAPI document names the endpoints; addresses below /api that do not exist are 404."""
    paths = get(anonymous, "/openapi.json")["paths"]

    assert {"/api/dashboard", "/api/inquiries/{inquiry_id}", "/api/reports/{kind}/export"} <= paths.keys()
    assert 404 == anonymous.get("/api/nothing").status_code
