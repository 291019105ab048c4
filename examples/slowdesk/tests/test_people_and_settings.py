"""The people at the desk and the system settings."""

import httpx

from .conftest import get


def test_people_are_listed_for_managers_only(
    admin: httpx.Client, manager: httpx.Client, agent: httpx.Client, viewer: httpx.Client
) -> None:
    """Administrators and managers see the list, the others get 403."""
    assert get(admin, "/api/users")["total"] == get(manager, "/api/users")["total"]
    assert [403, 403] == [client.get("/api/users").status_code for client in (agent, viewer)]


def test_people_are_found_by_name_and_role(manager: httpx.Client) -> None:
    """Filters hold for every entry."""
    everybody = get(manager, "/api/users")
    agents = get(manager, "/api/users", role="agent")
    some = get(manager, "/api/users", q="AGENT1", role="agent")

    assert {"agent"} == {entry["role"] for entry in agents["items"]}
    assert 0 < some["total"] < agents["total"] < everybody["total"]
    assert all("agent1" in entry["email"].lower() for entry in some["items"])
    names = [entry["name"] for entry in everybody["items"]]
    assert sorted(names) == names


def test_the_persons_open_inquiries_are_counted(manager: httpx.Client) -> None:
    """The list and the person's own profile agree."""
    me = get(manager, "/api/users/me")
    listed = get(manager, "/api/users", q=me["email"])["items"]

    assert [me["id"]] == [entry["id"] for entry in listed]
    assert me["open_inquiries"] == listed[0]["open_inquiries"]
    assert 0 <= me["unread"] <= me["open_inquiries"]


def test_pages_of_people_do_not_overlap(manager: httpx.Client) -> None:
    """All pages together are everybody, once."""
    first = get(manager, "/api/users")
    last = get(manager, "/api/users", page=first["pages"])

    size = len(first["items"])
    assert first["total"] == size * (first["pages"] - 1) + len(last["items"])
    assert {entry["id"] for entry in first["items"]}.isdisjoint(entry["id"] for entry in last["items"])


def test_settings_are_read_by_everybody_and_changed_by_administrators(
    admin: httpx.Client, manager: httpx.Client, viewer: httpx.Client
) -> None:
    """A new value is seen by the next request of anybody; others are refused with 403."""
    path = "/api/system-settings/ui.welcome"
    before = get(viewer, "/api/system-settings")["settings"]["ui.welcome"]
    try:
        for value in ("Welcome back", before + "!"):
            assert 200 == admin.put(path, json={"value": value}).status_code
            assert value == get(viewer, "/api/system-settings")["settings"]["ui.welcome"]
        assert 403 == manager.put(path, json={"value": "mine"}).status_code
        assert 403 == viewer.put(path, json={"value": "mine"}).status_code
        assert before + "!" == get(manager, "/api/system-settings")["settings"]["ui.welcome"]
    finally:
        admin.put(path, json={"value": before}).raise_for_status()


def test_a_setting_takes_effect_at_once(admin: httpx.Client, agent: httpx.Client) -> None:
    """A shorter queue is shown by the next dashboard."""
    path = "/api/system-settings/dashboard.queue_length"
    before = get(admin, "/api/system-settings")["settings"]["dashboard.queue_length"]
    try:
        admin.put(path, json={"value": 1}).raise_for_status()
        assert 1 == len(get(agent, "/api/dashboard")["queue"])
    finally:
        admin.put(path, json={"value": before}).raise_for_status()
    assert 1 < len(get(agent, "/api/dashboard")["queue"]) <= before


def test_an_unknown_setting_is_not_found(admin: httpx.Client) -> None:
    """Settings are not invented by a typing error."""
    assert 404 == admin.put("/api/system-settings/ui.wellcome", json={"value": 1}).status_code
