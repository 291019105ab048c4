"""
hasten policy: show, diff, rollback, off and on.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.cli.conftest import Said
from tests.story import CONFIG

from hasten.record.ledger import Ledger
from hasten.session import alone
from hasten.world.policy_file import Match, PolicyFile, Rule
from hasten.world.recorder import Wish, section

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
    Against the revision before, or between two named ones; one that was not kept is an error with a hint.
    """
    policy.put(msgspec.structs.replace(JS, settings={"level": 3}))
    lines = run("policy", "diff").out.splitlines()
    assert "from revision 2 to revision 3:" == lines[0]
    assert any(line.split() == ["changed", "js", "settings.level", "–", "3"] for line in lines)
    assert '+    "id": "css",' in run("policy", "diff", 0, "--text").out
    forth, back = (run("policy", "diff", *which, "--json").data["changes"] for which in ((1, 2), (2, 1)))
    assert [("js", "added"), ("js", "removed")] == [(each["id"], each["what"]) for each in [*forth, *back]]
    assert "revision 3 and revision 3 have the same rules" in run("policy", "diff", 3).out
    said = run("policy", "diff", 9)
    assert (1, True) == (said.code, "hint:  kept: 1–3; 0 is no rule" in said.err)


def test_what_is_on_trial_is_compared_with_what_is_in_force(run: Run, policy: PolicyFile) -> None:
    """
    While it is there; otherwise, or with a revision, it is an error that says what to do.
    """
    with policy.candidate([CSS], name="t1", seed=1):
        said = run("policy", "diff", "--trial")
    assert "from revision 2 to the candidate t1:" in said.out
    assert any(line.split()[:2] == ["removed", "js"] for line in said.out.splitlines())
    none, both = run("policy", "diff", "--trial"), run("policy", "diff", "--trial", 1)
    assert (1, 1) == (none.code, both.code)
    assert "no rule is on trial now" in none.err


def test_a_difference_is_an_exit_code_where_that_is_wanted(run: Run, policy: PolicyFile) -> None:
    """
    2 where the rules differ, 0 where they are the same; without being asked it is 0 for both.
    """
    assert (2, 0) == (run("policy", "diff", "--exit-code").code, run("policy", "diff").code)
    assert 0 == run("policy", "diff", 2, "--exit-code").code


def test_the_rules_of_before_are_put_back(run: Run, policy: PolicyFile) -> None:
    """
    Under a new number, so that every agent takes them; the ledger has it, and a dry run touches nothing.
    """
    assert "would put the 1 rule of revision 1 in force" in run("policy", "rollback", "--dry-run").out
    assert [CSS, JS] == policy.read().rules
    assert "revision 3 is in force: 1 rule, those of revision 1" in run("policy", "rollback").out
    assert [CSS] == policy.read().rules
    assert 0 == run("policy", "rollback", 0, "--json").code
    assert [] == policy.read().rules
    assert 1 == run("policy", "rollback", 99).code
    entries = Ledger(policy.folder.parent).read()
    assert [("ROLLED_BACK", "the policy", 1), ("ROLLED_BACK", "the policy", 0)] == [
        (entry.step, entry.body["name"], entry.body["to"]) for entry in entries
    ]


def test_a_kept_revision_is_shown(run: Run, policy: PolicyFile) -> None:
    """
    With its settings; one that was not kept is an error.
    """
    policy.put(msgspec.structs.replace(JS, settings={"level": 3}))
    said = run("policy", "show", 1)

    assert ("revision 1, 1 rules, not in force" in said.out, "no worker" in said.out) == (True, False)
    assert "level=3" in run("policy", "show").out
    assert "kept revisions: 1–3" in run("policy", "show").out
    assert 1 == run("policy", "show", 9).code


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
        said = run("policy", "on")
        assert ("on: the policy is obeyed" in said.out, "not in the ledger: another Hasten" in said.err) == (True, True)
        assert not policy.is_stopped
        assert 1 == run("policy", "rollback").code


def test_a_switch_is_in_the_ledger(run: Run, policy: PolicyFile) -> None:
    """
    Off and on, once each; what was not off is not switched on.
    """
    for word in ("off", "on", "on"):
        assert 0 == run("policy", word).code

    entries = Ledger(policy.folder.parent).read()
    assert ["STOPPED", "RESUMED"] == [entry.step for entry in entries]
    assert {"the policy"} == {entry.body["name"] for entry in entries}


def test_a_stop_of_everything_is_seen(run: Run, policy: PolicyFile) -> None:
    """
    The agents obey nothing under `hasten stop` either, and `policy on` does not lift it.
    """
    (policy.folder.parent / "STOP").touch()
    shown = run("policy", "show")

    assert ("switched off" in shown.out, "until hasten resume" in shown.out) == (True, True)
    assert [str(policy.folder.parent / "STOP")] == run("policy", "show", "--json").data["stopped_by"]
    assert "still off" in run("policy", "on").out


def test_a_recording_is_shown_without_its_key(run: Run, policy: PolicyFile) -> None:
    """
    Until when, and of how many; the key that visitors are hashed with is for the agents alone.
    """
    made = section(Wish(share=0.25))
    policy.record(made)
    said, shown = run("policy", "show"), run("policy", "show", "--json")

    assert "requests of 25% of visitors are recorded until" in said.out
    assert made.id == shown.data["policy"]["record"]["id"]
    assert made.key not in said.out + shown.out
