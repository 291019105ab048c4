"""
From a chosen index to a Change, and back from a Change's JSON to the index.
"""

import msgspec

from hasten.application import App
from hasten.errors import ConfigError
from hasten.model import Change, Finding, Kind, Noun, Risk, Where
from hasten.optimize.database._indexes.definition import Definition

OPTIMIZATION = "database.indexes"


class Choice(Noun, frozen=True, kw_only=True):
    """
    An index that is worth a trial, with the reasons.

    serves: the query ids that get faster. saves_share: of all database time in the window, as measured or priced.
    size_bytes: as built on the copy, or as estimated. priced_by: `clone` or `hypopg`.
    """

    definition: Definition
    why: str
    expects: str
    serves: list[str]
    saves_share: float
    size_bytes: int
    priced_by: str


def change_of(choice: Choice, app: App, findings: list[Finding]) -> Change:
    """
    The change that creates the chosen index, with its inverse.
    """
    wanted = choice.definition
    existing = sorted(index.definition for index in app.observation.indexes if index.table == wanted.table)
    return Change(
        optimization=OPTIMIZATION,
        kind=Kind.SCHEMA,
        where=Where(kind="table", name=wanted.table),
        before={"indexes": existing},
        after={
            "create": wanted.create(),
            "name": wanted.name,
            "table": wanted.table,
            "columns": [str(key) for key in wanted.keys],
            "keys": [msgspec.to_builtins(key) for key in wanted.keys],
            **({"analyze": wanted.analyze} if wanted.has_expression else {}),
        },
        inverse={"drop": wanted.drop(), "name": wanted.name, "table": wanted.table},
        why=choice.why,
        expects=choice.expects,
        risk=Risk.R2,
        finding=_finding_of(choice, findings),
    )


def definition_of(change: Change) -> Definition:
    """
    The index that a change is about.

    Raises:
        ConfigError: the change is of another optimization, or was damaged.
    """
    refusal = ConfigError(f"change {change.id} is not an index of Hasten's", hint="plan again")
    try:
        found = msgspec.convert({key: change.after[key] for key in ("table", "keys")}, Definition)
    except (KeyError, msgspec.ValidationError) as error:
        raise refusal from error
    if found.name != change.after.get("name") or not found.keys:
        raise refusal
    return found


def _finding_of(choice: Choice, findings: list[Finding]) -> str:
    """
    The dearest finding that the index treats: one on its table or on a statement that it serves.
    """
    names = {choice.definition.table, *choice.serves}

    def touches(finding: Finding) -> bool:
        mentioned = {finding.where.name, finding.evidence.get("table"), finding.evidence.get("query_id")}
        return bool(names & {str(each) for each in mentioned if each})

    treated = sorted((f for f in findings if touches(f)), key=lambda f: f.cost_s_per_day, reverse=True)
    return treated[0].id if treated else ""
