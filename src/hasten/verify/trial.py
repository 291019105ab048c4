"""
A schema change on trial: the recorded statements on two clones of one backup, with the change in one of them.

Both arms run each statement at the same moment, so that whatever else the machine does happens to both. Before the
change goes in, the two clones are played against each other as they are: that is the noise floor.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Protocol

import msgspec

from hasten.application import App
from hasten.errors import NoData
from hasten.log import operation
from hasten.model import PLANNED_PAIRS, Change, Ending, Grade, Noise, Trial
from hasten.verify import calibration, judging, noise_floor
from hasten.verify.boundary import LEVEL
from hasten.verify.replay import Corpus, Duet, Replayed, corpus_of, duet, touched_by
from hasten.verify.rounds import Record, compare, play_round
from hasten.verify.selection import replanned, select
from hasten.verify.sequence import STRETCH, Plan, Played, run_pairs
from hasten.world.execution import Connection
from hasten.world.postgres import as_query

Progress = Callable[[float, str], None]

#: The first look needs 16 rounds of about two seconds; what it leaves open gets as much time again.
TIME_BUDGET_S = 75.0


class Applies(Protocol):
    """
    The part of a remedy that a trial needs.
    """

    def apply(self, change: Change, app: App) -> None:
        """
        The change is in place.
        """


@dataclass(frozen=True)
class Terms:
    """
    What a trial has to show, and what it may take.

    Args:
        level: As granted by verify.discovery.
        noise: What an earlier calibration said; it is played again where that does not hold here.
        time_budget_s: For the trial without its calibration; the first look may take 3 × as long.
        calibrated: Whether the noise floor is wanted at all.
    """

    seed: int = 1
    least_gain: float = 0.10
    level: float = LEVEL
    noise: Noise | None = None
    most_pairs: int = PLANNED_PAIRS[-1]
    time_budget_s: float = TIME_BUDGET_S
    calibrated: bool = True

    def plan(self) -> Plan:
        """
        The plan of a trial on these terms, as far as they say; its time is that of the kind of trial.
        """
        return Plan(
            seed=self.seed,
            least_gain=self.least_gain,
            level=self.level,
            most_pairs=self.most_pairs,
            calibrated=self.calibrated,
            noise=self.noise,
        )


def run_schema_trial(
    change: Change,
    remedy: Applies,
    app: App,
    terms: Terms = Terms(),
    progress: Progress = lambda _done, _what: None,
) -> Trial:
    """
    Control against candidate on two clones that exist only for the trial.

    Raises:
        NoData: no recorded statement reads or writes the changed tables, or the first look does not fit the time.
        ApplyFailed: the change did not go into the clone.
        NotAllowed, Unreachable: no clones can be had.
    """
    start, case = monotonic(), _Case(change, remedy, app, terms, progress)
    with operation("trial.schema", change=change.id, seed=terms.seed) as result:
        progress(0.0, "cloning the database twice")
        with app.clones(2) as (control, candidate):
            with control.database.connect() as connection:
                corpus = corpus_for(change, app, connection)
            floor = _floor(case, control, candidate)
            if noise_floor.is_hopeless(floor, terms.plan()):
                trial = noise_floor.refused(change.id, "clone", terms.plan(), floor)
            else:
                trial = _tried(case, corpus, floor, control, candidate)
        trial = msgspec.structs.replace(trial, noise=floor, duration_s=monotonic() - start)
        trial = judging.judged(trial, judging.OF_STATEMENTS) if trial.blocks else trial
        result["pairs"], result["ended"] = len(trial.blocks), str(trial.ended)
    return trial


@dataclass(frozen=True)
class _Case:
    """
    What `run_schema_trial` was asked.
    """

    change: Change
    remedy: Applies
    app: App
    terms: Terms
    progress: Progress


def _floor(case: _Case, control: App, candidate: App) -> Noise | None:
    terms, observation = case.terms, case.app.observation
    if not terms.calibrated:
        return None
    with control.database.connect() as first, candidate.database.connect() as second:
        conditions = calibration.conditions_of(first, observation)

        def said(done: float, what: str) -> None:
            case.progress(0.05 + 0.25 * done, what)

        return noise_floor.floor_of(
            terms.plan(), conditions, lambda: calibration.play(first, second, observation, terms.seed, said)
        )


def _tried(case: _Case, corpus: Corpus, floor: Noise | None, control: App, candidate: App) -> Trial:
    """
    The change went into one clone, and both were played; what it adds on disk is among the facts.
    """
    change, terms, begun = case.change, case.terms, monotonic()
    case.progress(0.3, f"applying the change to one clone: {change.where.name}")
    before = index_bytes(control)
    case.remedy.apply(change, candidate)
    with control.database.connect() as first, candidate.database.connect() as second:
        same_statistics(first, change)
        size = {
            "added_bytes": index_bytes(candidate) - before,
            "limit_bytes": case.app.target.allow.max_index_mb * 1e6,
        }
        corpus = select(corpus, replanned(corpus, first, second))
        with duet(first, second) as playing:
            case.progress(0.35, f"warming both clones, and comparing the rows of {len(corpus.statements)} statements")
            record = Record()
            kept = compare(playing, corpus.statements, case.app.observation.indexes, record)
            plan = plan_for(terms, corpus, floor, monotonic() - begun)
            _affordable(sum(statement.round_s for statement in kept), plan.budget_s)
            played = _play(playing, kept, plan, case.progress)
    trial = judging.bare(change.id, Grade.A, "clone", plan, played)
    return with_facts(corpus, record, msgspec.structs.replace(trial, facts=size))


def plan_for(terms: Terms, corpus: Corpus, floor: Noise | None, used_s: float) -> Plan:
    """
    How the pairs are played when so much of the time is gone.
    """
    return replace(
        terms.plan(),
        weights={each.query_id: float(each.calls) for each in corpus.statements},
        is_noisy=noise_floor.is_noisy(floor, terms.plan()),
        budget_s=max(terms.time_budget_s - used_s, terms.time_budget_s / 3),
    )


def _play(playing: Duet, statements: list[Replayed], plan: Plan, progress: Progress) -> Played:
    return run_pairs(
        lambda index, control_first: play_round(
            playing, statements, index, control_first=control_first, seed=plan.seed
        ),
        plan,
        lambda done, what: progress(0.4 + 0.6 * done, f"{what}, on both clones"),
    )


def corpus_for(change: Change, app: App, connection: Connection) -> Corpus:
    """
    The recorded statements that can feel the change.

    Raises:
        NoData: there are none.
    """
    tables = [change.after["table"]] if "table" in change.after else [change.where.name]
    corpus = corpus_of(app.observation, touched_by(connection, tables))
    if not corpus.statements:
        raise NoData(
            f"no recorded statement reads or writes {', '.join(tables)}",
            hint="run `hasten baseline` with [allow] record_parameters = true, so that there is something to replay",
        )
    return corpus


def same_statistics(connection: Connection, change: Change) -> None:
    """
    What the change gathered in its own arm is gathered in control too, or the statistics would be on trial as well.

    Where it gathers nothing both arms keep those of the backup: two samples of one table differ, and so may plans.
    """
    if "analyze" in change.after:
        connection.execute(as_query(change.after["analyze"]))


def index_bytes(app: App) -> int:
    """
    What all indexes and materialized views of the database have on disk.
    """
    return int(app.database.value(_SIZE))


_SIZE = "SELECT coalesce(sum(pg_relation_size(oid)), 0) FROM pg_class WHERE relkind IN ('i', 'm')"


def _affordable(round_s: float, budget_s: float) -> None:
    first = PLANNED_PAIRS[0]
    if first * round_s > STRETCH * budget_s:
        raise NoData(
            f"a round takes {round_s:.1f} s, so not even the first look after {first} fits the time for this trial",
            hint="allow the trial more time, or record a shorter window",
        )


def with_facts(corpus: Corpus, record: Record, trial: Trial) -> Trial:
    """
    The trial with all that its guards need to know.
    """
    facts = {
        **trial.facts,
        "total_s": corpus.total_s,
        "observed_s": {each.query_id: each.total_s for each in corpus.statements},
        "writing": sorted(each.query_id for each in corpus.statements if each.is_write),
        "planned_alike": list(corpus.alike),
        "unsampled": corpus.unsampled,
        "first_errors": list(record.first_errors),
    }
    equivalence = record.comparison.as_data()
    notes = [*record.notes, *_notes(corpus, trial)]
    return msgspec.structs.replace(trial, facts=facts, equivalence=equivalence, notes=notes)


def _notes(corpus: Corpus, trial: Trial) -> list[str]:
    found = [
        f"{len(corpus.statements)} statements replayed; in the observed window they had {corpus.share:.0%} of the "
        "database's time"
    ]
    if corpus.untimed:
        found.append(f"{len(corpus.untimed)} statements on the tables were not timed: both arms plan them alike")
    if corpus.unsampled:
        found.append(f"{len(corpus.unsampled)} statements touch the tables and had no execution to repeat")
    if trial.ended is Ending.NO_DATA:
        found.append("nothing could be timed in any round")
    return found
