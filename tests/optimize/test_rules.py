"""
The life of a rule: proposed, put in force, taken out again. Whole remedies are in tests/optimize/quick_wins.
"""

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from hasten.application import App
from hasten.errors import ApplyFailed, RevertFailed
from hasten.model import Change, Finding, Where
from hasten.optimize import rules
from hasten.target import Application, Process, Target
from hasten.world.policy_file import Match, Rule
from hasten.world.supervisor import Supervisor

RULE = Rule(id="one", kind="compression", match=Match(paths=["/a"]))
OLD = Rule(id="one", kind="compression", match=Match(paths=["/a"]), settings={"level": 9})
OTHER = Rule(id="other", kind="cache_headers", match=Match(paths=["/a"]))
FINDING = Finding(symptom="s", where=Where(kind="route", name="GET /a"), cost_s_per_day=1.0, says="why")


def app_in(folder: Path, *, agent: bool = True) -> App:
    """
    An application that does not run, with the agent in it or not.
    """
    target = Target(application=Application(processes=[Process(name="web", command=["true"], agent=agent)]))
    return App(target=target, state_dir=folder, supervisor=cast(Supervisor, None))


def change_in(app: App) -> Change:
    """
    The one proposal for the rule.
    """
    (change,) = rules.proposed("phase.remedy", RULE, "does it", FINDING, app)
    return change


def test_it_goes_in_and_comes_out_again(tmp_path: Path) -> None:
    """
    Each done twice is done once; the other rules stay as they were.
    """
    app = app_in(tmp_path)
    app.policy.put(OTHER)
    change = change_in(app)
    for _ in range(2):
        rules.put(change, app)
    assert ([OTHER, RULE], True, []) == (
        app.policy.read().rules, rules.is_obeyed(change, app), rules.proposed("p.r", RULE, "", FINDING, app),
    )  # fmt: skip
    for _ in range(2):
        rules.take_out(change, app)

    assert ([OTHER], False, 3) == (app.policy.read().rules, rules.has_remains(change, app), app.policy.read().revision)


def test_the_rule_that_was_there_comes_back(tmp_path: Path) -> None:
    """
    Going back is to what was, and not to nothing.
    """
    app = app_in(tmp_path)
    app.policy.put(OLD)
    change = change_in(app)
    rules.put(change, app)
    rules.take_out(change, app)

    assert [OLD] == app.policy.read().rules


@pytest.mark.parametrize("inverse", [{}, {"rule": "another", "put": None}, {"rule": "one"}])
def test_nothing_is_removed_by_guessing(tmp_path: Path, inverse: dict[str, Any]) -> None:
    """
    Without its own inverse a change is refused, with what a person can do.
    """
    app = app_in(tmp_path)
    change = change_in(app)
    rules.put(change, app)
    with pytest.raises(RevertFailed) as refused:
        rules.take_out(msgspec.structs.replace(change, inverse=inverse), app)

    assert rules.has_remains(change, app) and "hasten policy rollback" in refused.value.hint


def test_a_policy_that_cannot_be_read_stays(tmp_path: Path) -> None:
    """
    Neither way writes over what is not a policy.
    """
    app = app_in(tmp_path)
    change = change_in(app)
    rules.put(change, app)
    app.policy.path.write_text("{ somebody's own")
    with pytest.raises(ApplyFailed):
        rules.put(change, app)
    with pytest.raises(RevertFailed):
        rules.take_out(change, app)

    assert "{ somebody's own" == app.policy.path.read_text()


def test_somebody_has_to_obey(tmp_path: Path) -> None:
    """
    The configuration says whether the agent is there.
    """
    assert [True, False] == [rules.has_agent(app_in(tmp_path, agent=agent)) for agent in (True, False)]


@pytest.mark.parametrize(
    ("route", "seconds", "expected"),
    [
        ("GET /a/{id:int}", 1.0, {"/a/{id}"}),
        ("GET /a/{rest:path}", 1.0, {"/a/{rest:path}"}),
        ("GET /a/{odd-name}", 1.0, set()),
        ("POST /a", 1.0, set()),
        ("GET /a", 0.01, set()),
    ],
)
def test_a_route_is_a_path_that_the_agent_understands(route: str, seconds: float, expected: set[str]) -> None:
    """
    Or nothing, where it is none, or not worth a trial.
    """
    where = Where(kind="route", name=route)
    finding = msgspec.structs.replace(FINDING, where=where, evidence={"avoidable_s": seconds})

    assert expected == rules.route_paths(finding)
