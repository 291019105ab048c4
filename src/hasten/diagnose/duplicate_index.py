"""
Two indexes do the same work.

What it means: one index has exactly the columns of another, or only its first columns, so whatever it could answer the
    other can answer too (the leading-column rule).
Why it costs: every write keeps both up to date, both take disk and cache, VACUUM visits both.
How it is found: the definitions in the catalog. The one that enforces something (a primary key, a constraint,
    uniqueness) is never the one that could go. Cost: 0, as the time of a write's upkeep is not measured from outside;
    the evidence has the size and how many rows were written, so it ranks last and is still told.
Minimum support: both valid, of the same method, without a condition.
What could be wrong: a shorter index is smaller, so scans of it may be a little faster. An index that a hint or a
    replica's slot refers to by name cannot go.
"""

import re
from typing import Any

from hasten.diagnose import _words
from hasten.diagnose.about import About
from hasten.evidence import IndexProfile, Observation
from hasten.model import Finding, Where
from hasten.target import Target

about = About(
    symptom="duplicate_index",
    title="Two indexes do the same work",
    phase=2,
    place='"<table> <index>"',
    reads=("indexes",),
    minimum={"indexes": 2},
    treated_by=("database.indexes",),
)


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per index that could go.
    """
    found = []
    for index in observation.indexes:
        keeper = next((other for other in observation.indexes if _covers(other, index)), None)
        if keeper is not None:
            found.append(_finding(index, keeper, observation))
    return found


def _covers(keeper: IndexProfile, index: IndexProfile) -> bool:
    """
    Whether `index` could go because `keeper` is there; of two equal ones the one that enforces less, or is used less.
    """
    if keeper.name == index.name or keeper.table != index.table or keeper.method != index.method:
        return False
    if not (keeper.valid and index.valid) or keeper.partial or index.partial or _enforces(index):
        return False
    theirs, ours = _keys(keeper), _keys(index)
    if theirs is None or ours is None:
        return False
    if theirs == ours:
        return (_enforces(keeper), keeper.scans, index.name) > (False, index.scans, keeper.name)
    # Only a B-tree can be asked by its first columns, and only without INCLUDE do the keys say everything.
    return index.method == "btree" and not ours[1] and theirs[0][: len(ours[0])] == ours[0]


def _enforces(index: IndexProfile) -> bool:
    return index.primary or index.constraint or index.unique


def _keys(index: IndexProfile) -> tuple[list[str], str] | None:
    """
    The keys with collation, operator class and direction as written, and what follows them; None if not understood.
    """
    found = re.search(r" USING \w+ \((.*)$", index.definition)
    if not found:
        return None
    depth, keys, begin = 0, [], 0
    text = found.group(1)
    for at, letter in enumerate(text):
        if letter == "," and depth == 0:
            keys.append(text[begin:at].strip())
            begin = at + 1
        elif letter == "(":
            depth += 1
        elif letter == ")" and depth == 0:
            return [*keys, text[begin:at].strip()], text[at + 1 :].strip()
        elif letter == ")":
            depth -= 1
    return None


def _finding(index: IndexProfile, keeper: IndexProfile, observation: Observation) -> Finding:
    table = next((each for each in observation.tables if each.name == index.table), None)
    written = table.inserted + table.updated + table.deleted if table else None
    evidence: dict[str, Any] = {
        "table": index.table,
        "index": index.name,
        "definition": index.definition,
        "size_bytes": index.size_bytes,
        "scans": index.scans,
        "kept": keeper.name,
        "kept_definition": keeper.definition,
        "rows_written": written,
    }
    same = "the same columns as" if _keys(index) == _keys(keeper) else "only the first columns of"
    return Finding(
        symptom=about.symptom,
        where=Where(kind="table", name=f"{index.table} {index.name}"),
        cost_s_per_day=0.0,
        says=f"The index {index.name} has {same} {keeper.name}, so it answers nothing that the other could not, and "
        f"takes {_words.size(index.size_bytes)} and work at each write to {index.table}.",
        evidence=evidence,
    )
