"""
Which table a column belongs to: sources by alias, and scopes inside scopes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hasten.sql.shape import Join, OrderKey, Predicate, TableUse

Catalog = Mapping[str, Sequence[str]]

#: Stands in the outputs for the columns of a table that the catalog does not know.
EVERYTHING = "*"

SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"})


@dataclass(eq=False)
class Use:
    """
    A TableUse while it is being filled.
    """

    table: str
    alias: str
    role: str = "read"
    in_subquery: bool = False
    predicates: list[Predicate] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    order_by: list[OrderKey] = field(default_factory=list)
    group_by: list[str] = field(default_factory=list)
    distinct_on: list[str] = field(default_factory=list)
    selected: list[str] = field(default_factory=list)
    referenced: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    selects_all: bool = False
    limited: bool = False
    aggregated: bool = False

    def finish(self) -> TableUse:
        """
        The frozen form.
        """
        values = dict(vars(self))
        for name in ("group_by", "distinct_on", "selected", "referenced", "written"):
            values[name] = list(dict.fromkeys(values[name]))
        for name in ("predicates", "joins"):
            values[name] = [each for at, each in enumerate(values[name]) if each not in values[name][:at]]
        return TableUse(**values)


@dataclass(frozen=True)
class Origin:
    """
    A column of one use of a table.

    `passable`: a condition on it may be thought of as one on the table (False behind LIMIT, grouping and the like).
    `outer`: it belongs to a query level around the one that mentions it.
    """

    use: Use
    column: str
    passable: bool = True
    outer: bool = False


@dataclass(eq=False)
class Source:
    """
    One name in FROM: a table, or something derived with the origins of its output columns.

    `outputs` is None where the columns are not known.
    """

    alias: str
    use: Use | None = None
    outputs: dict[str, Origin | None] | None = None
    columns: frozenset[str] | None = None

    def get(self, column: str) -> Origin | None:
        """
        Where a column of this source comes from; None for a computed or unknown one.
        """
        if self.use is not None:
            return Origin(self.use, column)
        outputs = self.outputs or {}
        if column in outputs or outputs.get(EVERYTHING) is None:
            return outputs.get(column)
        every = outputs[EVERYTHING]
        return every and Origin(every.use, column, every.passable)

    def has(self, column: str) -> bool | None:
        """
        Whether it has the column; None where that is not known.
        """
        if self.use is not None:
            return None if self.columns is None else column in self.columns
        if self.outputs is None or (column not in self.outputs and EVERYTHING in self.outputs):
            return None
        return column in self.outputs


@dataclass(eq=False)
class Scope:
    """
    The sources of one query level, and the level around it.
    """

    parent: "Scope | None" = None
    sources: list[Source] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)

    def levels(self) -> "list[Scope]":
        """
        This level and those around it, innermost first.
        """
        level: Scope | None = self
        found = []
        while level is not None:
            found.append(level)
            level = level.parent
        return found

    def by_alias(self, alias: str) -> Source | None:
        """
        The nearest source that is called so.
        """
        for level in self.levels():
            for source in level.sources:
                if source.alias == alias:
                    return source
        return None

    def by_column(self, column: str) -> tuple[Source | None, bool]:
        """
        The source of an unqualified column, and whether the answer is certain.

        (None, True): no source has it. (None, False): several may.
        """
        for level in self.levels():
            having = [source for source in level.sources if source.has(column)]
            if len(having) == 1 or (having and column in level.merged):
                return having[0], True
            unsure = [source for source in level.sources if source.has(column) is None]
            if column in level.merged and unsure:
                return unsure[0], True
            if having or len(unsure) > 1:
                return None, False
            if unsure:
                # The only one that may have it has it, unless a level around it could.
                outer = any(each.has(column) is not False for up in level.levels()[1:] for each in up.sources)
                return (None, False) if outer else (unsure[0], True)
        return None, True
