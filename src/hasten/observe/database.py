"""
What the database did while the load ran: each statement with its calls, totals and percentiles; tables, indexes, plans.

Two halves: `begin` before the load notes where the counters and the log stand, `finish` after it reads what came
since. Totals are PostgreSQL's own counters (pg_stat_statements); percentiles are of the single executions in its log.
Hasten's own statements are in neither.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from hasten.application import App
from hasten.errors import HastenError
from hasten.evidence import IndexProfile, StatementProfile, StatementSample, TableProfile
from hasten.log import operation
from hasten.model import Conditions, Distribution, Measurement, Where
from hasten.sql import without_values
from hasten.world import catalog
from hasten.world.catalog import StatementTotal
from hasten.world.postgres import Database, Facts
from hasten.world.statement_log import LogRead, StatementLog

T = TypeVar("T")

STATEMENT_TIME = "db.client.operation.duration"
DATABASE_TIME = "hasten.database.time"

#: Statements whose plans are asked for, and which are stored as measurements, dearest first.
PLANNED = 60
MEASURED = 200
#: A log that says it holds every call, and holds fewer than this share of them, does not.
WHOLE_LOG = 0.9


_SETTINGS = """
    SELECT name, setting::float8 AS value FROM pg_settings
    WHERE name IN ('log_min_duration_statement', 'log_min_duration_sample', 'log_statement_sample_rate')
