"""
The policy as a file: revisions, the way back, the lease of a candidate.
"""

import json
import os
import threading
import time
from pathlib import Path

import pytest

from hasten.errors import HastenError, Unreachable
from hasten.world import durable
from hasten.world.policy_file import NOTHING, Match, PolicyFile, Record, Rule, with_rule
from hasten_runtime.policy import read_policy

CSS = Rule(id="css", kind="compression", match=Match(paths=["/a.css"]))
JS = Rule(id="js", kind="compression", match=Match(paths=["/a.js"]))


@pytest.fixture
def policy(tmp_path: Path) -> PolicyFile:
    """
    A folder without a policy.
    """
    return PolicyFile(tmp_path / "policy")


def test_without_a_file_there_is_no_rule(policy: PolicyFile) -> None:
    """
    Looking makes nothing.
    """
    assert (NOTHING, {}, False) == (policy.read(), policy.revisions(), policy.is_stopped)
    assert not policy.folder.exists()


def test_each_change_is_a_revision(policy: PolicyFile) -> None:
    """
    Put, replaced and removed: the numbers go up, every revision is kept, and the agent can read each of them.
    """
    other = Rule(id="css", kind="compression", match=CSS.match, settings={"level": 9})
    found = [policy.put(CSS), policy.put(JS), policy.put(other), policy.remove("js")]

    assert [1, 2, 3, 4] == [each.revision for each in found]
    assert [["css"], ["css", "js"], ["css", "js"], ["css"]] == [[rule.id for rule in each.rules] for each in found]
    assert {each.revision: each for each in found} == policy.revisions()
    assert [4, *range(1, 5)] == [read_policy(path.read_bytes()).revision for path in _documents(policy)]


def _documents(policy: PolicyFile) -> list[Path]:
    return [policy.path, *sorted(policy.revisions_dir.glob("*.json"))]


def test_to_remove_what_is_not_there_writes_nothing(policy: PolicyFile) -> None:
    """
    Done twice is done once.
    """
    policy.put(CSS)
    policy.remove("css")
    before = policy.path.stat().st_ino

    assert policy.read() == policy.remove("css")
    assert before == policy.path.stat().st_ino


def test_going_back_is_a_new_revision_with_old_rules(policy: PolicyFile) -> None:
    """
    Back to the one before, to a named one, and to none; nothing is ever numbered twice.
    """
    policy.put(CSS)
    policy.put(JS)

    assert (3, [CSS]) == (policy.go_back().revision, policy.read().rules)
    assert (4, [CSS, JS]) == (policy.go_back(2).revision, policy.read().rules)
    assert (5, []) == (policy.go_back(0).revision, policy.read().rules)
    with pytest.raises(HastenError) as refused:
        policy.go_back(17)
    assert "kept: 1, 2, 3, 4, 5" in refused.value.hint


@pytest.mark.parametrize("broken", [b"", b"{", b'{"version": 2, "revision": 1, "rules": []}', b'{"more": 1}'])
def test_what_is_no_policy_is_said_and_gone_back_from(policy: PolicyFile, broken: bytes) -> None:
    """
    A broken file is an error that names the way back, and the way back leads to the last good revision.
    """
    policy.put(CSS)
    policy.put(JS)
    policy.path.write_bytes(broken)
    with pytest.raises(HastenError) as refused:
        policy.read()

    assert "hasten policy rollback" in refused.value.hint
    assert (3, [CSS, JS]) == (policy.go_back().revision, policy.read().rules)


def test_the_stop_file_comes_and_goes(policy: PolicyFile) -> None:
    """
    Both can be repeated, and the policy itself stays.
    """
    policy.put(CSS)
    policy.stop()
    policy.stop()
    assert policy.is_stopped
    policy.go_on()
    policy.go_on()

    assert (False, [CSS]) == (policy.is_stopped, policy.read().rules)


