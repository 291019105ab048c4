"""Inquiries: reading, finding, writing."""

from typing import Any

import httpx
import pytest

from .conftest import get


def test_a_list_entry_is_complete(agent: httpx.Client) -> None:
    """The list has what its table shows."""
    entry = get(agent, "/api/inquiries", per_page=1)["items"][0]

    assert {
        "id", "subject", "status", "priority", "channel", "created_at", "updated_at", "customer", "assignee",
        "message_count", "tags",
    } <= entry.keys()  # fmt: skip
    assert {"id", "name", "email", "company"} <= entry["customer"].keys()


def test_pages_follow_each_other_without_gap_or_overlap(agent: httpx.Client) -> None:
    """Two pages of 8 are one page of 16."""
    both = get(agent, "/api/inquiries", per_page=16, sort="created_at")
    first = get(agent, "/api/inquiries", per_page=8, sort="created_at")
    second = get(agent, "/api/inquiries", per_page=8, sort="created_at", page=2)

    assert [entry["id"] for entry in both["items"]] == [
        entry["id"] for page in (first, second) for entry in page["items"]
    ]
    assert first["total"] == both["total"]
    assert -(-first["total"] // 8) == first["pages"]
    assert (1, 2) == (first["page"], second["page"])


def test_the_page_after_the_last_is_empty(agent: httpx.Client) -> None:
    """Paging beyond the end gives no items and the right total."""
    known = get(agent, "/api/inquiries", status="pending", per_page=20)
    beyond = get(agent, "/api/inquiries", status="pending", per_page=20, page=known["pages"] + 1)

    assert [] == beyond["items"]
    assert known["total"] == beyond["total"]


@pytest.mark.parametrize("sort", ["-updated_at", "updated_at", "-created_at", "created_at", "due_at", "-due_at"])
def test_the_list_is_in_the_order_asked_for(agent: httpx.Client, sort: str) -> None:
    """Ascending, or descending with a minus; newest change first unless asked otherwise."""
    field = sort.removeprefix("-")
    moments = [entry[field] for entry in get(agent, "/api/inquiries", sort=sort, per_page=10)["items"]]

    assert sorted(moments, reverse=sort.startswith("-")) == moments
    if sort == "-updated_at":
        assert moments == [entry[field] for entry in get(agent, "/api/inquiries", per_page=10)["items"]]


def test_filters_hold_for_every_entry_and_narrow_the_total(agent: httpx.Client) -> None:
    """Status and priority can be combined; the statuses add up to everything."""
    total = get(agent, "/api/inquiries", per_page=1)["total"]
    of_status = {
        status: get(agent, "/api/inquiries", status=status, per_page=8)
        for status in ("open", "pending", "resolved", "closed")
    }
    both = get(agent, "/api/inquiries", status="closed", priority="urgent", per_page=8)

    for status, page in of_status.items():
        assert {status} == {entry["status"] for entry in page["items"]}
    assert total == sum(page["total"] for page in of_status.values())
    assert {("closed", "urgent")} == {(entry["status"], entry["priority"]) for entry in both["items"]}
    assert 0 < both["total"] < of_status["closed"]["total"]


def test_search_looks_at_subjects_and_tags(agent: httpx.Client, inquiry: dict[str, Any]) -> None:
    """A part of the subject or of a tag finds the inquiry once, whatever the case."""
    found = [entry["id"] for entry in get(agent, "/api/inquiries", q="KETTLE does", per_page=10)["items"]]
    assert inquiry["id"] in found
    assert len(found) == len(set(found))
    tagged = get(agent, "/api/inquiries", q="ViP", per_page=10)["items"]
    assert tagged
    assert all("vip" in entry["tags"] or "vip" in entry["subject"].lower() for entry in tagged)


def test_search_without_a_match_is_an_empty_page(agent: httpx.Client) -> None:
    """Nothing found is not an error."""
    page = get(agent, "/api/inquiries", q="zzzz-nobody-writes-this")

    assert ([], 0, 1) == (page["items"], page["total"], page["pages"])


def test_inquiries_are_found_by_the_customers_address_in_any_case(agent: httpx.Client, inquiry: dict[str, Any]) -> None:
    """The address need not be typed as it is stored."""
    email = inquiry["customer"]["email"]
    page = get(agent, "/api/inquiries", customer_email=email.upper(), per_page=200)

    assert inquiry["id"] in {entry["id"] for entry in page["items"]}
    assert {7} == {entry["customer"]["id"] for entry in page["items"]}
    assert page["total"] == get(agent, "/api/customers/7")["inquiry_count"]


@pytest.mark.parametrize(
    "parameters", [{"page": 0}, {"per_page": 500}, {"status": "lost"}, {"priority": "huge"}, {"sort": "body"}]
)
def test_nonsense_is_refused(agent: httpx.Client, parameters: dict[str, Any]) -> None:
    """Parameters out of range are answered with 422."""
    assert 422 == agent.get("/api/inquiries", params=parameters).status_code


@pytest.mark.parametrize("inquiry_id", [17, 404, 1234, 2900])
def test_an_inquiry_has_its_conversation_and_history_in_order(agent: httpx.Client, inquiry_id: int) -> None:
    """The customer's message comes first; messages and events are in order of time."""
    found = get(agent, f"/api/inquiries/{inquiry_id}")
    messages, events = found["messages"], found["events"]

    assert inquiry_id == found["id"]
    assert ("customer", found["customer"]["name"]) == (messages[0]["author_kind"], messages[0]["author_name"])
    assert sorted(message["created_at"] for message in messages) == [m["created_at"] for m in messages]
    assert "created" == events[0]["kind"]
    assert sorted(event["at"] for event in events) == [event["at"] for event in events]
    assert all(found["channel"] == event["payload"]["channel"] for event in events)


def test_list_and_detail_agree(agent: httpx.Client) -> None:
    """An entry of the list says the same as the inquiry's own page."""
    for entry in get(agent, "/api/inquiries", sort="created_at", per_page=3)["items"]:
        found = get(agent, f"/api/inquiries/{entry['id']}")
        for field in ("subject", "body", "status", "priority", "channel", "assignee", "tags", "updated_at"):
            assert entry[field] == found[field], field
        assert entry["message_count"] == len(found["messages"])


def test_an_unknown_inquiry_is_not_found(agent: httpx.Client) -> None:
    """Reading, changing or answering it gives 404; a word for a number gives 422."""
    assert 404 == agent.get("/api/inquiries/2000000000").status_code
    assert 404 == agent.patch("/api/inquiries/2000000000", json={"status": "open"}).status_code
    assert 404 == agent.post("/api/inquiries/2000000000/messages", json={"body": "Hm"}).status_code
    assert 422 == agent.get("/api/inquiries/latest").status_code


def test_a_new_inquiry_is_open_and_at_the_top(agent: httpx.Client, inquiry: dict[str, Any]) -> None:
    """What was created can be read at once, in the list and by itself."""
    assert ("open", "normal", "web") == (inquiry["status"], inquiry["priority"], inquiry["channel"])
    assert inquiry["assignee"] is None
    assert inquiry == get(agent, f"/api/inquiries/{inquiry['id']}")
    assert inquiry["id"] == get(agent, "/api/inquiries", per_page=5)["items"][0]["id"]


def test_creating_moves_totals_and_counts(agent: httpx.Client) -> None:
    """List, dashboard and customer count the new inquiry immediately."""

    def counts() -> tuple[int, int, int, int]:
        customer = get(agent, "/api/customers/7")
        return (
            get(agent, "/api/inquiries", status="open", per_page=1)["total"],
            get(agent, "/api/dashboard")["counts"]["open"],
            customer["inquiry_count"],
            customer["open_count"],
        )

    before = counts()
    new = {"subject": "One more", "body": "Please.", "customer_id": 7, "priority": "urgent", "channel": "phone"}
    answer = agent.post("/api/inquiries", json=new)

    assert 201 == answer.status_code
    assert ("urgent", "phone") == (answer.json()["priority"], answer.json()["channel"])
    assert tuple(count + 1 for count in before) == counts()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"subject": "", "body": "x", "customer_id": 7},
        {"subject": "x", "body": "x", "customer_id": 2_000_000_000},
        {"subject": "x", "body": "x", "customer_id": 7, "priority": "huge"},
    ],
)
def test_an_incomplete_inquiry_is_refused(agent: httpx.Client, body: dict[str, Any]) -> None:
    """Missing parts, unknown customers and unknown priorities are answered with 422."""
    assert 422 == agent.post("/api/inquiries", json=body).status_code


