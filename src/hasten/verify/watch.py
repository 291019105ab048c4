"""
A look at the live database after a change went in: do the statements on its tables still answer, and how fast?

Only reads are run, each in a transaction that is rolled back. This is before against after on one machine (grade C),
so it can veto what the trial on clones allowed, and never allow anything itself.
"""

from time import monotonic

from hasten.application import App
from hasten.log import operation
from hasten.model import Change, Decision, Grade, Guard, Trial, Verdict
from hasten.verify.replay import Replayed, Run, corpus_of, execute, touched_by

RUNS = 3
TIME_BUDGET_S = 20.0
#: The plan's own criterion for going back: more than 20 % worse than before.
LIMIT = 1.2
#: Statements faster than this are not timed by a handful of runs.
LEAST_S = 0.005


def watch(change: Change, app: App) -> Trial:
    """
    The reads on the change's tables ran a few times each on the live database.
    """
    start = monotonic()
    table = str(change.after.get("table", change.where.name))
    runs: list[tuple[Replayed, list[Run]]] = []
    with operation("watch", change=change.id) as result, app.database.connect(read_only=True) as connection:
        corpus = corpus_of(app.observation, touched_by(connection, [table]))
        reads = [statement for statement in corpus.statements if not statement.is_write]
        for statement in sorted(reads, key=lambda each: each.calls * each.seconds, reverse=True):
            if monotonic() - start > TIME_BUDGET_S:
                break
            samples = [statement.samples[n % len(statement.samples)] for n in range(RUNS)]
            runs.append((statement, [execute(connection, sample) for sample in samples]))
        result["statements"] = len(runs)
    return looked_at(change, [_errors(runs), _time(runs)], monotonic() - start)


def looked_at(change: Change, guards: list[Guard], duration_s: float) -> Trial:
    """
    A look at the live application as a trial without pairs: grade C, so it can veto and never keep.
    """
    return Trial(
        change=change.id,
        grade=Grade.C,
        arena="live",
        seed=0,
        blocks=[],
        effect=None,
        guards=guards,
        duration_s=duration_s,
    )


def held(seen: Trial) -> Decision:
    """
    Whether the live database gave a reason to go back after all.
    """
    for guard in seen.guards:
        if guard.ok is False:
            return Decision(verdict=Verdict.ROLL_BACK, rule=f"live:{guard.name}", reason=f"live: {guard.detail}")
    return Decision(verdict=Verdict.KEEP, rule="live", reason="nothing got worse on the live database")


def _errors(runs: list[tuple[Replayed, list[Run]]]) -> Guard:
    failed = sorted({run.error for _, found in runs for run in found if run.error})
    count = sum(run.error is not None for _, found in runs for run in found)
    total = sum(len(found) for _, found in runs)
    return Guard(
        name="errors",
        # The recorded executions succeeded before, so each failure is new.
        ok=None if not total else count == 0,
        detail=f"{count} of {total} executions failed" + (f" ({', '.join(failed)})" if failed else ""),
        value=float(count),
        limit=0.0,
    )


def _time(runs: list[tuple[Replayed, list[Run]]]) -> Guard:
    before = after = 0.0
    for statement, found in runs:
        good = sorted(run.seconds for run in found if run.error is None)
        if good and statement.seconds >= LEAST_S:
            before += statement.calls * statement.seconds
            after += statement.calls * good[len(good) // 2]
    if not before:
        return Guard(name="time", ok=None, detail="no statement on the table was slow enough to be timed", limit=LIMIT)
    ratio = after / before
    return Guard(
        name="time",
        ok=ratio <= LIMIT,
        detail=f"statements on the table take × {ratio:.3g} of what they took in the baseline",
        value=ratio,
        limit=LIMIT,
    )
