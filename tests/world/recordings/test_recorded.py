"""
Recordings of the agents as traffic.
"""

from pathlib import Path
from typing import Any

import pytest

from hasten.errors import ConfigError
from hasten.world.recorder import Recorded, Request, Seen
from hasten.world.recordings.jsonl import read_jsonl
from hasten.world.recordings.recorded import identities, lines_of, mapped, read_recorded
from hasten.world.recordings.routes import Routes
from hasten.world.recordings.tally import FAILED, LEAVES, STATIC, UNKNOWN_IDENTITY

JANE, JOE = "a1" * 8, "b2" * 8


SEEN = Seen(since=0.0, requests=1, others=0, kept=1, over=0, withheld={})


def request(path: str, at: float = 100.0, **changed: Any) -> Request:
    """
    A recorded request.
    """
    given = {
        "version": 1,
        "method": "GET",
        "identity": "",
        "headers": {},
        "route": "",
        "status": 200,
        "seen": SEEN,
        **changed,
    }
    return Request(path=path, at=at, **given)


def recording(*requests: Request) -> Recorded:
    """
    A recording of these.
    """
    return Recorded(id="r1", requests=list(requests), counts=[])


def test_the_mix_the_moments_and_the_order_are_kept() -> None:
    """
    Through the file that [traffic] requests names: what came, how often, when, as whom, and under which route.
    """
    found = recording(
        request("/orders/7", 100.0, identity=JANE, route="/orders/{id}", headers={"accept": "*/*"}),
        request("/", 100.5),
        request("/orders/7", 103.25, identity=JANE, route="/orders/{id}"),
        request("/items/12", 104.0, identity=JOE),
    )
    made = read_recorded(found, {JANE: "agent", JOE: "admin"}, Routes())
    back = read_jsonl(Path("traffic.jsonl"), lines_of(made).decode().splitlines(), ["agent", "admin"], Routes())

    assert made.requests == back.requests
    assert [
        ("GET /orders/{id}", "/orders/7", "agent", 2.0, [0.0, 3.25]),
        ("GET /", "/", "anonymous", 1.0, [0.5]),
        ("GET /items/{id}", "/items/12", "admin", 1.0, [4.0]),
    ] == [(each.route, each.path, each.principal, each.weight, each.at) for each in back.requests]
    assert {"accept": "*/*"} == back.requests[0].headers


def test_what_cannot_be_replayed_is_counted() -> None:
    """
    Visitors who are nobody's principal, files, errors, logins; and a secret that an agent should not have written.
    """
    found = recording(
        request("/a", identity=JANE), request("/a.css"), request("/b", status=404), request("/login"),
        request("/c?token=abc"), request("/ok"),
    )  # fmt: skip
    made = read_recorded(found, {}, Routes())

    assert ["/ok"] == [each.path for each in made.requests]
    assert {UNKNOWN_IDENTITY: 2, STATIC: 1, FAILED: 1, LEAVES: 1} == made.dropped


def test_visitors_are_listed_by_what_they_ask_for() -> None:
    """
    The busiest first; whoever is not logged in is not listed.
    """
    found = recording(request("/a"), request("/b/1", identity=JOE), *[request("/a", identity=JANE)] * 2)

    assert [(JANE, 2, ["GET /a"]), (JOE, 1, ["GET /b/{id}"])] == [
        (each.label, each.requests, each.routes) for each in identities(found, Routes())
    ]


def test_labels_become_principals() -> None:
    """
    By hand, by the beginning of a label, and the others in turn.
    """
    known = identities(recording(*[request("/a", identity=each) for each in (JANE, JOE, "c3" * 8)]), Routes())
    names = ["agent", "admin"]

    assert {JANE: "admin"} == mapped(known, ["a1=admin"], names, spread=False)
    assert {JANE: "anonymous", JOE: "agent", "c3" * 8: "admin"} == mapped(known, ["a=anonymous"], names, spread=True)


@pytest.mark.parametrize("pair", ["zz=agent", "=agent", "a1", "a1=nobody", "=", ""])
def test_who_is_not_known_is_an_error(pair: str) -> None:
    """
    Never a guess.
    """
    known = identities(recording(request("/a", identity=JANE), request("/a", identity=JOE)), Routes())
    with pytest.raises(ConfigError) as refused:
        mapped(known, [pair], ["agent"], spread=False)

    assert refused.value.hint


def test_a_beginning_that_fits_two_is_an_error() -> None:
    """
    And so is dealing visitors out to nobody.
    """
    known = identities(recording(request("/a", identity="a1" * 8), request("/a", identity="a2" * 8)), Routes())
    with pytest.raises(ConfigError, match="2 identities"):
        mapped(known, ["a=agent"], ["agent"], spread=False)
    with pytest.raises(ConfigError, match="no principals"):
        mapped(known, [], [], spread=True)
