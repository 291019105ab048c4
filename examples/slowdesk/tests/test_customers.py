"""Customers."""

import httpx

from .conftest import get


def test_customers_are_listed_by_name(agent: httpx.Client) -> None:
    """Every page is sorted and goes on where the one before ended."""
    first, second = get(agent, "/api/customers"), get(agent, "/api/customers", page=2)
    names = [(entry["name"], entry["id"]) for page in (first, second) for entry in page["items"]]

    assert sorted(names) == names
    assert len(names) == len(set(names))
    assert first["total"] == second["total"] > len(first["items"])
    assert -(-first["total"] // len(first["items"])) == first["pages"]


def test_an_entry_counts_the_customers_inquiries(agent: httpx.Client) -> None:
    """The list's numbers are those of the customer's page."""
    for entry in get(agent, "/api/customers", page=3)["items"][:3]:
        found = get(agent, f"/api/customers/{entry['id']}")
        assert entry["inquiry_count"] == found["inquiry_count"] == len(found["inquiries"])
        waiting = [inquiry for inquiry in found["inquiries"] if inquiry["status"] in ("open", "pending")]
        assert entry["open_count"] == len(waiting)


def test_search_finds_names_addresses_and_companies(agent: httpx.Client) -> None:
    """Any part, in any case."""
    known = get(agent, "/api/customers/9")
    for words in (known["name"].upper(), known["email"].lower(), known["company"][:6].lower()):
        page = get(agent, "/api/customers", q=words)
        assert 0 < page["total"] <= get(agent, "/api/customers", q=words[:4])["total"]
        for entry in page["items"]:
            everything = " ".join((entry["name"], entry["email"], entry["company"])).lower()
            assert words.lower() in everything
    assert [9] == [entry["id"] for entry in get(agent, "/api/customers", q=known["email"])["items"]]


def test_a_customers_inquiries_are_theirs_newest_first(agent: httpx.Client) -> None:
    """Customer 1 writes a lot."""
    found = get(agent, "/api/customers/1")
    moments = [inquiry["created_at"] for inquiry in found["inquiries"]]

    assert {"id", "name", "email", "company", "country", "plan", "created_at"} <= found.keys()
    assert len(moments) > 10
    assert sorted(moments, reverse=True) == moments
    newest = get(agent, f"/api/inquiries/{found['inquiries'][0]['id']}")
    assert 1 == newest["customer"]["id"]


def test_an_unknown_customer_is_not_found(agent: httpx.Client) -> None:
    """404, not an empty page."""
    assert 404 == agent.get("/api/customers/2000000000").status_code


def test_no_match_is_an_empty_page(agent: httpx.Client) -> None:
    """Nothing found is not an error."""
    page = get(agent, "/api/customers", q="zzzz-nobody")

    assert ([], 0) == (page["items"], page["total"])
