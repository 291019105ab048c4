"""
The report: where each objective stands and what each change contributed, computed from the ledger alone.

Its JSON form is a contract: other tools read it. Ratios are candidate / control; what was not measured is null.
"""

from typing import Any

from hasten import objectives
from hasten.errors import LedgerBroken
from hasten.model import Change, Finding, Noun, Step, Trial, Verdict
from hasten.objectives import Standing
from hasten.record import history
from hasten.record.ledger import Ledger
from hasten.record.wording import what_of
from hasten.target import Objectives


class ChangeLine(Noun, frozen=True, kw_only=True):
    """
    One change in the report. `effect` is the ratio of weighted statement time, `interval` its 95 % interval.
    """

    id: str
    optimization: str
    phase: str
    verdict: Verdict | None
    effect: float | None
    interval: tuple[float, float] | None
    grade: str | None
    state: Step
    what: str
    label: str
    where: str
    why: str
    reason: str
    trial: Trial | None = None


class Report(Noun, frozen=True, kw_only=True):
    """
    The whole of what is known, for a board, a page or a program.

    `is_stale`: something changed after the last measurement, so `now` is not quite now.
    """

    objectives: list[Standing]
    changes: list[ChangeLine]
    findings: list[Finding]
    runs: list[history.Measured]
    ledger_ok: bool
    ledger_problem: str = ""
    entries: int = 0
    is_stale: bool = False


def report(book: Ledger, wanted: Objectives) -> Report:
    """
    The report of a ledger; of a broken one only that it is broken.
    """
    verification = book.verify()
    try:
        entries = book.read() if verification.ok else []
    except LedgerBroken:
        entries = []
    runs = history.measured(entries)
    states = history.changes(entries)
    baseline = runs[0].objectives if runs else {}
    latest = runs[-1].objectives if runs else {}
    return Report(
        objectives=objectives.standings(baseline, latest, wanted),
        changes=[_line(state) for state in states if state.step is not Step.PLANNED],
        findings=history.findings(entries),
        runs=runs,
        ledger_ok=verification.ok,
        ledger_problem=verification.problem,
        entries=verification.entries,
        is_stale=any(state.has_been_live and runs and state.last_seq > runs[-1].seq for state in states),
    )


def contract(found: Report) -> dict[str, Any]:
    """
    The JSON form that other tools rely on: objectives, changes, ledger_ok; and what may be added beside them.
    """
    return {
        "objectives": [
            {name: getattr(standing, name) for name in ("name", "unit", "baseline", "now", "target", "met")}
            for standing in found.objectives
        ],
        "changes": [
            {
                **{name: getattr(line, name) for name in ("id", "optimization", "phase", "verdict", "effect")},
                "interval": list(line.interval) if line.interval else None,
                **{name: getattr(line, name) for name in ("grade", "state", "what", "reason")},
            }
            for line in found.changes
        ],
        "ledger_ok": found.ledger_ok,
        "ledger_problem": found.ledger_problem or None,
        "details": {"baseline": found.runs[0].details, "now": found.runs[-1].details} if found.runs else {},
        "is_stale": found.is_stale,
    }


def label_of(change: Change) -> str:
    """
    The change in a few words: "index messages (inquiry_id)".
    """
    if "columns" not in change.after:
        return f"{change.optimization.split('.')[-1]} {change.where.name}"
    return f"index {change.where.name} ({', '.join(map(str, change.after['columns']))})"


def _line(state: history.ChangeState) -> ChangeLine:
    change, trial = state.change, state.trial
    effect = trial.effect if trial else None
    return ChangeLine(
        id=change.id,
        optimization=change.optimization,
        phase=change.optimization.split(".")[0],
        verdict=_verdict(state),
        effect=effect.ratio if effect else None,
        interval=(effect.low, effect.high) if effect else None,
        grade=trial.grade if trial else None,
        state=state.step,
        what=what_of(change),
        label=label_of(change),
        where=change.where.name,
        why=change.why,
        reason=state.reason or (state.decision.reason if state.decision else ""),
        trial=trial,
    )


def _verdict(state: history.ChangeState) -> Verdict | None:
    if state.step is Step.KEPT:
        return Verdict.KEEP
    if state.step is Step.ROLLED_BACK:
        undecided = state.decision is not None and state.decision.verdict is Verdict.INCONCLUSIVE
        return Verdict.INCONCLUSIVE if undecided else Verdict.ROLL_BACK
    return None
