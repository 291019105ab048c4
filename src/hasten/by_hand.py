"""
A change that a person makes, judged before it is made: `hasten verify -- COMMAND`.

    copy ─▶ run the command in the copy ─▶ start both ─▶ same requests to both ─▶ decide ─▶ record

Nothing of yours is touched: the command has a folder and a database of its own, and both are gone afterwards.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from hasten import decide, sides
from hasten.application import App
from hasten.kinds import HARM_ALPHA
from hasten.log import operation, redact
from hasten.model import Block, Decision, Ending, Look, Noun, Step, Trial, Verdict, digest_of
from hasten.record import history
from hasten.record.ledger import Ledger
from hasten.sides import Side, Sides
from hasten.verify.looks import ending
from hasten.verify.pair import pair_of
from hasten.verify.sequence import Plan, Progress
from hasten.verify.side_by_side import ARENA, run_side_by_side
from hasten.world.working_copy import copy_folder

LEAST_GAIN = 0.05
#: With --no-worse: how much slower it may be at most, by the pessimistic end of the interval.
NO_WORSE = 0.05
NO_WORSE_RULE = "no_worse"
MOST_NAMED = 20
#: The pairs may take as long; answers are compared before them, and control against control.
MINUTES = 10.0


class Made(Noun, frozen=True, kw_only=True):
    """
    What the command changed in its copies.

    files: Relative to the folder, at most some of `count`. rows: written into its clone.
    """

    count: int
    files: list[str]
    schema: bool = False
    rows: int = 0

    @property
    def is_nothing(self) -> bool:
        """
        It left everything as it was.
        """
        return not (self.count or self.schema or self.rows)

    @property
    def says(self) -> str:
        """
        In a few words.
        """
        if self.is_nothing:
            return "the command changed no file, no table and no row"
        named = ", ".join(self.files[:3]) + (", …" if self.count > 3 else "")
        parts = [f"{self.count} files ({named})"] if self.count else []
        parts += ["the schema of the database"] if self.schema else []
        parts += [f"{self.rows} rows"] if self.rows else []
        return f"the command changed {' and '.join(parts)}"


class Verified(Noun, frozen=True, kw_only=True):
    """
    The verdict on a command.
    """

    command: list[str]
    made: Made
    trial: Trial
    decision: Decision


def verify(
    app: App,
    command: Sequence[str],
    book: Ledger,
    progress: Progress,
    *,
    no_worse: bool = False,
    seed: int = 1,
    minutes: float = MINUTES,
    calibrated: bool = True,
) -> Verified:
    """
    The command was judged in a copy, and the verdict is in the ledger.

    Args:
        no_worse: It need not help: it stays if it is shown to do no harm.
        minutes: For the pairs; comparing answers may take half as long before them.
        calibrated: Whether the noise floor is wanted at all.

    Raises:
        ApplyFailed: the command failed; its last words are in the message.
        ConfigError, NotAllowed, Unreachable, NoData: no two instances can be had, or nothing can be asked of them.
    """
    # Found out now and not after minutes of measuring: nothing is added to a record that does not hold.
    known = history.latest_noise(book.read(), ARENA)
    words = [str(redact(word)) for word in command]
    with operation("verify", command=words) as result, sides.beside(app) as both:
        made = _prepare(both, app, command, progress)
        pair = pair_of(both.control.start(), both.candidate.start(), folder=app.root, may_write=both.may_write)
        pair.notes[:0] = [made.says, *both.notes]
        plan = replace(_plan(seed, no_worse=no_worse), budget_s=60 * minutes, calibrated=calibrated, noise=known)
        trial = run_side_by_side(digest_of(words), pair, plan, lambda done, what: progress(0.15 + 0.85 * done, what))
        decision = decide.decide(trial)
        decision = harmless(trial, decision) if no_worse else decision
        found = Verified(command=words, made=made, trial=trial, decision=decision)
        result["verdict"] = decision.verdict
        book.append(Step.VERIFIED, {"name": " ".join(words), **body_of(found)})
    return found


def body_of(found: Verified) -> dict[str, Any]:
    """
    What the ledger keeps of it.
    """
    body: dict[str, Any] = msgspec.to_builtins(found)
    return body


def harmless(trial: Trial, decision: Decision, margin: float = NO_WORSE) -> Decision:
    """
    The decision where doing no harm is enough: even the pessimistic end of the interval is within the margin.
    """
    look = trial.looks[-1] if trial.looks else None
    if decision.verdict is Verdict.KEEP or look is None or look.high > 1 + margin:
        return decision
    if not trial.guards or any(guard.ok is not True for guard in trial.guards):
        return decision
    reason = (
        f"shown to do no harm: at most {max(look.high - 1, 0):.1%} more time ({look.pairs} pairs), every guard held"
    )
    return Decision(verdict=Verdict.KEEP, rule=NO_WORSE_RULE, reason=reason)


def _plan(seed: int, *, no_worse: bool) -> Plan:
    def ends(look: Look, _: Sequence[Block]) -> Ending | None:
        found = ending(look, LEAST_GAIN)
        if found in (Ending.GAIN, Ending.HARM):
            return found
        return Ending.HARMLESS if look.high <= 1 + NO_WORSE else None

    return Plan(seed=seed, least_gain=LEAST_GAIN, harm_alpha=HARM_ALPHA, ends=ends if no_worse else None)


def _prepare(both: Sides, app: App, command: Sequence[str], progress: Progress) -> Made:
    progress(0.02, "copying the folder twice")
    copy_folder(app.root, both.control.root, leave_out=sides.not_copied(app))
    copy = copy_folder(app.root, both.candidate.root, leave_out=sides.not_copied(app), link=False)
    before, rows = _schema(both.candidate), sides.written_rows(both.candidate.app.store)
    progress(0.08, f"running {command[0]} in the copy")
    both.candidate.run(command)
    files = copy.changed()
    progress(0.12, "starting both instances")
    return Made(
        count=len(files),
        files=files[:MOST_NAMED],
        schema=_schema(both.candidate) != before,
        rows=sides.written_rows(both.candidate.app.store) - rows,
    )


def _schema(side: Side) -> bytes:
    return side.app.store.schema_dump() if side.app.store is not None else b""


def would_do(app: App, command: Sequence[str]) -> list[str]:
    """
    What `verify` would do, without doing it.

    Raises:
        ConfigError: a second instance cannot be had.
    """
    sides.need_sides(app)
    where = "a clone of the database each" if app.store and app.target.allow.clones else "no database of their own"
    return [
        f"copy {app.root} twice, with {where}",
        f"run `{' '.join(map(str, redact(list(command))))}` in the second copy, with DATABASE_URL of its clone",
        f"start {', '.join(each.name for each in app.target.application.processes)} in both",
        "send the recorded requests to both at the same moments, and compare their answers and times",
        "delete both; nothing was changed by this dry run",
    ]
