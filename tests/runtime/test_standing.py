"""
The policy as it stands: read again in time, never lost, and a candidate that ends by itself.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.driving import RULE, trial, write_policy

from hasten_runtime.standing import LOOK_EVERY_S, Clocks, Standing


class Time:
    """
    Two clocks that stand still until they are moved.
    """

    def __init__(self) -> None:
        self.steady, self.wall = 100.0, 1_000_000.0

    def passes(self, seconds: float) -> None:
        """
        Both clocks go on.
        """
        self.steady += seconds
        self.wall += seconds


class Desk:
    """
    A standing policy in a folder, with clocks that the test moves.
    """

    def __init__(self, folder: Path, stop: str | None = None) -> None:
        self.folder, self.path, self.time = folder, folder / "policy.json", Time()
        self.told: list[dict[str, Any]] = []
        self._stop = stop
        self.standing = self.another()

    def another(self) -> Standing:
        """
        The same folder in another process that has just started.
        """
        clocks = Clocks(lambda: self.time.steady, lambda: self.time.wall, lambda: round(self.time.steady * 1e9))
        return Standing(str(self.path), self._stop, self.told.append, clocks)

    def rules(self) -> list[str]:
        """
        What is obeyed after the next look.
        """
        self.time.passes(LOOK_EVERY_S)
        return [rule.id for rule in self.standing.policy().rules]

    def candidate(self) -> str | None:
        """
        The trial that is on, right now and without a look in between.
        """
        found = self.standing.policy().trial
        return found.id if found else None


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """
    A folder without a policy.
    """
    return Desk(tmp_path)


def test_a_change_is_obeyed_after_the_next_look(desk: Desk) -> None:
    """
    Put, replaced and deleted: each is obeyed a quarter of a second later, and what was read is told once.
    """
    assert [] == desk.rules()
    write_policy(desk.path)
    assert ["all"] == desk.rules()
    write_policy(desk.path, [], revision=2)
    assert [] == desk.rules()
    write_policy(desk.path, revision=3)
    assert ["all"] == desk.rules() == desk.rules()
    desk.path.unlink()
    assert [] == desk.rules()

    assert [0, 1, 2, 3, 0] == [each["revision"] for each in desk.told]


def test_between_two_looks_nothing_is_looked_at(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Requests that come together cost one look.
    """
    write_policy(desk.path)
    desk.rules()
    looks: list[object] = []
    monkeypatch.setattr(os, "stat", looks.append)
    for _ in range(1000):
        desk.standing.policy()

    assert [] == looks


