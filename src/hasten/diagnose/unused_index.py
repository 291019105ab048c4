"""
An index is kept up to date and never asked.

What it means: since the server's statistics were last reset no statement has used it, and none of the observed
    statements has a condition, a join or an order that begins with its first column.
Why it costs: every write keeps it up to date, it takes disk and cache, VACUUM visits it.
How it is found: pg_stat_user_indexes and the shapes of the observed statements. Cost: 0, as the time of a write's
    upkeep is not measured from outside; the evidence has the size and how many rows were written.
Minimum support: 1 MB, at least 100 reads of its table since the reset, and statements that were observed. Primary
    keys, constraints and unique indexes are left out: they enforce something.
What could be wrong: a report that runs once a month needs it and has not run; a standby has its own counters and may
    use it. So it is proposed only, never dropped without a person.
"""

from hasten.diagnose import _statements, _words
from hasten.diagnose.about import About
from hasten.evidence import IndexProfile, Observation
from hasten.model import Finding, Where
from hasten.target import Target

about = About(
    symptom="unused_index",
    title="An index is never asked",
    phase=2,
    place='"<table> <index>"',
    reads=("indexes", "tables", "statements"),
    minimum={"size_bytes": 1_000_000, "table_reads": 100},
    treated_by=("database.indexes",),
)


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per index.
    """
    if not observation.statements:
        return []
    wanted = _wanted(observation)
    tables = {table.name: table for table in observation.tables}
    found = []
    for index in observation.indexes:
        table = tables.get(index.table)
        if table is None or not _is_idle(index) or (index.table, index.columns[0]) in wanted:
            continue
        reads, written = table.seq_scans + table.index_scans, table.inserted + table.updated + table.deleted
        if reads < about.minimum["table_reads"]:
            continue
        found.append(
            Finding(
                symptom=about.symptom,
                where=Where(kind="table", name=f"{index.table} {index.name}"),
                cost_s_per_day=0.0,
                says=f"The index {index.name} was not used once in {_words.count(reads)} reads of {index.table}, takes "
                f"{_words.size(index.size_bytes)} and work at each write; no observed statement asks for "
                f"{index.columns[0]}.",
                evidence={
                    "table": index.table,
                    "index": index.name,
                    "definition": index.definition,
                    "size_bytes": index.size_bytes,
                    "scans": index.scans,
                    "table_reads": reads,
                    "rows_written": written,
                    "statements_observed": len(observation.statements),
                },
            )
        )
    return found


def _is_idle(index: IndexProfile) -> bool:
    enforces = index.primary or index.constraint or index.unique
    return (
        index.scans == 0
        and index.valid
        and not enforces
        and bool(index.columns)
        and index.size_bytes >= about.minimum["size_bytes"]
    )


def _wanted(observation: Observation) -> set[tuple[str, str]]:
    """
    Table and column (or expression) of everything that an index could be asked for.
    """
    found: set[tuple[str, str]] = set()
    catalog = _statements.catalog_of(observation)
    for profile in observation.statements:
        for use in _statements.shape_of(profile, catalog).uses:
            asked = [each.expression for each in use.predicates if each.kind != "pattern"]
            asked += [*use.equality, *use.ranges, *use.join_columns, *use.group_by, *use.distinct_on]
            asked += [key.expression for key in use.order_by]
            found |= {(use.table, each) for each in asked}
    return found