def test_a_message_is_in_the_conversation_at_once(agent: httpx.Client, inquiry: dict[str, Any]) -> None:
    """The answer is signed by its author, counted, and read back as written."""
    path = f"/api/inquiries/{inquiry['id']}"
    get(agent, path)
    text = "Which kettle is it?\nA photo <b>helps</b> – danke! ☕"
    answer = agent.post(f"{path}/messages", json={"body": text})

    assert 201 == answer.status_code
    assert ("agent", text) == (answer.json()["author_kind"], answer.json()["body"])
    assert answer.json() == get(agent, path)["messages"][-1]
    assert get(agent, "/api/users/me")["name"] == answer.json()["author_name"]
    listed = {entry["id"]: entry for entry in get(agent, "/api/inquiries", per_page=5)["items"]}
    assert 2 == listed[inquiry["id"]]["message_count"]


def test_an_empty_message_is_refused(agent: httpx.Client, inquiry: dict[str, Any]) -> None:
    """There is nothing to send."""
    assert 422 == agent.post(f"/api/inquiries/{inquiry['id']}/messages", json={"body": ""}).status_code


def test_a_change_is_seen_by_everybody_at_once(
    agent: httpx.Client, manager: httpx.Client, inquiry: dict[str, Any]
) -> None:
    """Status, priority and assignee change, and the history says who did it."""
    path = f"/api/inquiries/{inquiry['id']}"
    get(manager, path)
    me = get(agent, "/api/users/me")
    answer = agent.patch(path, json={"status": "pending", "priority": "high", "assignee_id": me["id"]})

    assert 200 == answer.status_code
    seen = get(manager, path)
    assert answer.json() == seen
    assert ("pending", "high") == (seen["status"], seen["priority"])
    assert {"id": me["id"], "name": me["name"]} == seen["assignee"]
    kinds = {event["kind"]: event for event in seen["events"]}
    assert {"created", "status_changed", "priority_changed", "assigned"} == kinds.keys()
    assert ("open", "pending") == tuple(kinds["status_changed"]["payload"][key] for key in ("from", "to"))
    assert me["name"] == kinds["status_changed"]["actor_name"]


