"""
The remedy `compression`: what it proposes, and that its rule goes in and comes out again.
"""

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from hasten.application import App
from hasten.errors import ApplyFailed, RevertFailed
from hasten.evidence import Observation, PageProfile, PageResource, PageRun
from hasten.model import Change, Finding, Where, to_json
from hasten.optimize.quick_wins import compression
from hasten.target import Application, Process, Target
from hasten.world.policy_file import Match, Rule
from hasten.world.supervisor import Supervisor
from hasten_runtime.policy import read_policy

FILES = [
    ("/", "Document", "text/html; charset=utf-8", 200),
    ("/assets/app-1.js", "Script", "text/javascript", 200),
    ("/assets/app-1.css", "Stylesheet", "text/css", 200),
    ("/assets/logo.png", "Image", "image/png", 200),
    ("/icons/a.svg", "Image", "image/svg+xml", 200),
    ("/api/items", "Fetch", "application/json", 200),
    ("/gone.css", "Stylesheet", "text/css", 404),
]
PAGE = Finding(symptom="uncompressed_response", where=Where(kind="page", name="/"), cost_s_per_day=1.0, says="slow")


def app_in(folder: Path, *, agent: bool = True) -> App:
    """
    An application with a page that was observed, and with the agent in it or not.
    """
    resources = [
        PageResource(
            url=f"http://127.0.0.1:1{path}", kind=kind, status=status, wire_bytes=9, body_bytes=9, start_s=0, end_s=1,
            headers={"Content-Type": content},
        )
        for path, kind, content, status in FILES
    ]  # fmt: skip
    empty = dict.fromkeys(("ttfb_s", "fcp_s", "lcp_s", "cls", "tbt_s", "load_s", "complete_s"))
    run = PageRun(**cast(Any, empty), requests=7, wire_bytes=9, resources=resources)
    page = PageProfile(page="/", principal="anonymous", network="slow-4g", cpu_slowdown=4, runs=[run])
    process = Process(name="web", command=["true"], agent=agent)
    return App(
        target=Target(application=Application(processes=[process])),
        state_dir=folder,
        supervisor=cast(Supervisor, None),
        gathered=Observation(name="now", pages=[page]),
    )


def of_route(name: str, content_type: str = "application/json") -> Finding:
    """
    A finding about a route.
    """
    where = Where(kind="route", name=name)
    return msgspec.structs.replace(PAGE, where=where, evidence={"content_type": content_type, "avoidable_s": 0.4})


def rule_of(change: Change) -> Rule:
    """
    The rule that it puts into the policy.
    """
    return msgspec.convert(change.after["rule"], Rule)


def test_a_page_gets_one_rule_for_its_text(tmp_path: Path) -> None:
    """
    Paths by folder, because a build gives files new names; only types that are text, and nothing of the API.
    """
    (change,) = compression.propose(PAGE, app_in(tmp_path))
    rule = rule_of(change)

    assert ["/", "/assets/{file}", "/icons/{file}"] == rule.match.paths
    assert ["image/svg+xml", "text/css", "text/html", "text/javascript"] == rule.match.content_types
    assert ({}, "compression") == (rule.settings, rule.kind)


@pytest.mark.parametrize(
    ("route", "paths"),
    [
        ("GET /api/items", ["/api/items"]),
        ("GET /api/items/{id}/{rest:path}", ["/api/items/{id}/{rest:path}"]),
        ("GET /api/items/{id:int}", ["/api/items/{id}"]),
        ("POST /api/items", None),
        ("GET /api/{odd-name}", None),
    ],
)
def test_a_route_gets_a_rule_that_the_agent_understands(tmp_path: Path, route: str, paths: list[str] | None) -> None:
    """
    Placeholders of the route are input for the agent; a path that it could not match wholly is left alone.
    """
    app = app_in(tmp_path)
    found = compression.propose(of_route(route), app)

    assert (paths is None) == (found == [])
    for change in found:
        assert (paths, {"dynamic": True}) == (rule_of(change).match.paths, rule_of(change).settings)
        compression.apply(change, app)
        assert 1 == len(read_policy(app.policy.path.read_bytes()).rules)


