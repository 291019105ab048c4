"""
The shape of a statement: its tables, and per table what an index could serve.

Names are as in the catalog profiles of `hasten.evidence`: unquoted, and without the schema if that is public.
"""

from hasten.model import Noun


class Predicate(Noun, frozen=True, kw_only=True):
    """
    One condition on one table, compared with something that does not depend on that table's query level.

    columns: the columns of the table in it, left to right.
    expression: what stands on the table's side, without aliases: `status`, `lower(email)`, `payload ->> 'kind'`,
        `(created_at, id)` for a row comparison. Parenthesize it before it goes into CREATE INDEX.
    is_expression: True where that is more than bare columns (a function, an operator, a cast around them).
    operator: as written (`=`, `IN`, `= ANY`, `<`, `BETWEEN`, `~~` for LIKE, `~~*` for ILIKE, `@>`, `IS NULL` …),
        turned around where the table stood on the right.
    kind: equality (=, IN, = ANY, IS NOT DISTINCT FROM, a bare boolean) · range (<, <=, >, >=, BETWEEN, row
        comparison) · pattern (LIKE, ILIKE, ~) · null (IS NULL) · other (<>, NOT …, IS NOT NULL, @>, &&, @@, ?).
    parameters: the numbers n of the `$n` it is compared with, in order.
    literals: the constants it is compared with, as text, in order.
    conjunctive: True where it must hold for every row (not under OR, NOT, or the wrong side of an outer join).
    """

    columns: list[str]
    expression: str
    is_expression: bool = False
    operator: str = "="
    kind: str = "equality"
    parameters: list[int] = []
    literals: list[str] = []
    conjunctive: bool = True


class Join(Noun, frozen=True, kw_only=True):
    """
    `column` of this table equals `other_column` of `other_table` (known there as `other_alias`), by ON, USING, WHERE,
    IN (SELECT …) or a correlated EXISTS. `other_table` is "" where the other side is computed (a recursive CTE, an
    aggregate in a sub-select).
    """

    column: str
    other_table: str
    other_column: str
    other_alias: str = ""


class OrderKey(Noun, frozen=True, kw_only=True):
    """
    One key of ORDER BY. `nulls` is "first", "last" or "" (the default of its direction).

    `column` is "" where the key is more than a bare column; `expression` is always there.
    """

    expression: str
    column: str = ""
    descending: bool = False
    nulls: str = ""


class TableUse(Noun, frozen=True, kw_only=True):
    """
    One occurrence of a table; a table that is named twice has two uses.

    role: read · insert · update · delete · merge.
    order_by: the leading keys of the ORDER BY of its query level that belong to this table; [] where another table
        leads, or where grouping, DISTINCT or a set operation stands between.
    limited: its query level has LIMIT or FETCH, so an index in the order of `order_by` can stop early.
    selected: columns in the output, deduplicated; meaningless without `selects_all` being False.
    selects_all: `*` or the whole row is asked for.
    referenced: every column of this table anywhere in the statement (what a covering index must hold).
    written: columns assigned by INSERT or UPDATE ([] for an INSERT without a column list).
    """

    table: str
    alias: str = ""
    role: str = "read"
    predicates: list[Predicate] = []
    joins: list[Join] = []
    order_by: list[OrderKey] = []
    group_by: list[str] = []
    distinct_on: list[str] = []
    selected: list[str] = []
    selects_all: bool = False
    referenced: list[str] = []
    written: list[str] = []
    limited: bool = False
    aggregated: bool = False
    in_subquery: bool = False

    def _columns(self, kind: str) -> list[str]:
        found: list[str] = []
        for predicate in self.predicates:
            if predicate.kind == kind and predicate.conjunctive and not predicate.is_expression:
                found += [column for column in predicate.columns if column not in found]
        return found

    @property
    def equality(self) -> list[str]:
        """
        Bare columns that every row must have equal to a value (=, IN, = ANY, a boolean).
        """
        return self._columns("equality")

    @property
    def ranges(self) -> list[str]:
        """
        Bare columns that every row must have between values.
        """
        return self._columns("range")

    @property
    def join_columns(self) -> list[str]:
        """
        Bare columns that are equal to a column of another table.
        """
        return list(dict.fromkeys(join.column for join in self.joins))

    @property
    def expressions(self) -> list[Predicate]:
        """
        Conditions on more than a bare column, such as `lower(email) = $1`, that every row must meet.
        """
        return [each for each in self.predicates if each.is_expression and each.conjunctive]


class StatementShape(Noun, frozen=True, kw_only=True):
    """
    What one statement does, as far as its text alone tells.

    kind: select · insert · update · delete · merge · utility.
    unknown: True where the text could not be read, so `uses` may be incomplete and nothing may be concluded from what
        is absent; `reason` says why.
    unresolved: columns that could belong to more than one table; they are in no use. Give `read_statement` a catalog.
    limit, offset: of the outermost level, where they are constants. `has_limit`, `has_offset` also for parameters.
    functions: names of all functions called, lower case, without pg_catalog.
    locks_rows: FOR UPDATE, FOR SHARE and the like.
    """

    text: str
    kind: str = "select"
    unknown: bool = False
    reason: str = ""
    uses: list[TableUse] = []
    unresolved: list[str] = []
    is_write: bool = False
    has_aggregate: bool = False
    has_group_by: bool = False
    has_distinct: bool = False
    has_window: bool = False
    has_set_operation: bool = False
    has_where: bool = False
    has_limit: bool = False
    limit: int | None = None
    has_offset: bool = False
    offset: int | None = None
    offset_parameter: int | None = None
    locks_rows: bool = False
    functions: list[str] = []
    parameters: int = 0

    @property
    def tables(self) -> list[str]:
        """
        The tables in it, each once, in order of appearance.
        """
        return list(dict.fromkeys(use.table for use in self.uses))

    def of(self, table: str) -> list[TableUse]:
        """
        Every use of one table.
        """
        return [use for use in self.uses if use.table == table]