def test_assigning_moves_the_persons_open_inquiries(agent: httpx.Client, inquiry: dict[str, Any]) -> None:
    """One more when it is assigned, one less when it is resolved."""
    path = f"/api/inquiries/{inquiry['id']}"
    me = get(agent, "/api/users/me")
    agent.patch(path, json={"assignee_id": me["id"]}).raise_for_status()
    assert me["open_inquiries"] + 1 == get(agent, "/api/users/me")["open_inquiries"]
    resolved = agent.patch(path, json={"status": "resolved"}).json()
    assert me["open_inquiries"] == get(agent, "/api/users/me")["open_inquiries"]
    assert resolved["resolved_at"] is not None


def test_a_change_to_nonsense_changes_nothing(agent: httpx.Client, inquiry: dict[str, Any]) -> None:
    """Unknown statuses and people are refused with 422."""
    path = f"/api/inquiries/{inquiry['id']}"
    for change in ({"status": "lost"}, {"priority": "huge"}, {"assignee_id": 2_000_000_000}):
        assert 422 == agent.patch(path, json=change).status_code
    assert inquiry == get(agent, path)


def test_viewers_read_but_do_not_write(viewer: httpx.Client, inquiry: dict[str, Any]) -> None:
    """A viewer sees the inquiry and is refused every change with 403."""
    path = f"/api/inquiries/{inquiry['id']}"

    assert inquiry == get(viewer, path)
    assert 403 == viewer.patch(path, json={"status": "closed"}).status_code
    assert 403 == viewer.post(f"{path}/messages", json={"body": "Me too"}).status_code
    new = {"subject": "x", "body": "x", "customer_id": 7}
    assert 403 == viewer.post("/api/inquiries", json=new).status_code
    assert inquiry == get(viewer, path)