"""


@dataclass(frozen=True)
class Mark:
    """
    Where the counters and the log stood before the load.

    evicted: how many statements pg_stat_statements had dropped for want of room; None where it does not tell.
    """

    facts: Facts
    totals: list[StatementTotal] | None
    log: StatementLog | None
    evicted: int | None = None
    missing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DatabasePart:
    """
    What `finish` brings home; `missing` names what could not be had, and why: `statements`, `statements.totals`,
    `statements.percentiles`, `statements.plans`, `tables`, `indexes`.
    """

    measurements: list[Measurement]
    statements: list[StatementProfile]
    tables: list[TableProfile]
    indexes: list[IndexProfile]
    missing: dict[str, str]


def begin(app: App) -> Mark:
    """
    What the database does from now on can be told from what it did before.

    Raises:
        ConfigError, Unreachable, NotAllowed: the database cannot be reached at all.
    """
    database = app.database.named("observe")
    missing: dict[str, str] = {}
    with operation("observe.database.begin") as result:
        facts = database.check()
        log = _attempt("statements.percentiles", missing, lambda: _log(app, facts, database))
        totals = _attempt("statements.totals", missing, lambda: catalog.statement_totals(database))
        evicted = _evicted(database, facts) if totals is not None else None
        result["statements"] = len(totals or [])
    return Mark(facts, totals, log, evicted, missing)


def finish(app: App, mark: Mark) -> DatabasePart:
    """
    What the database did since `begin`. A part that cannot be had is in `missing`, and the rest is there.
    """
    database = app.database.named("observe")
    missing = dict(mark.missing)
    with operation("observe.database.finish") as result:
        totals = _totals(database, mark, missing)
        read = _read_log(mark, missing)
        tables = _attempt("tables", missing, lambda: catalog.tables(database)) or []
        indexes = _attempt("indexes", missing, lambda: catalog.indexes(database)) or []
        columns = {table.name: [column.name for column in table.columns] for table in tables}
        samples = _allowed(read.samples, keep_values=app.target.allow.record_parameters)
        statements = catalog.statement_profiles(totals or [], samples, columns)
        if totals is None and not samples:
            missing["statements"] = f"neither counters nor a log: {missing.get('statements.totals', '')}"
        if statements and not _is_fair(statements, totals, mark, missing):
            statements = [_without_percentiles(each) for each in statements]
        statements = _planned(database, statements, missing)
        result |= {"statements": len(statements), "samples": len(samples), "missing": sorted(missing)}
    measurements = measure(statements, mark.facts.database) if totals is not None or samples else []
    return DatabasePart(measurements, statements, tables, indexes, missing)


def measure(statements: Iterable[StatementProfile], database: str) -> list[Measurement]:
    """
    One Measurement per statement (its name is the query id), and all of the database's statement time.

    `count` is the number of executions that the percentiles are of; calls are in the conditions' notes.
    """
    profiles = sorted(statements, key=lambda each: -each.total_s)
    found = [
        Measurement(
            metric=STATEMENT_TIME,
            unit="s",
            where=Where(kind="statement", name=profile.query_id),
            distribution=Distribution(
                count=profile.timed_calls or profile.calls,
                mean=profile.mean_s,
                p50=profile.p50_s,
                p95=profile.p95_s,
                p99=profile.p99_s,
                total=profile.total_s,
            ),
            conditions=Conditions(notes={"calls": profile.calls, "rows": profile.rows}),
        )
        for profile in profiles[:MEASURED]
    ]
    time_s = sum(profile.total_s for profile in profiles)
    everything = Distribution(count=sum(profile.calls for profile in profiles), total=time_s)
    where = Where(kind="database", name=database)
    return [*found, Measurement(metric=DATABASE_TIME, unit="s", where=where, distribution=everything)]


def _attempt(part: str, missing: dict[str, str], run: Callable[[], T]) -> T | None:
    """
    What `run` answers, or None with its reason on record.
    """
    try:
        return run()
    except HastenError as error:
        missing[part] = f"{error} ({error.hint})" if error.hint else str(error)
        return None


def _log(app: App, facts: Facts, database: Database) -> StatementLog:
    """
    The server's log, from its present end on.

    Raises:
        HastenError: there is none to read, or it does not hold a fair sample of the statements.
    """
    named = app.target.database.log
    if app.cluster is None and not named:
        raise HastenError("the server's log is not named", hint="give its path in [database] log")
    unfair = _unfair(database)
    if unfair:
        raise HastenError(unfair, hint="set log_min_duration_statement = 0, or log_min_duration_sample = 0")
    path = app.cluster.log_dir if app.cluster is not None else (app.root / Path(named)).resolve()
    if not path.exists():
        raise HastenError(f"there is no log at {path}", hint="correct [database] log")
    found = StatementLog(path, facts.database)
    found.settle()
    found.skip()
    return found


def _unfair(database: Database) -> str:
    """
    Why times from the log would not stand for all executions; "" where they do.
    """
    rows = database.rows(_SETTINGS, read_only=True)
    # In milliseconds; servers before 13 have no sampling.
    settings = {row["name"]: row["value"] for row in rows}
    least = settings.get("log_min_duration_statement", -1)
    sampled = settings.get("log_min_duration_sample", -1) == 0 and settings.get("log_statement_sample_rate", 0) > 0
    if sampled and least > 0:
        return f"statements slower than {least:.0f} ms are logged more often than others"
    if least > 0:
        return f"the log holds only statements slower than {least:.0f} ms"
    return "" if least == 0 or sampled else "the server does not log the duration of statements"


def _evicted(database: Database, facts: Facts) -> int | None:
    if facts.major < 14:
        return None
    missing: dict[str, str] = {}
    found = _attempt("", missing, lambda: database.value("SELECT dealloc FROM pg_stat_statements_info", read_only=True))
    return None if found is None else int(found)


def _totals(database: Database, mark: Mark, missing: dict[str, str]) -> list[StatementTotal] | None:
    if mark.totals is None:
        return None
    before = mark.totals
    after = _attempt("statements.totals", missing, lambda: catalog.statement_totals(database))
    if after is None:
        return None
    evicted = _evicted(database, mark.facts)
    if evicted is not None and mark.evicted is not None and evicted > mark.evicted:
        missing["statements.totals"] = (
            f"pg_stat_statements had no room for all statements and dropped some {evicted - mark.evicted} times, so "
            "totals are too low (raise pg_stat_statements.max)"
        )
    return catalog.since(before, after)


def _read_log(mark: Mark, missing: dict[str, str]) -> LogRead:
    if mark.log is None:
        return LogRead()
    log = mark.log
    log.settle()
    read = _attempt("statements.percentiles", missing, log.read) or LogRead()
    if read.left_bytes:
        missing["statements.percentiles"] = (
            f"the log grew by more than can be read ({read.left_bytes:,} bytes are left), so the end of the window is "
            "not in the percentiles"
        )
    return read


def _allowed(samples: list[StatementSample], *, keep_values: bool) -> list[StatementSample]:
    """
    The samples, without any value that a user's request brought unless [allow] record_parameters.
    """
    if keep_values:
        return samples
    texts = {text: without_values(text) for text in {sample.text for sample in samples}}
    return [replace(each, text=texts[each.text], parameters=[]) for each in samples if texts[each.text]]


def _is_fair(
    statements: list[StatementProfile], totals: list[StatementTotal] | None, mark: Mark, missing: dict[str, str]
) -> bool:
    """
    Whether the log held what it said; one role's own settings may have kept its statements out of it.
    """
    if mark.log is None or totals is None:
        return True
    timed = sum(min(each.timed_calls, each.calls) for each in statements)
    calls = sum(each.calls for each in statements)
    if not calls or timed >= WHOLE_LOG * calls or "statements.percentiles" in missing:
        return True
    if timed == 0:
        missing["statements.percentiles"] = (
            "the log holds none of the executions that were counted (does [database] log name the right one, with "
            "log_destination jsonlog, and with %Q in log_line_prefix otherwise?)"
        )
        return False
    missing["statements.percentiles"] = (
        f"the log holds {timed:,} of {calls:,} executions; percentiles are of those, which is fair only if they were "
        "chosen by chance (log_statement_sample_rate)"
    )
    return True


def _without_percentiles(profile: StatementProfile) -> StatementProfile:
    return replace(profile, p50_s=None, p95_s=None, p99_s=None, timed_calls=0)


def _planned(database: Database, statements: list[StatementProfile], missing: dict[str, str]) -> list[StatementProfile]:
    found = catalog.add_plans(database, statements, PLANNED)
    if found and not any(each.plan for each in found):
        # One is asked for again, for the reason.
        dearest = found[0].samples[-1] if found[0].samples else None
        text, values = (dearest.text, dearest.parameters) if dearest else (found[0].text, [])
        _attempt("statements.plans", missing, lambda: catalog.explain(database, text, values))
        missing.setdefault("statements.plans", "the planner could not be asked about any statement")
    return found
