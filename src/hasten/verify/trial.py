"""
A schema change on trial: the recorded statements on two clones of one backup, with the change in one of them.

Both arms run each statement at the same moment, so that whatever else the machine does happens to both. The number of
rounds is fixed before the first one is looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from hasten.application import App
from hasten.errors import NoData
from hasten.log import operation
from hasten.model import Change, Effect, Grade, Trial
from hasten.verify import guards, statistics
from hasten.verify.replay import Corpus, corpus_of, duet, touched_by
from hasten.verify.rounds import Record, compare, play_round
from hasten.verify.selection import replanned, select
from hasten.verify.sequence import orders
from hasten.world.execution import Connection
from hasten.world.postgres import as_query

Progress = Callable[[float, str], None]

PAIRS = 14
LEAST_PAIRS = 6
TIME_BUDGET_S = 45.0
#: How far beyond the budget a trial may go for LEAST_PAIRS rounds of slow statements.
STRETCH = 3.0


class Applies(Protocol):
    """
    The part of a remedy that a trial needs.
    """

    def apply(self, change: Change, app: App) -> None:
        """
        The change is in place.
        """


def run_schema_trial(
    change: Change,
    remedy: Applies,
    app: App,
    *,
    pairs: int = PAIRS,
    seed: int = 1,
    progress: Progress = lambda _done, _what: None,
    time_budget_s: float = TIME_BUDGET_S,
) -> Trial:
    """
    Control against candidate on two clones that exist only for the trial.

    Args:
        pairs: Rounds to run; fewer, decided before the first, where `time_budget_s` does not allow them.
        time_budget_s: For the whole trial. Six rounds of slow statements may take 3 × as long.

    Raises:
        NoData: no recorded statement reads or writes the changed tables, or not even six rounds fit the budget.
        ApplyFailed: the change did not go into the clone.
        NotAllowed, Unreachable: no clones can be had.
    """
    start = monotonic()
    with operation("trial.schema", change=change.id, seed=seed) as result:
        progress(0.0, "cloning the database twice")
        with app.clones(2) as (control, candidate):
            progress(0.1, f"applying the change to one clone: {change.where.name}")
            before = _size(control)
            remedy.apply(change, candidate)
            with control.database.connect() as first, candidate.database.connect() as second:
                _same_statistics(first, change)
                added = _size(candidate) - before
                corpus = _corpus(change, app, first)
                corpus = select(corpus, replanned(corpus, first, second))
                record = _play(first, second, corpus, app, _Plan(pairs, seed, start, time_budget_s, progress))
        trial = _judge(change, app, corpus, record, seed=seed, added=added, seconds=monotonic() - start)
        result["pairs"] = len(trial.blocks)
    return trial


@dataclass(frozen=True)
class _Plan:
    pairs: int
    seed: int
    start: float
    budget_s: float
    progress: Progress


def _corpus(change: Change, app: App, connection: Connection) -> Corpus:
    tables = [change.after["table"]] if "table" in change.after else [change.where.name]
    corpus = corpus_of(app.observation, touched_by(connection, tables))
    if not corpus.statements:
        raise NoData(
            f"no recorded statement reads or writes {', '.join(tables)}",
            hint="run `hasten baseline` with [allow] record_parameters = true, so that there is something to replay",
        )
    return corpus


def _same_statistics(connection: Connection, change: Change) -> None:
    """
    What the change gathered in its own arm is gathered in control too, or the statistics would be on trial as well.

    Where it gathers nothing both arms keep those of the backup: two samples of one table differ, and so may plans.
    """
    if "analyze" in change.after:
        connection.execute(as_query(change.after["analyze"]))


def _size(app: App) -> int:
    return int(app.database.value(_SIZE))


_SIZE = "SELECT coalesce(sum(pg_relation_size(oid)), 0) FROM pg_class WHERE relkind IN ('i', 'm')"


def _play(first: Connection, second: Connection, corpus: Corpus, app: App, plan: _Plan) -> Record:
    record = Record()
    with duet(first, second) as playing:
        plan.progress(0.25, f"warming both clones, and comparing the rows of {len(corpus.statements)} statements")
        statements = compare(playing, corpus.statements, app.observation.indexes, record)
        pairs = _affordable(plan, sum(statement.round_s for statement in statements), record)
        first_in = orders(pairs, plan.seed)
        for index in range(pairs):
            plan.progress(0.3 + 0.65 * index / pairs, f"round {index + 1} of {pairs} on both clones")
            record.blocks.append(play_round(playing, statements, index, control_first=first_in[index], seed=plan.seed))
    return record


def _affordable(plan: _Plan, round_s: float, record: Record) -> int:
    """
    The number of rounds, fixed now: nobody looks at a result before the last one.
    """
    used_s = monotonic() - plan.start
    if used_s + LEAST_PAIRS * round_s > STRETCH * plan.budget_s:
        raise NoData(
            f"a round takes {round_s:.1f} s, so not even {LEAST_PAIRS} fit the time for this trial",
            hint="allow the trial more time, or record a shorter window",
        )
    fitting = int((plan.budget_s - used_s) / max(round_s, 1e-3))
    pairs = max(LEAST_PAIRS, min(fitting, plan.pairs))
    if pairs < plan.pairs:
        record.notes.append(f"{pairs} rounds instead of {plan.pairs}: a round takes {round_s:.1f} s")
    return pairs


def _judge(change: Change, app: App, corpus: Corpus, record: Record, *, seed: int, added: int, seconds: float) -> Trial:
    weights: dict[str, float] = {each.query_id: float(each.calls) for each in corpus.statements}
    observed = {each.query_id: each.total_s for each in corpus.statements}
    share = statistics.share_of(record.blocks, weights, observed, corpus.total_s)
    weights[statistics.SHARE] = share
    effect = statistics.effect_of(record.blocks, weights, seed)
    per_statement = statistics.effects_of(record.blocks, seed)
    whole = [statistics.database_effect(effect, share, corpus.total_s)] if effect else []
    writing = {each.query_id for each in corpus.statements if each.is_write}
    equivalence = record.comparison.as_data()
    return Trial(
        change=change.id,
        grade=Grade.A,
        arena="clone",
        seed=seed,
        blocks=record.blocks,
        effect=effect,
        effects=[*whole, *per_statement],
        guards=[
            guards.errors(record.blocks, *record.first_errors),
            guards.rows(equivalence),
            guards.others(per_statement, writing),
            guards.writes(per_statement, writing, corpus.unsampled),
            guards.size(added, app.target.allow.max_index_mb * 1e6),
        ],
        equivalence=equivalence,
        weights=weights,
        duration_s=seconds,
        notes=[*record.notes, *_notes(corpus, effect)],
    )


def _notes(corpus: Corpus, effect: Effect | None) -> list[str]:
    found = [
        f"{len(corpus.statements)} statements replayed; in the observed window they had {corpus.share:.0%} of the "
        "database's time"
    ]
    if corpus.untimed:
        found.append(f"{len(corpus.untimed)} statements on the tables were not timed: both arms plan them alike")
    if corpus.unsampled:
        found.append(f"{len(corpus.unsampled)} statements touch the tables and had no execution to repeat")
    if effect is None:
        found.append("nothing could be timed in every round")
    return found
