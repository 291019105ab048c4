"""
The rule `cache_headers` on trial in a real application under uvicorn, where text travels compressed already.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

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
    The toy application, with compression in force.
    """
    with opened(described(tmp_path_factory.mktemp("kept"), agent=True), application=True) as found:
        seen = observed(found)
        (change,) = compression.propose(test_policy_trial.FINDING, seen)
        compression.apply(change, seen)
        assert compression.is_applied(change, seen)
        yield seen


def asked(app: App, path: str, **headers: str) -> httpx.Response:
    """
    The answer to somebody who takes gzip.
    """
    own = {"accept-encoding": "gzip", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.get(app.url + path, headers=own, trust_env=False)


def test_who_comes_back_is_served_sooner(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Kept at its first look for what it saves on second visits, first ones not slower; both rules work on one answer,
    and after going back only compression does.
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
    second = asked(app, SCRIPT, if_none_match=first.headers["etag"])

    assert ("gzip", compressible.SCRIPT) == (first.headers["content-encoding"], first.content)
    assert (304, b"", "no-cache") == (second.status_code, second.content, second.headers["cache-control"])
    assert first.headers["etag"].startswith("W/") and first.headers["etag"] == second.headers["etag"]
    way_back.rollback(app, book, None)
    assert workers.arrived(app.policy.workers_dir, app.policy.read(), app.url, "/health", patience_s=20.0)
    after = asked(app, SCRIPT, if_none_match=first.headers["etag"])

    assert (200, "gzip", None) == (after.status_code, after.headers["content-encoding"], after.headers.get("etag"))
    assert [rule.kind for rule in app.policy.read().rules] == ["compression"]


def test_three_users_are_told_apart_on_the_wire(app: App) -> None:
    """
    The same address, three cookies: private, three ETags, and each confirms one user's answer only.
    """
    where = Where(kind="route", name="GET /api/items")
    finding = msgspec.structs.replace(UNKEPT, where=where, evidence={"avoidable_s": 1.0})
    (change,) = cache_headers.propose(finding, app)
    cache_headers.apply(change, app)
    assert cache_headers.is_applied(change, app)
    users = ["ann", "bob", "eve"]
    firsts = {who: asked(app, "/api/items", cookie=f"session={who}") for who in users}
    statuses = {
        (who, tag): asked(
            app, "/api/items", cookie=f"session={who}", if_none_match=firsts[tag].headers["etag"]
        ).status_code
        for who in users
        for tag in users
    }
    cache_headers.revert(change, app)

    assert {"private, no-cache"} == {each.headers["cache-control"] for each in firsts.values()}
    assert {(who, tag): 304 if who == tag else 200 for who in users for tag in users} == statuses
