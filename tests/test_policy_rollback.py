"""
Going back in the policy, and what the ledger says of it.
"""

from pathlib import Path

import msgspec
import pytest

from hasten import policy_rollback
from hasten.errors import HastenError, Unreachable
from hasten.model import Change, Kind, Risk, Step, Where
from hasten.record import history
from hasten.record.ledger import Ledger
from hasten.world.policy_file import Match, PolicyFile, Rule


def change(name: str) -> Change:
    """
    A change that puts a rule into the policy.
    """
    rule = Rule(id=name, kind="compression", match=Match(paths=[f"/{name}"]))
    return Change(
        optimization="quick_wins.compression", kind=Kind.POLICY, where=Where(kind="page", name=f"/{name}"), before={},
        after={"rule": msgspec.to_builtins(rule)}, inverse={"rule": name, "put": None}, why="", expects="",
        risk=Risk.R1,
    )  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    """
    The ledger beside the policy.
    """
    return Ledger(tmp_path)


@pytest.fixture
def policy(tmp_path: Path, book: Ledger) -> PolicyFile:
    """
    Two kept changes, each with its revision.
    """
    found = PolicyFile(tmp_path / "policy")
    for name in ("a", "b"):
        one = change(name)
        book.append(Step.PLANNED, {"change": msgspec.to_builtins(one)})
        book.append(Step.APPLIED, {"change": one.id, "arena": "split"})
        found.put(msgspec.convert(one.after["rule"], Rule))
        book.append(Step.KEPT, {"change": one.id})
    return found


def states(book: Ledger) -> dict[str, str]:
    """
    What the ledger says of each change, by its rule.
    """
    return {state.change.after["rule"]["id"]: state.step for state in history.changes(book.read())}


def test_what_is_undone_and_what_is_in_force_again_is_in_the_ledger(policy: PolicyFile, book: Ledger) -> None:
    """
    One entry for the policy and one for each change; forth again is told like back.
    """
    back = policy_rollback.go_back(policy, book, None)
    assert (1, [change("b").id], [], "") == (back.to, back.undone, back.restored, back.unwritten)
    assert ({"a": "KEPT", "b": "ROLLED_BACK"}, ["a"]) == (states(book), [rule.id for rule in policy.read().rules])
    forth = policy_rollback.go_back(policy, book, 2)

    assert ([], [change("b").id]) == (forth.undone, forth.restored)
    assert ({"a": "KEPT", "b": "KEPT"}, ["a", "b"]) == (states(book), [rule.id for rule in policy.read().rules])
    entry = next(entry for entry in book.read() if entry.body.get("name") == "the policy")
    assert (Step.ROLLED_BACK, 2, 1) == (entry.step, entry.body["from"], entry.body["to"])


def test_what_would_be_done_is_told_and_not_done(policy: PolicyFile, book: Ledger) -> None:
    """
    Neither the policy nor the ledger is touched.
    """
    before = len(book.read()), policy.read()
    found = policy_rollback.would_do(policy, book, 0)

    assert (0, [], [change("a").id, change("b").id]) == (found.to, found.rules, found.undone)
    assert before == (len(book.read()), policy.read())


def test_a_rule_that_no_change_made_is_nobodys(policy: PolicyFile, book: Ledger) -> None:
    """
    A rule that a person put there goes and comes without a change of the ledger's.
    """
    policy.put(Rule(id="mine", kind="compression", match=Match(paths=["/mine"])))
    back = policy_rollback.go_back(policy, book, None)

    assert ([], []) == (back.undone, back.restored)


def test_a_record_that_is_broken_keeps_nobody_from_going_back(policy: PolicyFile, book: Ledger) -> None:
    """
    The policy goes back, and why the ledger does not say so is told.
    """
    book.head_path.write_text("{")
    back = policy_rollback.go_back(policy, book, 0)

    assert "cannot be read" in back.unwritten
    assert [] == policy.read().rules


def test_a_policy_that_cannot_be_written_is_stuck(
    policy: PolicyFile, book: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The ledger says how to finish by hand, and `recover` will look at the change.
    """

    def full(*_: object) -> None:
        raise Unreachable("the disk is full")

    monkeypatch.setattr(policy, "_write", full)
    with pytest.raises(Unreachable):
        policy_rollback.go_back(policy, book, 1)

    assert {"a": "KEPT", "b": "STUCK"} == states(book)
    assert "hasten policy off" in book.read()[-1].body["by_hand"]


def test_a_revision_that_was_not_kept_is_refused(policy: PolicyFile, book: Ledger) -> None:
    """
    And nothing is written.
    """
    before = len(book.read())
    with pytest.raises(HastenError, match="revision 9"):
        policy_rollback.go_back(policy, book, 9)

    assert before == len(book.read())
