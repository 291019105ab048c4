"""
A schema change on trial: the recorded statements on two clones of one backup, with the change in one of them.

Both arms run each statement at the same moment, so that whatever else the machine does happens to both. The number of
rounds is fixed before the first one is looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, Protocol

import psycopg

from hasten.application import App
from hasten.errors import NoData
from hasten.log import operation
from hasten.model import Block, Change, Effect, Grade, Trial
from hasten.verify import guards, statistics
from hasten.verify.equivalence import Comparison, has_total_order
from hasten.verify.replay import Corpus, Duet, Replayed, Run, corpus_of, duet, orders, touched_by, turns
from hasten.world.postgres import Row, as_query

Progress = Callable[[float, str], None]

PAIRS = 14
LEAST_PAIRS = 6
TIME_BUDGET_S = 90.0
#: Rounds that are run and thrown away: caches fill, and the length of a round becomes known.
WARM_UP_ROUNDS = 1


class Applies(Protocol):
    """
    The part of a remedy that a trial needs.
    """

    def apply(self, change: Change, app: App) -> None:
        """
        The change is in place.
        """


@dataclass
class _Record:
    """
    What the rounds bring home.
    """

    comparison: Comparison = field(default_factory=Comparison)
    blocks: list[Block] = field(default_factory=list)
    warm_up_errors: list[int] = field(default_factory=lambda: [0, 0])
    notes: list[str] = field(default_factory=list)


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
                corpus = _corpus(change, app, first)
                _same_statistics(first, change)
                added = _size(candidate) - before
                record = _play(first, second, corpus, app, _Plan(pairs, seed, start + time_budget_s, progress))
        trial = _judge(change, app, corpus, record, seed=seed, added=added, seconds=monotonic() - start)
        result["pairs"] = len(trial.blocks)
    return trial


@dataclass(frozen=True)
class _Plan:
    pairs: int
    seed: int
    deadline: float
    progress: Progress


def _corpus(change: Change, app: App, connection: psycopg.Connection[Row]) -> Corpus:
    tables = [change.after["table"]] if "table" in change.after else [change.where.name]
    corpus = corpus_of(app.observation, touched_by(connection, tables))
    if not corpus.statements:
        raise NoData(
            f"no recorded statement reads or writes {', '.join(tables)}",
            hint="run `hasten baseline` with [allow] record_parameters = true, so that there is something to replay",
        )
    return corpus


def _same_statistics(connection: psycopg.Connection[Row], change: Change) -> None:
    """
    What the change gathered in its own arm is gathered in control too, or the statistics would be on trial as well.

    Where it gathers nothing both arms keep those of the backup: two samples of one table differ, and so may plans.
    """
    if "analyze" in change.after:
        connection.execute(as_query(change.after["analyze"]))


def _size(app: App) -> int:
    return int(app.database.value(_SIZE))


_SIZE = "SELECT coalesce(sum(pg_relation_size(oid)), 0) FROM pg_class WHERE relkind IN ('i', 'm')"


def _play(
    first: psycopg.Connection[Row], second: psycopg.Connection[Row], corpus: Corpus, app: App, plan: _Plan
) -> _Record:
    record = _Record()
    with duet(first, second) as playing:
        plan.progress(0.25, "warming both clones and comparing rows")
        statements = _compare(playing, corpus, app, record)
        began = monotonic()
        for index in range(WARM_UP_ROUNDS):
            block = _round(playing, statements, index, control_first=True, seed=plan.seed)
            record.warm_up_errors[0] += block.control_errors
            record.warm_up_errors[1] += block.candidate_errors
        pairs = _affordable(plan, (monotonic() - began) / WARM_UP_ROUNDS, record)
        first_in = orders(pairs, plan.seed)
        for index in range(pairs):
            plan.progress(0.3 + 0.65 * index / pairs, f"round {index + 1} of {pairs} on both clones")
            record.blocks.append(_round(playing, statements, index, control_first=first_in[index], seed=plan.seed))
    return record


def _affordable(plan: _Plan, round_s: float, record: _Record) -> int:
    """
    The number of rounds, fixed now: nobody looks at a result before the last one.
    """
    fitting = int((plan.deadline - monotonic()) / max(round_s, 1e-3))
    if fitting < LEAST_PAIRS:
        raise NoData(
            f"a round takes {round_s:.1f} s, so not even {LEAST_PAIRS} fit the time for this trial",
            hint="allow the trial more time, or record a shorter window",
        )
    if fitting < plan.pairs:
        record.notes.append(f"{fitting} rounds instead of {plan.pairs}: a round takes {round_s:.1f} s")
    return min(fitting, plan.pairs)


def _compare(playing: Duet, corpus: Corpus, app: App, record: _Record) -> list[Replayed]:
    """
    Every execution ran once in both arms and its rows were compared; what fails in both arms alike is left out.
    """
    kept: list[Replayed] = []
    for statement in corpus.statements:
        total_order = has_total_order(statement.shape, app.observation.indexes)
        good = []
        times = []
        for number, sample in enumerate(statement.samples):
            pair = playing.both(sample, control_first=number % 2 == 0, with_rows=True)
            errors = [run.error for run in pair]
            record.warm_up_errors[0] += bool(errors[0] and not errors[1])
            record.warm_up_errors[1] += bool(errors[1] and not errors[0])
            if not any(errors):
                record.comparison.add(statement, number, pair, partial(playing.again, sample), total_order=total_order)
                good.append(sample)
                times.append(min(run.seconds for run in pair))
        if good:
            seconds = sorted(times)[len(times) // 2]
            kept.append(_replace(statement, good, seconds))
        else:
            record.notes.append(f"statement {statement.query_id} fails on the clones and was left out")
    return kept


def _replace(statement: Replayed, samples: Sequence[Any], seconds: float) -> Replayed:
    return Replayed(
        query_id=statement.query_id,
        calls=statement.calls,
        is_write=statement.is_write,
        shape=statement.shape,
        samples=tuple(samples),
        seconds=seconds,
    )


def _round(playing: Duet, statements: list[Replayed], index: int, *, control_first: bool, seed: int) -> Block:
    """
    Each statement ran in both arms; a block holds its mean seconds per call.
    """
    times: dict[str, list[tuple[float, float]]] = {}
    errors = [0, 0]
    for statement, sample in turns(statements, index, seed):
        pair: tuple[Run, Run] = playing.both(sample, control_first=control_first)
        errors[0] += bool(pair[0].error and not pair[1].error)
        errors[1] += bool(pair[1].error and not pair[0].error)
        if not pair[0].error and not pair[1].error:
            times.setdefault(statement.query_id, []).append((pair[0].seconds, pair[1].seconds))
    return Block(
        index=index,
        order="control first" if control_first else "candidate first",
        control={name: sum(each[0] for each in runs) / len(runs) for name, runs in sorted(times.items())},
        candidate={name: sum(each[1] for each in runs) / len(runs) for name, runs in sorted(times.items())},
        control_errors=errors[0],
        candidate_errors=errors[1],
    )


def _judge(
    change: Change, app: App, corpus: Corpus, record: _Record, *, seed: int, added: int, seconds: float
) -> Trial:
    weights: dict[str, float] = {each.query_id: float(each.calls) for each in corpus.statements}
    weights[statistics.SHARE] = corpus.share
    effect = statistics.effect_of(record.blocks, weights, seed)
    per_statement = statistics.effects_of(record.blocks, seed)
    whole = [statistics.database_effect(effect, corpus.share, corpus.total_s)] if effect else []
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
            guards.errors(record.blocks, *record.warm_up_errors),
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
        "database's time, and the others do not touch the changed tables"
    ]
    if corpus.unsampled:
        found.append(f"{len(corpus.unsampled)} statements touch the tables and had no execution to repeat")
    if effect is None:
        found.append("nothing could be timed in every round")
    return found
