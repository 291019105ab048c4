"""
Walks expressions and notes what they mention: columns, functions, sub-selects.
"""

from collections.abc import Iterable

from hasten.sql.predicates import Conditions
from hasten.sql.scope import SYSTEM_COLUMNS, Catalog, Origin, Scope, Source, Use
from hasten.sql.text import Node, children, descendants, inner, names

#: The columns that a query level puts out, with where they come from (None: computed).
Outputs = list[tuple[str, Origin | None]]

# fmt: off
AGGREGATES = frozenset([
    "count", "sum", "avg", "min", "max", "array_agg", "string_agg", "json_agg", "jsonb_agg", "json_object_agg",
    "jsonb_object_agg", "bool_and", "bool_or", "every", "bit_and", "bit_or", "bit_xor", "xmlagg", "stddev",
    "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "corr", "covar_pop", "covar_samp", "regr_slope",
    "regr_intercept", "regr_r2", "regr_count", "percentile_cont", "percentile_disc", "mode", "any_value", "range_agg",
    "range_intersect_agg",
])
# fmt: on
_NESTED = {"SelectStmt": "select_stmt", "InsertStmt": "insert_stmt", "UpdateStmt": "update_stmt"}


class Walker:
    """
    Holds what was found so far; `Levels` adds the query levels themselves.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = {table: frozenset(columns) for table, columns in catalog.items()}
        self.uses: list[Use] = []
        self.unresolved: list[str] = []
        self.not_understood: list[str] = []
        self.functions: list[str] = []
        self.flags = dict.fromkeys(
            ("has_aggregate", "has_group_by", "has_distinct", "has_window", "has_set_operation", "has_where"), False
        )

    def statement(self, name: str, content: Node, parent: Scope | None) -> Outputs:
        """
        A nested statement is read; its output columns.
        """
        raise NotImplementedError

    def walk(self, node: Node, scope: Scope, *, selecting: bool = False) -> None:
        """
        Everything that an expression (or list of them) mentions is noted.

        Args:
            selecting: It stands in the select list, so its columns are part of the answer.
        """
        kind = type(node).__name__
        if kind == "ColumnRef":
            self._mention(node, scope, selecting)
            return
        if kind in _NESTED:
            self.statement(_NESTED[kind], node, scope)
            return
        if kind == "FuncCall":
            self._call(node)
        for child in children(node):
            self.walk(child, scope, selecting=selecting)

    def walk_all(self, nodes: Iterable[Node], scope: Scope) -> None:
        """
        `walk` for each of several.
        """
        for node in nodes:
            self.walk(node, scope)

    def conditions(self, scope: Scope) -> Conditions:
        """
        A reader of conditions at this query level.
        """
        return Conditions(
            scope=scope,
            resolve=self.resolve,
            walk=self.walk,
            select=lambda query, parent: self.statement("select_stmt", query, parent),
        )

    def resolve(self, reference: Node, scope: Scope) -> Origin | None:
        """
        The table and column behind a reference; None for a computed, unknown or ambiguous one.
        """
        parts = names(reference.fields)
        if not parts or parts[-1] == "*" or parts[-1] in SYSTEM_COLUMNS:
            return None
        source = scope.by_alias(parts[-2]) if len(parts) > 1 else scope.by_column(parts[0])[0]
        origin = source.get(parts[-1]) if source is not None else None
        if origin is None or source is None:
            return None
        return Origin(origin.use, origin.column, origin.passable, outer=source not in scope.sources)

    def _mention(self, reference: Node, scope: Scope, selecting: bool) -> None:
        parts = names(reference.fields)
        origin = self.resolve(reference, scope)
        if origin is not None:
            origin.use.referenced.append(origin.column)
            if selecting and not origin.outer:
                origin.use.selected.append(origin.column)
            return
        row = scope.by_alias(parts[-2] if parts[-1] == "*" and len(parts) > 1 else parts[-1]) if parts else None
        if len(parts) == 1 and parts[0] != "*" and not self._is_whole_row(parts[0], row, scope):
            if not scope.by_column(parts[0])[1]:
                self.unresolved.append(parts[0])
        elif row is not None and row.use is not None:
            row.use.selects_all = True

    @staticmethod
    def _is_whole_row(name: str, row: Source | None, scope: Scope) -> bool:
        found, certain = scope.by_column(name)
        return row is not None and found is None and certain

    def _call(self, call: Node) -> None:
        name = names(call.funcname)[-1].lower()
        self.functions.append(name)
        if call.HasField("over"):
            self.flags["has_window"] = True
        elif is_aggregate(call):
            self.flags["has_aggregate"] = True


def is_aggregate(call: Node) -> bool:
    """
    A function call that folds many rows into one: a known name, or a syntax only aggregates have.
    """
    if call.HasField("over"):
        return False
    return bool(
        names(call.funcname)[-1].lower() in AGGREGATES
        or call.agg_star
        or call.agg_distinct
        or call.agg_within_group
        or call.HasField("agg_filter")
        or call.agg_order
    )


def calls_of(nodes: Iterable[Node]) -> list[Node]:
    """
    The function calls of this query level: those in sub-selects are not looked at.
    """
    found: list[Node] = []
    pending = list(nodes)
    while pending:
        each = pending.pop()
        kind = type(each).__name__
        if kind == "FuncCall":
            found.append(each)
        if kind != "SelectStmt":
            pending.extend(children(each))
    return found


def references_of(node: Node) -> list[Node]:
    """
    Every column reference inside of an expression.
    """
    return [each for each in descendants(node) if type(each).__name__ == "ColumnRef"]


def label_of(node: Node) -> str:
    """
    The name PostgreSQL gives to an output column without AS.
    """
    name, content = inner(node)
    if name == "column_ref":
        return names(content.fields)[-1]
    if name == "func_call":
        return names(content.funcname)[-1]
    if name == "type_cast":
        return label_of(content.arg)
    return "?column?"
