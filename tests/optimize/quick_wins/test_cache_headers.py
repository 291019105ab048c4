"""
The remedy `cache_headers`: what it proposes, and that its rule goes in and comes out again.
"""

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from hasten.application import App
from hasten.evidence import Observation, PageProfile, PageResource, PageRun
from hasten.model import Change, Finding, Where, to_json
from hasten.optimize.quick_wins import cache_headers
from hasten.target import Application, Process, Target
from hasten.world.policy_file import Rule
from hasten.world.supervisor import Supervisor
from hasten_runtime.policy import read_policy

FILES = [
    ("/", "Document", "text/html; charset=utf-8", 200),
    ("/assets/index-BwT3xk2a.js", "Script", "text/javascript", 200),
    ("/assets/logo-BwT3xk2a.png", "Image", "image/png", 200),
    ("/lib/jquery-3.6.0.min.js", "Script", "text/javascript", 200),
    ("/avatars/7.png", "Image", "image/png", 200),
    ("/charts/7.png?day=1", "Image", "image/png", 200),
    ("/favicon.ico", "Image", "image/png", 200),
    ("/api/items", "Fetch", "application/json", 200),
    ("/events", "EventSource", "text/event-stream", 200),
    ("/gone.css", "Stylesheet", "text/css", 404),
]
PAGE = Finding(symptom="missing_cache_headers", where=Where(kind="page", name="/"), cost_s_per_day=1.0, says="again")


def app_in(folder: Path, *, agent: bool = True, runs: int = 2, growing: str = "") -> App:
    """
    An application with a page that was visited, and with the agent in it or not.

    Args:
        growing: A path whose size is another in each run.
    """
    empty = dict.fromkeys(("ttfb_s", "fcp_s", "lcp_s", "cls", "tbt_s", "load_s", "complete_s"))
    visits = []
    for number in range(runs):
        resources = [
            PageResource(
                url=f"http://127.0.0.1:1{path}", kind=kind, status=status, wire_bytes=9, start_s=0, end_s=1,
                body_bytes=5000 + number * (path == growing), headers={"Content-Type": content},
            )
            for path, kind, content, status in FILES
        ]  # fmt: skip
        elsewhere = msgspec.structs.replace(resources[4], url="http://cdn/pictures/1.png")
        visits.append(PageRun(**cast(Any, empty), requests=9, wire_bytes=9, resources=[*resources, elsewhere]))
    page = PageProfile(page="/", principal="anonymous", network="slow-4g", cpu_slowdown=4, runs=visits)
    return App(
        target=Target(application=Application(processes=[Process(name="web", command=["true"], agent=agent)])),
        state_dir=folder,
        supervisor=cast(Supervisor, None),
        gathered=Observation(name="now", pages=[page]),
    )


def rule_of(change: Change) -> Rule:
    """
    The rule that it puts into the policy.
    """
    return msgspec.convert(change.after["rule"], Rule)


def test_a_page_gets_one_rule_for_its_files(tmp_path: Path) -> None:
    """
    Kept for good where a build puts its files, for a short time where pictures stayed the same, as the agent reads it.
    """
    app = app_in(tmp_path)
    (change,) = cache_headers.propose(PAGE, app)
    rule = rule_of(change)
    cache_headers.apply(change, app)
    (read,) = read_policy(app.policy.path.read_bytes()).rules

    assert [
        "/",
        "/assets/{file}",
        "/avatars/{file}",
        "/charts/{file}",
        "/favicon.ico",
        "/lib/{file}",
    ] == rule.match.paths
    assert {"immutable": ["/assets/{file}"], "short": ["/avatars/{file}"], "short_s": 300} == rule.settings
    assert ("cache_headers", 300) == (read.kind, read.settings["short_s"])


@pytest.mark.parametrize("seen", [{"runs": 1}, {"growing": "/avatars/7.png"}])
def test_a_picture_has_to_be_seen_to_stay_the_same(tmp_path: Path, seen: dict[str, Any]) -> None:
    """
    One visit is no evidence, and another size is evidence of the contrary.
    """
    (change,) = cache_headers.propose(PAGE, app_in(tmp_path, **seen))

    assert {"immutable": ["/assets/{file}"]} == rule_of(change).settings


@pytest.mark.parametrize(
    ("route", "paths"),
    [
        ("GET /api/items", ["/api/items"]),
        ("GET /api/items/{id:int}", ["/api/items/{id}"]),
        ("POST /api/items", None),
        ("GET /api/{odd-name}", None),
    ],
)
def test_answers_of_a_route_are_always_asked_for(tmp_path: Path, route: str, paths: list[str] | None) -> None:
    """
    Nothing of its data is shown without asking, so the rule has no setting.
    """
    evidence = {"avoidable_s": 0.4}
    finding = msgspec.structs.replace(PAGE, where=Where(kind="route", name=route), evidence=evidence)
    found = [rule_of(change) for change in cache_headers.propose(finding, app_in(tmp_path))]

    assert ([(paths, {})] if paths else []) == [(rule.match.paths, rule.settings) for rule in found]


def test_a_route_that_gains_next_to_nothing_is_not_worth_a_trial(tmp_path: Path) -> None:
    """
    Below a twentieth of a second for a visitor no rule is proposed.
    """
    where = Where(kind="route", name="GET /api/items")
    finding = msgspec.structs.replace(PAGE, where=where, evidence={"avoidable_s": 0.049})

    assert [] == cache_headers.propose(finding, app_in(tmp_path))


def test_without_the_agent_there_is_nothing_to_propose(tmp_path: Path) -> None:
    """
    Nobody would obey the rule.
    """
    assert [] == cache_headers.propose(PAGE, app_in(tmp_path, agent=False))


def test_it_goes_in_and_comes_out_again(tmp_path: Path) -> None:
    """
    It is said what the rule does, it is not proposed twice, and its JSON is enough to go back.
    """
    app = app_in(tmp_path)
    (change,) = cache_headers.propose(PAGE, app)
    cache_headers.apply(change, app)
    assert cache_headers.is_applied(change, app) and [] == cache_headers.propose(PAGE, app)
    cache_headers.revert(msgspec.json.decode(to_json(change), type=Change), app)

    assert ([], False) == (app.policy.read().rules, cache_headers.has_remains(change, app))
    assert "answer 304 below /, /assets/{file}" in change.after["create"]
    assert "pictures below /avatars/{file} for 300 s" in change.after["create"]


def test_what_it_declares_is_what_the_rule_can_say(tmp_path: Path) -> None:
    """
    Nothing but the lifetimes of its own proposal is accepted as its doing when answers are compared.
    """
    (change,) = cache_headers.propose(PAGE, app_in(tmp_path))
    lives = {each for each in cache_headers.declares["adds"]["cache-control"] if each.startswith("max-age")}

    assert {"max-age=31536000", f"max-age={rule_of(change).settings['short_s']}"} == lives