@pytest.mark.parametrize("broken", [b"", b'{"version": 1', b'{"version": 1, "revision": 9, "rules": [], "more": 1}'])
def test_a_refused_policy_leaves_the_last_good_one(
    desk: Desk, broken: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    What cannot be read is said once, and told; the last good one is obeyed until another good one comes.
    """
    write_policy(desk.path)
    desk.rules()
    desk.path.write_bytes(broken)

    assert [["all"]] * 3 == [desk.rules() for _ in range(3)]
    assert 1 == capsys.readouterr().err.count("is refused, revision 1 stays in force")
    assert desk.told[-1]["error"]
    write_policy(desk.path, [], revision=2)
    assert [] == desk.rules()
    assert None is desk.told[-1]["error"]


@pytest.mark.parametrize("spoil", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_no_policy(desk: Desk, spoil: Callable[[Path], object]) -> None:
    """
    A pipe that nobody writes to, a folder, a device without an end: no request waits for them, or reads them.
    """
    write_policy(desk.path)
    desk.rules()
    desk.path.unlink()
    spoil(desk.path)

    assert ["all"] == desk.rules()
    assert "is not a file" in desk.told[-1]["error"]


def test_a_process_that_starts_beside_a_broken_policy_obeys_the_last_good_one(desk: Desk) -> None:
    """
    The newest kept revision that can be read counts; broken ones are passed over.
    """
    (desk.folder / "revisions").mkdir()
    write_policy(desk.folder / "revisions" / "00000001.json", [], revision=1)
    write_policy(desk.folder / "revisions" / "00000002.json", revision=2)
    (desk.folder / "revisions" / "00000003.json").write_text("{")
    desk.path.write_text("{")

    assert ["all"] == desk.rules()
    assert (2, True) == (desk.told[-1]["revision"], bool(desk.told[-1]["error"]))


@pytest.mark.parametrize("made", ["file", "folder", "link to nowhere"])
@pytest.mark.parametrize("where", ["beside", "named"])
def test_a_stop_file_switches_everything_off(tmp_path: Path, made: str, where: str) -> None:
    """
    While something of that name is there no rule and no candidate is obeyed; without it all is as before.
    """
    folder = tmp_path / "policy"
    folder.mkdir()
    stop = folder / "STOP" if where == "beside" else tmp_path / "STOP"
    desk = Desk(folder, str(tmp_path / "STOP"))
    write_policy(desk.path, trial=trial())
    assert (["all"], "t1") == (desk.rules(), desk.candidate())
    if made == "file":
        stop.touch()
    elif made == "folder":
        stop.mkdir()
    else:
        stop.symlink_to("nowhere")

    assert ([], None) == (desk.rules(), desk.candidate())
    stop.rmdir() if made == "folder" else stop.unlink()
    assert (["all"], "t1") == (desk.rules(), desk.candidate())


def renewed(desk: Desk, lease_s: float = 6.0) -> None:
    """
    The candidate's lease begins anew, as the control plane does it.
    """
    write_policy(desk.path, [], trial=trial(lease_s=lease_s, expires_at=desk.time.wall + lease_s))


def test_a_candidate_that_nobody_renews_is_over(desk: Desk) -> None:
    """
    It lives for its lease after the last renewal, and is over in the very request after it, without a look.
    """
    for _ in range(5):
        renewed(desk)
        desk.rules()
        desk.time.passes(2.0)
        assert "t1" == desk.candidate()
    desk.time.passes(6.0)

    assert None is desk.candidate()
    assert [] == desk.rules()
    assert None is desk.candidate()


@pytest.mark.parametrize("jump", [-1e6, -3.0, 3.0, 1e6])
def test_a_clock_that_jumps_does_not_keep_a_candidate(desk: Desk, jump: float) -> None:
    """
    Whatever the clock on the wall does, nobody obeys a candidate longer than its lease.
    """
    renewed(desk)
    desk.rules()
    assert "t1" == desk.candidate()
    desk.time.wall += jump
    desk.time.passes(6.0)
    desk.rules()

    assert None is desk.candidate()


def test_the_same_paper_does_not_renew(desk: Desk) -> None:
    """
    A policy file that is written again with the same lease, or touched, is no renewal.
    """
    renewed(desk)
    text = desk.path.read_text()
    for _ in range(4):
        desk.rules()
        desk.time.passes(2.0)
        desk.path.write_text(text)
        os.utime(desk.path)
    desk.rules()

    assert None is desk.candidate()


def test_a_process_that_starts_later_does_not_begin_an_old_lease(desk: Desk) -> None:
    """
    The candidate of a dead control plane is over for workers that start after its end, too.
    """
    renewed(desk)
    desk.time.passes(7.0)
    desk.standing = desk.another()
    desk.rules()

    assert None is desk.candidate()


def test_nobody_can_make_a_lease_longer_than_it_says(desk: Desk) -> None:
    """
    An end far in the future, as a clock that was set back makes it, is cut to the lease.
    """
    write_policy(desk.path, [], trial=trial(lease_s=6.0, expires_at=desk.time.wall + 1e9))
    desk.rules()
    desk.time.passes(6.1)

    assert None is desk.candidate()


def test_a_forked_process_tells_of_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The child of a fork reads and reports by itself with its first look.
    """
    write_policy(desk.path)
    desk.rules()
    monkeypatch.setattr(os, "getpid", lambda: 1)
    desk.rules()

    assert 2 == len(desk.told)


def test_a_policy_that_cannot_be_looked_at_leaves_the_last_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A fault of the file system is no reason to change anything.
    """
    write_policy(desk.path)
    desk.rules()

    def fail(*_: object) -> Any:
        raise PermissionError(13, "not allowed")

    monkeypatch.setattr(os, "stat", fail)

    assert ["all"] == desk.rules() == desk.rules()
    assert 1 == capsys.readouterr().err.count("the policy cannot be looked at")


def test_by_the_real_clock_a_change_arrives_in_time(tmp_path: Path) -> None:
    """
    With nothing but real files and real time a change is obeyed well within the promised second.
    """
    path = tmp_path / "policy.json"
    standing = Standing(str(path), None, lambda _: None)
    standing.policy()
    path.write_text(json.dumps({"version": 1, "revision": 1, "rules": [RULE]}))
    began = time.monotonic()
    while not standing.policy().rules and time.monotonic() - began < 10:
        time.sleep(0.01)

    assert standing.policy().rules


def test_a_recording_ends_by_itself(desk: Desk) -> None:
    """
    At its end by the clock on the wall or after its time by our own, whichever is first; reading again adds nothing.
    """
    section = {
        "id": "r1", "key": "0f" * 32, "share": 1.0, "per_s": 1.0, "most_bytes": 4096, "for_s": 10.0,
        "expires_at": desk.time.wall + 3600,
    }  # fmt: skip
    for _ in range(2):
        desk.path.write_text(json.dumps({"version": 1, "revision": 1, "rules": [], "record": section}))
        desk.time.passes(4.0)
        assert desk.standing.policy().record is not None
    desk.time.passes(6.5)

    assert desk.standing.policy().record is None
    assert desk.another().policy().record is not None
    desk.time.wall += 3600
    assert desk.another().policy().record is None
