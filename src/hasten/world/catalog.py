"""
What PostgreSQL's catalogs and statistics say: tables, indexes, statements with their totals, plans.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from msgspec.structs import replace

from hasten.errors import HastenError, NoData
from hasten.evidence import ColumnProfile, IndexProfile, StatementProfile, StatementSample, TableProfile
from hasten.model import Distribution, Noun
from hasten.sql import read_statement
from hasten.world.catalog_sql import COLUMNS, INDEXES, TABLES, TOTALS
from hasten.world.postgres import Database, Row, as_query

EXPLAIN_TIMEOUT_S = 10.0
KEPT_SAMPLES = 50
"""Executions kept with each profile: enough to replay, evenly chosen over its durations."""


class StatementTotal(Noun, frozen=True, kw_only=True):
    """
    One normalized statement's counters in pg_stat_statements, of all roles together; times in seconds.
    """

    query_id: str
    text: str
    calls: int
    total_s: float
    rows: int
    shared_blocks_hit: int
    shared_blocks_read: int


def tables(database: Database) -> list[TableProfile]:
    """
    Every table and materialized view that is not the system's, largest first.
    """
    with database.connect(read_only=True) as connection:
        columns: dict[int, list[ColumnProfile]] = {}
        for row in connection.execute(COLUMNS).fetchall():
            columns.setdefault(row.pop("oid"), []).append(ColumnProfile(**row))
        rows = connection.execute(TABLES).fetchall()
    return [TableProfile(columns=columns.get(row.pop("oid"), []), **row) for row in rows]


def indexes(database: Database) -> list[IndexProfile]:
    """
    Every index that is not the system's, by table and name; an expression stands among the columns as its text.
    """
    return [IndexProfile(**row) for row in database.rows(INDEXES, read_only=True)]


def statement_totals(database: Database) -> list[StatementTotal]:
    """
    What pg_stat_statements has counted in this database since it was last reset.

    Raises:
        NotAllowed: it is not loaded or installed, or this role may not see it.
    """
    facts = database.require_statements()
    times = "total_exec_time" if facts.major >= 13 else "total_time"
    rows = database.rows(TOTALS.replace("total_exec_time", times), read_only=True)
    return [StatementTotal(**row) for row in rows]


def since(before: Iterable[StatementTotal], after: Iterable[StatementTotal]) -> list[StatementTotal]:
    """
    What was counted between two readings, the costliest first.

    A counter that is smaller than before was reset, or evicted and seen again: all of it is then new.
    """
    earlier = {total.query_id: total for total in before}
    found = []
    for total in after:
        old = earlier.get(total.query_id)
        fresh = total if old is None or old.calls > total.calls else _minus(total, old)
        if fresh.calls:
            found.append(fresh)
    return sorted(found, key=lambda total: -total.total_s)


def _minus(total: StatementTotal, old: StatementTotal) -> StatementTotal:
    return StatementTotal(
        query_id=total.query_id,
        text=total.text,
        calls=total.calls - old.calls,
        total_s=max(0.0, total.total_s - old.total_s),
        rows=max(0, total.rows - old.rows),
        shared_blocks_hit=max(0, total.shared_blocks_hit - old.shared_blocks_hit),
        shared_blocks_read=max(0, total.shared_blocks_read - old.shared_blocks_read),
    )


def statement_profiles(
    totals: Iterable[StatementTotal], samples: Iterable[StatementSample], catalog: Mapping[str, list[str]] | None = None
) -> list[StatementProfile]:
    """
    One profile for each statement in either source, the costliest first.

    Percentiles are of the executions in the log that ended well; statements that were logged only (pg_stat_statements
    is missing, or has evicted them) have their totals from the log. Statements about the server's own catalogs, and
    EXPLAIN, are left out: they are Hasten's, or a tool's.

    Args:
        totals: Of the observed window: see `since`.
        samples: Of the same window: see `StatementLog`.
        catalog: Columns by table, to resolve columns that are not qualified.
    """
    by_id: dict[str, list[StatementSample]] = {}
    for sample in samples:
        if sample.query_id:
            by_id.setdefault(sample.query_id, []).append(sample)
    counted = {total.query_id: total for total in totals}
    found = [_profile(counted.get(key), by_id.get(key, []), catalog) for key in {**counted, **by_id}]
    found = [profile for profile in found if not _is_about_the_server(profile)]
    return sorted(found, key=lambda profile: -profile.total_s)


def _profile(
    total: StatementTotal | None, samples: list[StatementSample], catalog: Mapping[str, list[str]] | None
) -> StatementProfile:
    ended_well = sorted((sample for sample in samples if sample.error is None), key=lambda sample: sample.seconds)
    times = Distribution.of([sample.seconds for sample in ended_well])
    text = total.text if total else samples[0].text
    shape = read_statement(text, catalog)
    calls, total_s = (total.calls, total.total_s) if total else (times.count, times.total or 0.0)
    return StatementProfile(
        query_id=total.query_id if total else samples[0].query_id,
        text=text,
        calls=calls,
        total_s=total_s,
        mean_s=total_s / calls if calls else 0.0,
        rows=total.rows if total else 0,
        p50_s=times.p50,
        p95_s=times.p95,
        p99_s=times.p99,
        timed_calls=times.count,
        shared_blocks_hit=total.shared_blocks_hit if total else 0,
        shared_blocks_read=total.shared_blocks_read if total else 0,
        tables=shape.tables,
        is_write=shape.is_write,
        samples=_kept(ended_well),
    )


def _is_about_the_server(profile: StatementProfile) -> bool:
    if profile.text.lstrip("( \n").upper().startswith("EXPLAIN"):
        return True
    return bool(profile.tables) and all(table.startswith(("pg_", "information_schema.")) for table in profile.tables)


def _kept(ordered: list[StatementSample]) -> list[StatementSample]:
    if len(ordered) <= KEPT_SAMPLES:
        return ordered
    return [ordered[round(place * (len(ordered) - 1) / (KEPT_SAMPLES - 1))] for place in range(KEPT_SAMPLES)]


def explain(
    database: Database, text: str, parameters: Sequence[str | None] = (), *, timeout_s: float = EXPLAIN_TIMEOUT_S
) -> dict[str, Any]:
    """
    The planner's choice for a statement (the `Plan` of EXPLAIN's JSON); nothing is executed.

    Without parameters for a text that has `$1`, the generic plan is asked for (PostgreSQL 16 and later).

    Raises:
        NoData: the statement cannot be explained, and why.
    """
    shape = read_statement(text)
    generic = shape.parameters > len(parameters)
    try:
        with database.connect(read_only=True, statement_timeout_s=timeout_s) as connection:
            if generic and connection.info.server_version < 160000:
                raise NoData(
                    "this server cannot plan a statement whose parameters are not known",
                    hint="record parameters (a private server, or log_min_duration_statement), or use PostgreSQL 16",
                )
            return _explain(connection, text, [] if generic else parameters, "GENERIC_PLAN, " if generic else "")
    except NoData:
        raise
    except HastenError as error:
        raise NoData(f"the statement cannot be explained: {error}", hint=error.hint, **error.data) from error


def _explain(
    connection: "psycopg.Connection[Row]", text: str, parameters: Sequence[str | None], generic: str
) -> dict[str, Any]:
    # RawCursor: $n is the server's own placeholder, and % in the text is none of psycopg's. Without parameters the
    # simple protocol is used, which GENERIC_PLAN needs: the extended one would want their values.
    cursor = psycopg.RawCursor(connection)
    with connection.transaction(force_rollback=True):
        cursor.execute(as_query(f"EXPLAIN ({generic}FORMAT JSON) {text}"), list(parameters) or None)
        found = cursor.fetchall()[0]["QUERY PLAN"]
    plan: dict[str, Any] = found[0]["Plan"]
    return plan


def add_plans(database: Database, profiles: Iterable[StatementProfile], count: int = 30) -> list[StatementProfile]:
    """
    The profiles, the first `count` of them with their plan where one can be had; the dearest execution is explained.
    """
    found = []
    for number, profile in enumerate(profiles):
        plan = profile.plan
        if number < count and plan is None:
            dearest = profile.samples[-1] if profile.samples else None
            with contextlib.suppress(NoData):
                plan = (
                    explain(database, dearest.text, dearest.parameters) if dearest else explain(database, profile.text)
                )
        found.append(replace(profile, plan=plan))
    return found
