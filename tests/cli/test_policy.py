"""
hasten policy: show, diff, rollback, off and on.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Said
from tests.story import CONFIG

from hasten.session import alone
from hasten.world.policy_file import Match, PolicyFile, Rule

CSS = Rule(id="css", kind="compression", match=Match(paths=["/a.css"]))
JS = Rule(id="js", kind="compression", match=Match(paths=["/a.js"]))
Run = Callable[..., Said]


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PolicyFile:
    """
    Two revisions in a folder, which is the one that commands look at.
    """
    (tmp_path / "hasten.toml").write_text(CONFIG)
    monkeypatch.setenv("HASTEN_CONFIG", str(tmp_path / "hasten.toml"))
    found = PolicyFile(tmp_path / "policy")
    found.put(CSS)
    found.put(JS)
    return found


def test_it_is_shown(run: Run, policy: PolicyFile) -> None:
    """
    For people and for programs: the revision, the rules, the kept revisions, who reports.
    """
    said = run("policy", "show")
    data = run("policy", "show", "--json").data

    assert ("revision 2, 2 rules, in force" in said.out, "/a.css" in said.out) == (True, True)
    assert "no worker reports" in said.out
    assert (2, [1, 2], False) == (data["policy"]["revision"], data["revisions"], data["stopped"])


def test_what_changed_is_shown(run: Run, policy: PolicyFile) -> None:
    """
    Against the revision before, or a named one; one that was not kept is an error.
    """
    assert '+    "id": "js",' in run("policy", "diff").out
    assert '+    "id": "css",' in run("policy", "diff", 0).out
    assert "the rules are those of revision 2" in run("policy", "diff", 2).out
    assert (1, 0) == (run("policy", "diff", 9).code, run("policy", "diff", "--json").data["from"] - 1)


def test_the_rules_of_before_are_put_back(run: Run, policy: PolicyFile) -> None:
    """
    Under a new number, so that every agent takes them.
    """
    assert "revision 3 is in force: 1 rules" in run("policy", "rollback").out
    assert [CSS] == policy.read().rules
    assert 0 == run("policy", "rollback", 0, "--json").code
    assert [] == policy.read().rules
    assert 1 == run("policy", "rollback", 99).code


def test_a_broken_policy_is_mended(run: Run, policy: PolicyFile) -> None:
    """
    `show` says what is wrong and names the way back, which works.
    """
    policy.path.write_text("{")
    said = run("policy", "show")

    assert (1, True) == (said.code, "hasten policy rollback" in said.err)
    assert 0 == run("policy", "rollback").code
    assert [CSS, JS] == policy.read().rules


def test_it_is_switched_off_while_another_hasten_runs(run: Run, policy: PolicyFile) -> None:
    """
    The switch waits for nobody; going back does.
    """
    with alone(policy.folder.parent):
        assert "off: no rule is obeyed" in run("policy", "off").out
        assert policy.is_stopped
        assert "switched off" in run("policy", "show").out
        assert "on: the policy is obeyed" in run("policy", "on").out
        assert not policy.is_stopped
        assert 1 == run("policy", "rollback").code
