"""
A schema change on trial where there is no clone: the recorded reads on the live database, without the change and with
it by turns.

Each pair is a round in either state, in random order, so that a drift of the machine falls on both alike. It is weaker
than two clones at the same moment: grade B. Writes cannot be repeated on a live database, so where something wrote to
the tables nobody knows what the change costs there, and doubt goes back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Protocol

import msgspec

from hasten.application import App
from hasten.errors import NoData
from hasten.evidence import StatementSample
from hasten.log import operation
from hasten.model import PLANNED_PAIRS, Change, Grade, Noise, Trial
from hasten.verify import calibration, judging, noise, noise_floor
from hasten.verify.alternating import Rounds, State, switches
from hasten.verify.equivalence import has_total_order
from hasten.verify.replay import STATEMENT_TIMEOUT_S, Corpus, Replayed, Run
from hasten.verify.rounds import Record, timeable
from hasten.verify.selection import differing, outlines, select
from hasten.verify.sequence import STRETCH, orders, run_pairs
from hasten.verify.trial import Terms, corpus_for, index_bytes, plan_for, same_statistics, with_facts
from hasten.world.execution import Connection, execute

Progress = Callable[[float, str], None]

ARENA = "switch-back"
#: SQLSTATE of what would have written in a session that only reads.
_READ_ONLY = "25006"


class Switches(Protocol):
    """
    The part of a remedy that such a trial needs.
    """

    def apply(self, change: Change, app: App) -> None:
        """
        The change is in place.
        """

    def revert(self, change: Change, app: App) -> None:
        """
        The change is not in place.
        """


def run_switch_back(change: Change, remedy: Switches, app: App, terms: Terms, progress: Progress) -> Trial:
    """
    Control against candidate on the live database, by turns. Whether the change is there at the end is left to chance:
    the caller has it kept or undone, also when this ends early.

    Raises:
        NoData: no recorded statement reads the changed tables, or the first look does not fit the time.
        ApplyFailed, RevertFailed: a switch failed.
    """
    start = monotonic()
    with operation("trial.switch_back", change=change.id, seed=terms.seed) as result:
        with app.database.connect(read_only=True, statement_timeout_s=STATEMENT_TIMEOUT_S) as connection:
            state = State(partial(_put, change, remedy, app))
            rounds = Rounds(state, partial(execute, connection), terms.seed)
            case = _Case(change, app, terms, progress, connection, rounds)
            corpus = corpus_for(change, app, connection)
            _refuse_writes(corpus)
            floor = _floor(case)
            if noise_floor.is_hopeless(floor, terms.plan()):
                trial = noise_floor.refused(change.id, ARENA, terms.plan(), floor, Grade.B)
            else:
                trial = _tried(case, corpus, floor)
        trial = msgspec.structs.replace(trial, noise=floor, duration_s=monotonic() - start)
        trial = judging.judged(trial, judging.OF_STATEMENTS) if trial.blocks else trial
        result["pairs"], result["ended"] = len(trial.blocks), str(trial.ended)
        result["switches"] = sum(len(each) for each in state.seconds.values())
    return trial


@dataclass(frozen=True)
class _Case:
    """
    What `run_switch_back` was asked, and the session in which it is found out.

    `unplayed`: the statements that turn out to lock or write, and so cannot be run on a live database.
    """

    change: Change
    app: App
    terms: Terms
    progress: Progress
    connection: Connection
    rounds: Rounds
    unplayed: list[str] = field(default_factory=list)


def _put(change: Change, remedy: Switches, app: App, has_change: bool) -> None:
    if has_change:
        remedy.apply(change, app)
        return
    remedy.revert(change, app)
    with app.database.connect() as connection:
        same_statistics(connection, change)


def _refuse_writes(corpus: Corpus) -> None:
    """
    Nothing happens where every statement can be played on a live database.

    Raises:
        NoData: something writes to the tables. What the change costs it cannot be found out here, so the change could
            not be kept; found out before the live database is touched for nothing.
    """
    writing = [each.query_id for each in corpus.statements if each.is_write]
    writing += [name for name, is_write in corpus.unsampled.items() if is_write]
    if writing:
        raise NoData(
            f"{len(writing)} recorded statements write to the changed tables, and they cannot be repeated on a live "
            f"database: {', '.join(sorted(writing))}",
            hint="set [allow] clones = true to have them repeated on clones",
        )


def _floor(case: _Case) -> Noise | None:
    """
    Two rounds in the same state against each other, before the change goes in.
    """
    observation, rounds, seed = case.app.observation, case.rounds, case.terms.seed
    conditions = calibration.conditions_of(case.connection, observation, ARENA)

    def play() -> Noise | None:
        statements = calibration.reads_of(observation)
        if not statements:
            return None
        # What comes into memory by being read first is not the noise of later rounds.
        rounds.equal_pair(statements, 0, control_first=True)
        return noise.calibrate(
            lambda index, control_first: rounds.equal_pair(statements, index, control_first=control_first),
            {each.query_id: float(each.calls) for each in statements},
            seed,
            conditions,
            lambda done, what: case.progress(0.05 + 0.25 * done, what),
        )

    return noise_floor.floor_of(case.terms.plan(), conditions, play)


def _tried(case: _Case, corpus: Corpus, floor: Noise | None) -> Trial:
    """
    The change went in and out until there was something to say; what it adds on disk is among the facts.
    """
    change, terms, rounds, begun = case.change, case.terms, case.rounds, monotonic()
    case.progress(0.3, f"applying the change to the live database, for a look: {change.where.name}")
    before, without = index_bytes(case.app), outlines(corpus, case.connection)
    rounds.state.to(True)
    size = {"added_bytes": index_bytes(case.app) - before, "limit_bytes": case.app.target.allow.max_index_mb * 1e6}
    corpus = select(corpus, differing(without, outlines(corpus, case.connection)))
    _affordable(case, corpus.statements, terms.time_budget_s)
    case.progress(0.33, f"comparing the rows of {len(corpus.statements)} statements")
    record = Record()
    kept = _compared(case, corpus, record)
    plan = plan_for(terms, corpus, floor, monotonic() - begun)
    _affordable(case, kept, plan.budget_s)
    played = run_pairs(
        lambda index, control_first: rounds.pair(kept, index, control_first=control_first),
        plan,
        lambda done, what: case.progress(0.4 + 0.6 * done, f"{what}, on the live database"),
    )
    trial = judging.bare(change.id, Grade.B, ARENA, plan, played)
    return _told(case, with_facts(corpus, record, msgspec.structs.replace(trial, facts=size)))


def _compared(case: _Case, corpus: Corpus, record: Record) -> list[Replayed]:
    """
    Every execution ran once in both states and its rows were compared; what can be timed.

    What differs is run once more without the change: others write to a live database meanwhile.
    """
    state, kept = case.rounds.state, list[Replayed]()
    runs: list[list[list[Run]]] = []
    for has_change in (False, True):
        state.to(has_change)
        runs.append([[_with_rows(case, sample) for sample in each.samples] for each in corpus.statements])

    def again(sample: StatementSample) -> Run:
        state.to(False)
        return _with_rows(case, sample)

    for statement, control, candidate in zip(corpus.statements, runs[0], runs[1], strict=True):
        pairs = list(zip(control, candidate, strict=True))
        total_order = has_total_order(statement.shape, case.app.observation.indexes)
        for number, (sample, pair) in enumerate(zip(statement.samples, pairs, strict=True)):
            record.comparison.add(statement, number, pair, partial(again, sample), total_order=total_order)
        if any(run.error == _READ_ONLY for pair in pairs for run in pair):
            case.unplayed.append(statement.query_id)
        kept += timeable(statement, pairs, record, "in a session that only reads")
    return kept


def _with_rows(case: _Case, sample: StatementSample) -> Run:
    return execute(case.connection, sample, with_rows=True)


def _affordable(case: _Case, statements: list[Replayed] | tuple[Replayed, ...], budget_s: float) -> None:
    """
    The pairs up to the first look fit the time, as far as is known by now what a switch and a round take.
    """
    first, state = PLANNED_PAIRS[0], case.rounds.state
    count = switches(orders(first, case.terms.seed), has_change=state.has_change)
    round_s = sum(each.round_s for each in statements)
    needed_s = count * state.switch_s + (count + 2 * first) * round_s
    if needed_s > STRETCH * budget_s:
        raise NoData(
            f"a switch takes {state.switch_s:.1f} s and a round {round_s:.1f} s, so the first look after {first} pairs "
            f"would take {needed_s:.0f} s, and there are {STRETCH * budget_s:.0f} s",
            hint=f"allow clones, where nothing is switched; here it would take about {needed_s / 60:.0f} minutes",
        )


def _told(case: _Case, trial: Trial) -> Trial:
    """
    The trial with what could not be played: as long as that is so, nobody knows what the change costs writes.
    """
    state = case.rounds.state
    notes = [f"{sum(map(len, state.seconds.values()))} switches of {state.switch_s:.2f} s each on the live database"]
    if case.unplayed:
        named = ", ".join(sorted(case.unplayed))
        notes.append(f"{len(case.unplayed)} statements lock or write and were not played on the live database: {named}")
    unsampled = {**trial.facts["unsampled"], **dict.fromkeys(case.unplayed, True)}
    facts = {**trial.facts, "unsampled": unsampled}
    return msgspec.structs.replace(trial, facts=facts, notes=[*trial.notes, *notes])
