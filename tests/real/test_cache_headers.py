"""
The rule `cache_headers` on trial in a real application under uvicorn, and beside the other rule.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from tests.real import compressible, test_policy_trial
from tests.real.test_policy_trial import described, observed, silent

from hasten import cycle, way_back
from hasten.application import App
from hasten.model import Ending, Finding, Verdict, Where
from hasten.optimize.quick_wins import cache_headers, compression
from hasten.record import history
from hasten.record.ledger import Ledger
from hasten.session import opened
from hasten.verify import judging, policy_trial
from hasten.verify.trial import Terms
from hasten.world import workers

pytestmark = pytest.mark.real

PAGE = Where(kind="page", name="/")
UNKEPT = Finding(symptom="missing_cache_headers", where=PAGE, cost_s_per_day=1.0, says="fetched again")
SCRIPT = "/assets/app-1.js"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """
    The toy application, started as hasten.toml says.
    """
    with opened(described(tmp_path_factory.mktemp("kept"), agent=True), application=True) as found:
        yield observed(found)


def asked(app: App, path: str, **headers: str) -> httpx.Response:
    """
    The answer to somebody who takes gzip.
    """
    own = {"accept-encoding": "gzip", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.get(app.url + path, headers=own, trust_env=False)


def test_who_comes_back_is_served_sooner(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Kept at its first look for what it saves on second visits, while first ones are not slower; and it goes back.
    """
    monkeypatch.setattr(policy_trial, "PAIR_S", 0.5)
    monkeypatch.setattr(cycle, "Terms", partial(Terms, calibrated=False))
    book = Ledger(tmp_path)
    (change,) = cycle.plan(app, [UNKEPT], book, silent)
    decision = cycle.carry_out(change, app, book, silent)
    (state,) = [each for each in history.changes(book.read()) if each.change.id == change.id]
    trial = state.trial

    assert Verdict.KEEP is decision.verdict, decision
    assert trial is not None and trial.effect is not None
    assert (Ending.GAIN, 16, True) == (trial.ended, len(trial.blocks), trial.effect.high < 0.9)
    assert {True} == {guard.ok for guard in trial.guards}, trial.guards
    assert {f"GET {SCRIPT}", f"GET {SCRIPT} (again)"} <= trial.blocks[0].candidate.keys()
    assert trial == judging.judged(trial), "what was recorded does not give the same verdict again"
    first = asked(app, SCRIPT)
    assert 304 == asked(app, SCRIPT, if_none_match=first.headers["etag"]).status_code
    way_back.rollback(app, book, None)
    assert workers.arrived(app.policy.workers_dir, app.policy.read(), app.url, "/health", patience_s=20.0)
    after = asked(app, SCRIPT, if_none_match=first.headers["etag"])

    assert (200, None, []) == (after.status_code, after.headers.get("etag"), app.policy.read().rules)


@contextmanager
def in_force(app: App, *findings: Finding) -> Iterator[None]:
    """
    What treats them is in force for the block.
    """
    remedies = {"missing_cache_headers": cache_headers, "uncompressed_response": compression}
    changes = [(remedy, *remedy.propose(each, app)) for each in findings for remedy in [remedies[each.symptom]]]
    for remedy, change in changes:
        remedy.apply(change, app)
        assert remedy.is_applied(change, app)
    try:
        yield
    finally:
        for remedy, change in changes:
            remedy.revert(change, app)


def test_both_rules_work_on_one_answer(app: App) -> None:
    """
    The script is compressed and confirmed, by an ETag that is weak because it is compressed.
    """
    with in_force(app, test_policy_trial.FINDING, UNKEPT):
        first = asked(app, SCRIPT)
        second = asked(app, SCRIPT, if_none_match=first.headers["etag"])

    assert ("gzip", compressible.SCRIPT) == (first.headers["content-encoding"], first.content)
    assert (304, b"") == (second.status_code, second.content)
    assert first.headers["etag"].startswith("W/")
    assert [
        (each.headers["etag"], each.headers["vary"], each.headers["cache-control"]) for each in (first, second)
    ] == [(first.headers["etag"], "Accept-Encoding", "no-cache")] * 2


def test_http_1_0_and_head_are_served(app: App) -> None:
    """
    By a real server: a 304 without a body to a client of 1996, and HEAD without a length of another body.
    """
    with in_force(app, UNKEPT):
        tag = asked(app, SCRIPT).headers["etag"]
        told = spoken(app, f"GET {SCRIPT} HTTP/1.0\r\nIf-None-Match: {tag}\r\n\r\n")
        head = httpx.head(app.url + SCRIPT, trust_env=False)

    assert told.startswith(b"HTTP/1.1 304 ") and told.endswith(b"\r\n\r\n") and b"content-length" not in told.lower()
    assert (200, str(len(compressible.SCRIPT))) == (head.status_code, head.headers["content-length"])


def spoken(app: App, request: str) -> bytes:
    """
    All that the server sends for this before it closes the connection.
    """
    split = urlsplit(app.url)
    with socket.create_connection((split.hostname, split.port), timeout=30) as connection:
        connection.sendall(request.encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_three_users_are_told_apart_on_the_wire(app: App) -> None:
    """
    The same address, three cookies: private, three ETags, and each confirms one user's answer only.
    """
    where = Where(kind="route", name="GET /api/items")
    finding = msgspec.structs.replace(UNKEPT, where=where, evidence={"avoidable_s": 1.0})
    users = ["ann", "bob", "eve"]
    with in_force(app, finding):
        firsts = {who: asked(app, "/api/items", cookie=f"session={who}") for who in users}
        statuses = {
            (who, tag): asked(
                app, "/api/items", cookie=f"session={who}", if_none_match=firsts[tag].headers["etag"]
            ).status_code
            for who in users
            for tag in users
        }

    assert {"private, no-cache"} == {each.headers["cache-control"] for each in firsts.values()}
    assert {(who, tag): 304 if who == tag else 200 for who in users for tag in users} == statuses