def test_a_full_disk_leaves_the_policy_as_it_was(policy: PolicyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What cannot be written is an error, and the old policy is still whole.
    """
    policy.put(CSS)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "write", full)
    with pytest.raises(Unreachable):
        policy.put(JS)

    assert [CSS] == policy.read().rules


def test_old_revisions_are_thrown_away(policy: PolicyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Only so many are kept, the newest.
    """
    monkeypatch.setattr("hasten.world.policy_file.MOST_REVISIONS", 3)
    for _ in range(5):
        policy.put(CSS)

    assert [3, 4, 5] == sorted(policy.revisions())


def test_a_candidate_is_there_for_the_block(policy: PolicyFile) -> None:
    """
    Beside the rules in force, renewed in time, gone afterwards; the revision is the same all the time.
    """
    policy.put(CSS)
    with policy.candidate([CSS, JS], name="c", seed=3, lease_s=0.3) as candidate:
        seen = {_expires(policy) for _ in range(40) if not time.sleep(0.02)}
        during = policy.read()

    assert len(seen) > 2
    assert (1, [CSS], [CSS, JS]) == (during.revision, during.rules, during.trial.rules if during.trial else None)
    assert (0.0, "request", True) == (candidate.share, candidate.split, len(candidate.key) >= 32)
    assert (1, [CSS], None) == (policy.read().revision, policy.read().rules, policy.read().trial)
    assert [] == [each for each in threading.enumerate() if each.name == "hasten-lease"]


def _expires(policy: PolicyFile) -> float:
    trial = json.loads(policy.path.read_text())["trial"]
    assert trial["expires_at"] <= time.time() + trial["lease_s"]
    return float(trial["expires_at"])


def test_every_candidate_has_its_own_key(policy: PolicyFile) -> None:
    """
    Who knew the key of one trial has no way into the next.
    """
    keys = set()
    for _ in range(3):
        with policy.candidate([CSS], name="c", seed=1) as candidate:
            keys.add(candidate.key)

    assert 3 == len(keys)


def test_a_failed_block_takes_its_candidate_with_it(policy: PolicyFile) -> None:
    """
    Whatever happens in the block, the candidate is gone afterwards.
    """
    with pytest.raises(KeyboardInterrupt):
        with policy.candidate([CSS], name="c", seed=1):
            raise KeyboardInterrupt

    assert None is policy.read().trial


def test_a_lease_that_is_lost_is_an_error(policy: PolicyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    If the candidate could not be renewed in the middle, part of the trial ran without it: nothing follows from it.
    """
    written = durable.write
    lost = threading.Event()

    def full(path: Path, data: bytes, *, mode: int = 0o600) -> None:
        if threading.current_thread() is not threading.main_thread():
            lost.set()
            raise OSError(28, "No space left on device")
        written(path, data, mode=mode)

    monkeypatch.setattr(durable, "write", full)
    with pytest.raises(Unreachable, match="could not be renewed"):
        with policy.candidate([CSS], name="c", seed=1, lease_s=0.1):
            assert lost.wait(10)

    assert None is policy.read().trial


def test_removing_a_rule_ends_its_trial_too(policy: PolicyFile) -> None:
    """
    A candidate that a dead run left is taken out with the rule it was about.
    """
    policy.put(JS)
    with policy.candidate([CSS], name="c", seed=1):
        left = policy.path.read_bytes()
    policy.path.write_bytes(left)
    policy.remove("css")

    assert ([JS], None) == (policy.read().rules, policy.read().trial)


def test_agents_of_another_user_can_read_it(policy: PolicyFile) -> None:
    """
    The file itself is readable by everybody who gets into the folder, also with a strict umask.
    """
    before = os.umask(0o077)
    try:
        policy.put(CSS)
    finally:
        os.umask(before)

    assert 0o644 == policy.path.stat().st_mode & 0o777


def test_a_rule_takes_the_place_of_its_namesake() -> None:
    """
    The order of the rules stays: the first one that matches is obeyed.
    """
    other = Rule(id="css", kind="compression", match=JS.match)

    assert [other, JS] == with_rule([CSS, JS], other)
    assert [CSS, JS] == with_rule([CSS], JS)


def recording(policy: PolicyFile, for_s: float = 60.0) -> Record:
    """
    Requests are recorded from now on.
    """
    made = Record(
        id="r1", key="0f" * 32, share=0.5, per_s=10.0, most_bytes=4096, for_s=for_s, expires_at=time.time() + for_s
    )
    policy.record(made)
    return made


def test_what_is_recorded_is_no_revision(policy: PolicyFile) -> None:
    """
    It stands beside the rules as the agent reads it, goes without a trace, and its key is in no kept revision.
    """
    policy.put(CSS)
    made = recording(policy)
    changed = policy.put(JS)
    read = read_policy(policy.path.read_bytes()).record
    assert read is not None

    assert (2, made.id, bytes.fromhex(made.key)) == (changed.revision, read.id, read.key)
    assert not any(made.key in path.read_text() for path in policy.revisions_dir.iterdir())
    policy.record(None)
    assert made.key not in policy.path.read_text()
    assert [CSS, JS] == policy.read().rules


def test_a_trial_does_not_bring_a_recording_back(policy: PolicyFile) -> None:
    """
    One that is ended while a candidate is leased stays ended, key and all; one that goes on goes on.
    """
    made = recording(policy)
    with policy.candidate([CSS], name="t", seed=1, lease_s=0.3):
        assert made == policy.read().record
        policy.record(None)
        time.sleep(0.4)
    assert made.key not in policy.path.read_text()


def test_a_recording_that_is_over_is_forgotten_with_the_next_change(policy: PolicyFile) -> None:
    """
    Where nobody was left to take it out.
    """
    recording(policy, for_s=-1.0)
    policy.put(CSS)

    assert policy.read().record is None
