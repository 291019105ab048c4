"""
Let statements find their rows by an index instead of reading the whole table.

What it does: looks at the statements that cost the most, tries the indexes that could serve them on a private copy of
    the database (or prices them with HypoPG where the server has it), and creates the few that are worth it.
When it helps: a statement filters, joins or sorts a big table by columns that no index begins with.
What it changes: one index per change, created CONCURRENTLY, so that reads and writes go on. No row is touched.
How it goes back: DROP INDEX CONCURRENTLY, by a name that only Hasten gives. The schema is then as before, byte by byte.
What could go wrong: each write to the table costs a little more, the index takes disk space, and the planner may
    choose it for a statement that was faster without. So it is tried on two copies of the database with the recorded
    statements first, and writes, all other statements and the rows that come back are guarded. A rare statement may
    lose less than a second if the others gain fifty times as much; the plan, the trial and the report say which.
"""

import psycopg

from hasten.application import App
from hasten.errors import ApplyFailed, RevertFailed
from hasten.log import operation
from hasten.model import Change, Finding, Kind, Risk
from hasten.optimize.about import About
from hasten.optimize.database._indexes import catalog
from hasten.optimize.database._indexes.building import build, drop, tell
from hasten.optimize.database._indexes.changes import change_of, definition_of
from hasten.optimize.database._indexes.search import Progress, search, silent
from hasten.world.postgres import Row

about = About(
    title="Create the missing indexes",
    kind=Kind.SCHEMA,
    risk=Risk.R2,
    treats=("slow_statement", "missing_index"),
    improves=("hasten.statement.time", "hasten.database.time"),
    needs=("PostgreSQL 13 or later", "a role that owns the tables"),
    least_gain=0.10,
    upkeep="every write to the table keeps the index up to date; VACUUM has one more index to visit",
)


def propose(finding: Finding, app: App) -> list[Change]:
    """
    The indexes that would treat one finding, best first.
    """
    return propose_all([finding], app)


def propose_all(findings: list[Finding], app: App, progress: Progress = silent) -> list[Change]:
    """
    The few indexes that together save the most time over the whole recorded workload, best first.
    """
    return [change_of(choice, app, findings) for choice in search(findings, app, progress)]


def apply(change: Change, app: App) -> None:
    """
    The index exists and is valid; an unfinished one of the same name was removed first.

    Raises:
        ApplyFailed: it could not be built, or another index has its name or its purpose; nothing of it is left.
        RevertFailed: it could not be built, and what is left of it could not be removed either.
    """
    wanted = definition_of(change)
    with operation("indexes.apply", index=wanted.name, arena=app.arena), tell(ApplyFailed, change):
        with app.database.connect() as connection:
            found = catalog.index_named(connection, wanted)
            if found and found.whole and found.is_same(wanted):
                return
            _refuse_foreign(connection, change)
        build(wanted, app)


def revert(change: Change, app: App) -> None:
    """
    The index is gone, whole or unfinished; there is nothing to do where it is gone already.

    Raises:
        RevertFailed: it is still there, or the change does not say what to remove.
    """
    wanted = definition_of(change)
    if change.inverse.get("drop") != wanted.drop():
        raise RevertFailed(
            f"change {change.id} has no inverse, or one of something else",
            hint=f"the record was edited or damaged; to finish by hand: {wanted.drop()};",
        )
    with operation("indexes.revert", index=wanted.name, arena=app.arena), tell(RevertFailed, change):
        with app.database.connect() as connection:
            found = catalog.index_named(connection, wanted)
        if found is None:
            return
        if not found.is_same(wanted):
            raise RevertFailed(
                f"{wanted.name} is not the index that Hasten made: {found.definition}",
                hint="somebody gave its name to another index; drop or rename that one by hand",
            )
        drop(wanted, app)


def is_applied(change: Change, app: App) -> bool:
    """
    Whether the catalog has this very index, whole and valid.
    """
    wanted = definition_of(change)
    with app.database.connect() as connection:
        found = catalog.index_named(connection, wanted)
    return found is not None and found.whole and found.is_same(wanted)


def has_remains(change: Change, app: App) -> bool:
    """
    Whether the catalog has an index of this name, be it unfinished.
    """
    with app.database.connect() as connection:
        return catalog.index_named(connection, definition_of(change)) is not None


def by_hand(change: Change) -> list[str]:
    """
    What to type into psql to undo the change.
    """
    return [f"{change.inverse.get('drop') or definition_of(change).drop()};"]


def _refuse_foreign(connection: psycopg.Connection[Row], change: Change) -> None:
    wanted = definition_of(change)
    found = catalog.index_named(connection, wanted)
    if catalog.other_relation_named(connection, wanted) or (found and not found.is_same(wanted)):
        raise ApplyFailed(
            f"{wanted.name} exists already and is something else", hint="rename or drop it, then plan again"
        )
    for other in catalog.indexes_on(connection, wanted):
        if other.name != wanted.name and other.serves(wanted):
            raise ApplyFailed(f"{other.name} serves the same purpose: {other.definition}", hint="plan again")
