"""
What is asked while a policy is on trial.
"""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from hasten.application import App
from hasten.errors import NoData
from hasten.evidence import Observation, PageProfile, PageResource, PageRun
from hasten.model import Change, Kind, Risk, Where
from hasten.target import Target, Traffic
from hasten.verify import policy_requests
from hasten.verify.revisits import is_reload
from hasten.world.load.plan import LoadRequest
from hasten.world.policy_file import Candidate
from hasten.world.principals import Sessions
from hasten.world.supervisor import Supervisor

CANDIDATE = Candidate(
    id="c", key="k" * 32, share=0, split="request", block_s=5, seed=1, lease_s=6, expires_at=1e10, rules=[]
)


def change(kind: str, name: str) -> Change:
    """
    A change that is about this place.
    """
    return Change(
        optimization="o", kind=Kind.POLICY, where=Where(kind=kind, name=name), before={}, after={}, inverse={}, why="",
        expects="", risk=Risk.R1,
    )  # fmt: skip


@pytest.fixture
def app(tmp_path: Path) -> App:
    """
    An application with recorded traffic and a page whose files come from it and from elsewhere.
    """
    sent = [("GET", "/api/a?x=1"), ("GET", "/api/b"), ("POST", "/api/b")]
    lines = [json.dumps({"method": method, "path": path}) for method, path in sent]
    (tmp_path / "traffic.jsonl").write_text("\n".join(lines))
    found = [
        ("http://app/", "Document", 200), ("http://app/a.js?v=1", "Script", 200), ("http://app/api/a", "Fetch", 200),
        ("http://cdn/b.js", "Script", 200), ("http://app/c.js", "Script", 404),
    ]  # fmt: skip
    resources = [
        PageResource(url=url, kind=kind, status=status, wire_bytes=1, body_bytes=1, start_s=0, end_s=1)
        for url, kind, status in found
    ]
    empty = dict.fromkeys(("ttfb_s", "fcp_s", "lcp_s", "cls", "tbt_s", "load_s", "complete_s"))
    run = PageRun(**cast(Any, empty), requests=5, wire_bytes=9, resources=resources)
    page = PageProfile(page="/", principal="anonymous", network="slow-4g", cpu_slowdown=4, runs=[run, run])
    return App(
        target=Target(traffic=Traffic(requests="traffic.jsonl", replay_writes=["POST /api/b"])),
        state_dir=tmp_path,
        root=tmp_path,
        url="http://127.0.0.1:1",
        supervisor=cast(Supervisor, None),
        gathered=Observation(name="now", pages=[page]),
    )


def test_a_page_is_its_own_files(app: App) -> None:
    """
    Those that came from the application itself, once each, without what the page asked its API for.
    """
    found = policy_requests.touchable(change("page", "/"), app)

    assert ["/", "/a.js?v=1"] == [each.path for each in found]


def test_a_route_is_its_recorded_requests(app: App) -> None:
    """
    And all other safe requests are the others; what writes is sent in neither arm.
    """
    found = policy_requests.touchable(change("route", "GET /api/a"), app)

    assert ["/api/a?x=1"] == [each.path for each in found]
    assert ["GET /api/b"] == [each.name for each in policy_requests.others(app, found)]


@pytest.mark.parametrize(("kind", "name"), [("page", "/other"), ("route", "GET /api/c"), ("route", "POST /api/b")])
def test_what_was_not_recorded_cannot_be_asked(app: App, kind: str, name: str) -> None:
    """
    No data is said, with the way to get it.
    """
    with pytest.raises(NoData):
        policy_requests.touchable(change(kind, name), app)


def test_every_request_goes_both_ways_round(app: App) -> None:
    """
    Request 2k asks the first plan for control and the second for the candidate; 2k + 1 the other way round.
    """
    sessions = Sessions(app.target, app.url)
    asked = [LoadRequest(path="/a"), LoadRequest(path="/b", headers={"accept": "x"})]
    first, second = policy_requests.arm_plans(
        app.url, app, [(each, policy_requests.NOTHING) for each in asked], CANDIDATE, sessions
    )
    arms = [[each.headers["hasten-arm"].partition(":")[2] for each in plan.requests] for plan in (first, second)]

    assert ["control", "candidate"] * 2 == arms[0]
    assert ["candidate", "control"] * 2 == arms[1]
    assert ["/a", "/a", "/b", "/b"] == [each.path for each in first.requests]
    assert "x" == first.requests[2].headers["accept"]


def test_answers_are_compared_for_every_kind_of_client() -> None:
    """
    With and without codings, for a part, after a reload and with HEAD, all under the name of the route.
    """
    found = policy_requests.clients_of([LoadRequest(path="/a", route="GET /a")])

    assert {"GET /a"} == {each.name for each in found}
    assert 1 == sum(each.method == "HEAD" for each in found)
    assert 1 == sum("range" in each.headers for each in found)
    assert 1 == sum(is_reload(each) for each in found)
    assert 1 == sum("accept-encoding" not in each.headers for each in found)
