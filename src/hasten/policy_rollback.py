"""
Going back in the policy so that the ledger knows of it: which changes are undone, and which are in force again.
"""

from dataclasses import dataclass

from hasten.errors import HastenError
from hasten.log import operation
from hasten.model import Kind, Noun, Step
from hasten.optimize import rules
from hasten.record import history
from hasten.record.history import ChangeState
from hasten.record.ledger import Ledger
from hasten.signals import shielded
from hasten.world.policy_file import Policy, PolicyFile, Rule

NAME = "the policy"


class Back(Noun, frozen=True, kw_only=True):
    """
    What going back does.

    to: the revision whose rules are put in force.
    undone, restored: changes that the ledger has as kept and that are gone after it, and the other way round.
    unwritten: why the ledger does not say so; "" where it does.
    """

    to: int
    rules: list[Rule]
    undone: list[str] = []
    restored: list[str] = []
    unwritten: str = ""
    policy: Policy | None = None


@dataclass(frozen=True)
class _Plan:
    to: int
    latest: int
    rules: list[Rule]
    undone: list[str]
    restored: list[str]
    unread: str


def would_do(policy: PolicyFile, book: Ledger, revision: int | None) -> Back:
    """
    What going back would do; nothing is done.

    Raises:
        HastenError: that revision was not kept.
    """
    plan = _planned(policy, book, revision)
    return Back(to=plan.to, rules=plan.rules, undone=plan.undone, restored=plan.restored, unwritten=plan.unread)


def go_back(policy: PolicyFile, book: Ledger, revision: int | None) -> Back:
    """
    The rules of an earlier revision are in force (None: of the one before the present), and the ledger says so.

    Raises:
        HastenError: that revision was not kept.
        Unreachable: the policy cannot be written; it is as before, and the ledger has its changes as stuck.
    """
    plan = _planned(policy, book, revision)
    with shielded(), operation("policy.go_back", to=plan.to):
        # On the record first; but a record that cannot be written keeps nobody from going back.
        unwritten = plan.unread or _written(book, plan)
        try:
            made = policy.go_back(plan.to)
        except HastenError as error:
            _stuck(book, plan, error)
            raise
    return Back(
        to=plan.to, rules=made.rules, undone=plan.undone, restored=plan.restored, unwritten=unwritten, policy=made
    )


def _planned(policy: PolicyFile, book: Ledger, revision: int | None) -> _Plan:
    to, latest, wanted = policy.earlier(revision)
    try:
        states = [state for state in history.changes(book.read()) if state.change.kind is Kind.POLICY]
    except HastenError as error:
        return _Plan(to, latest, wanted, [], [], str(error))
    undone = [state.change.id for state in states if state.is_kept and not _is_in(state, wanted)]
    # Once proved, and in force again: `hasten rollback` and `hasten recover` must know of it.
    restored = [
        state.change.id
        for state in states
        if state.step is Step.ROLLED_BACK and state.kept_seq and _is_in(state, wanted)
    ]
    return _Plan(to, latest, wanted, undone, restored, "")


def _is_in(state: ChangeState, wanted: list[Rule]) -> bool:
    return rules.rule_in(state.change) in wanted


def _written(book: Ledger, plan: _Plan) -> str:
    reason = f"`hasten policy rollback` to revision {plan.to}"
    try:
        book.append(Step.ROLLED_BACK, {"name": NAME, "from": plan.latest, "to": plan.to, "reason": reason})
        for change in plan.undone:
            book.append(Step.ROLLED_BACK, {"change": change, "reason": reason})
        for change in plan.restored:
            book.append(Step.KEPT, {"change": change, "reason": reason})
    except HastenError as error:
        return str(error)
    return ""


def _stuck(book: Ledger, plan: _Plan, error: HastenError) -> None:
    by_hand = ["hasten policy off", f"hasten policy rollback {plan.to}"]
    for change in plan.undone:
        try:
            book.append(Step.STUCK, {"change": change, "error": str(error), "by_hand": by_hand})
        except HastenError:
            return