@pytest.mark.parametrize("content_type", ["", "image/png", "text/event-stream", "application/octet-stream"])
def test_what_does_not_shrink_is_left_alone(tmp_path: Path, content_type: str) -> None:
    """
    Without a type of text there is no rule.
    """
    assert [] == compression.propose(of_route("GET /api/items", content_type), app_in(tmp_path))


def test_a_route_that_gains_next_to_nothing_is_not_worth_a_trial(tmp_path: Path) -> None:
    """
    Below a twentieth of a second for a visitor no rule is proposed.
    """
    found = of_route("GET /api/items")
    found = msgspec.structs.replace(found, evidence={**found.evidence, "avoidable_s": 0.049})

    assert [] == compression.propose(found, app_in(tmp_path))


def test_without_the_agent_there_is_nothing_to_propose(tmp_path: Path) -> None:
    """
    Nobody would obey the rule.
    """
    assert [] == compression.propose(PAGE, app_in(tmp_path, agent=False))


def test_it_goes_in_and_comes_out_again(tmp_path: Path) -> None:
    """
    Each done twice is done once; afterwards the rules are as before; proposing wrote nothing.
    """
    app = app_in(tmp_path)
    (change,) = compression.propose(PAGE, app)
    assert not app.policy.folder.exists()
    other = Rule(id="other", kind="compression", match=Match(paths=["/x"]))
    app.policy.put(other)
    for _ in range(2):
        compression.apply(change, app)
        assert compression.is_applied(change, app)
    assert (2, [other, rule_of(change)]) == (app.policy.read().revision, app.policy.read().rules)
    assert [] == compression.propose(PAGE, app)
    again = msgspec.json.decode(to_json(change), type=Change)
    for _ in range(2):
        compression.revert(again, app)
        assert not compression.has_remains(change, app)

    assert (3, [other], False) == (
        app.policy.read().revision,
        app.policy.read().rules,
        compression.is_applied(change, app),
    )


def test_an_earlier_rule_of_the_page_comes_back(tmp_path: Path) -> None:
    """
    Where the page had another rule, going back puts that one there again.
    """
    app = app_in(tmp_path)
    (first,) = compression.propose(PAGE, app)
    old = msgspec.structs.replace(rule_of(first), settings={"level": 9})
    app.policy.put(old)
    (change,) = compression.propose(PAGE, app)
    compression.apply(change, app)
    assert compression.is_applied(change, app)
    compression.revert(change, app)

    assert [old] == app.policy.read().rules


def test_a_candidate_that_was_left_is_a_remain(tmp_path: Path) -> None:
    """
    A run that died during the trial left its candidate in the file; reverting takes it out.
    """
    app = app_in(tmp_path)
    (change,) = compression.propose(PAGE, app)
    with app.policy.candidate([rule_of(change)], name=change.id, seed=1):
        left = app.policy.path.read_bytes()
    app.policy.path.write_bytes(left)
    assert (True, False) == (compression.has_remains(change, app), compression.is_applied(change, app))
    compression.revert(change, app)

    assert (False, None) == (compression.has_remains(change, app), app.policy.read().trial)


@pytest.mark.parametrize("inverse", [{}, {"rule": "another", "put": None}, {"rule": "compression-1"}])
def test_a_change_without_its_inverse_is_refused(tmp_path: Path, inverse: dict[str, Any]) -> None:
    """
    Nothing is removed by guessing, and the hint says how to finish by hand.
    """
    app = app_in(tmp_path)
    (change,) = compression.propose(PAGE, app)
    compression.apply(change, app)
    with pytest.raises(RevertFailed) as refused:
        compression.revert(msgspec.structs.replace(change, inverse=inverse), app)

    assert compression.is_applied(change, app)
    assert "hasten policy rollback" in refused.value.hint


def test_a_policy_that_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    """
    Apply and revert fail with the reason; what stands there stays.
    """
    app = app_in(tmp_path)
    (change,) = compression.propose(PAGE, app)
    compression.apply(change, app)
    app.policy.path.write_text("{ somebody's own")
    with pytest.raises(ApplyFailed):
        compression.apply(change, app)
    with pytest.raises(RevertFailed):
        compression.revert(change, app)

    assert "{ somebody's own" == app.policy.path.read_text()
