"""
The approvals in the ledger, and what the budget is counted from.

An approval is for one carrying out: once the change was kept or has gone back, it takes another.
"""

from datetime import datetime, timedelta
from typing import Any

from hasten.model import Change, Entry, Step
from hasten.permission import Approval, Spending, seal_of
from hasten.record.history import changes
from hasten.record.ledger import Ledger

_USED = (Step.KEPT, Step.ROLLED_BACK)


def approve(book: Ledger, change: Change, until: datetime, note: str) -> Entry:
    """
    The ledger says that this very change may be made until then.
    """
    body = {
        "change": change.id,
        "seal": seal_of(change),
        "until": until,
        "note": note,
        "optimization": change.optimization,
        "where": change.where.name,
    }
    return book.append(Step.APPROVED, body)


def withdraw(book: Ledger, change_id: str, note: str) -> Entry:
    """
    No approval of this change that was given before counts any more.
    """
    return book.append(Step.WITHDRAWN, {"change": change_id, "note": note})


def approvals(entries: list[Entry]) -> list[Approval]:
    """
    The approvals that were neither withdrawn nor used, oldest first; expired ones are among them.
    """
    found: dict[str, list[Approval]] = {}
    for entry in entries:
        name = entry.body.get("change")
        if not isinstance(name, str):
            continue
        if entry.step is Step.APPROVED:
            found.setdefault(name, []).append(_approval(entry))
        elif entry.step is Step.WITHDRAWN or entry.step in _USED:
            found.pop(name, None)
    return sorted((each for own in found.values() for each in own), key=lambda approval: approval.at)


def spending(entries: list[Entry]) -> Spending:
    """
    When changes went live, and since when those that are kept now are kept.
    """
    applied = [entry.at for entry in entries if entry.step is Step.APPLIED and entry.body.get("arena") == "live"]
    kept = {state.kept_seq for state in changes(entries) if state.is_kept}
    return Spending(applied_at=applied, kept_at=[entry.at for entry in entries if entry.seq in kept])


def longest_trial(entries: list[Entry]) -> timedelta:
    """
    How long the slowest trial on record took; 0 where there was none.
    """
    trials: list[dict[str, Any]] = [entry.body["trial"] for entry in entries if "trial" in entry.body]
    return timedelta(seconds=max((float(trial.get("duration_s", 0.0)) for trial in trials), default=0.0))


def _approval(entry: Entry) -> Approval:
    body = entry.body
    return Approval(
        change=body["change"],
        seal=body["seal"],
        by=entry.actor.partition(" (")[0],  # without the process
        at=entry.at,
        until=datetime.fromisoformat(body["until"]),
        note=body.get("note", ""),
        optimization=body.get("optimization", ""),
        where=body.get("where", ""),
    )
