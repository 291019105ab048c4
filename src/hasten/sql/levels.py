"""
The query levels of a statement, and how they stand inside of each other.
"""

from collections.abc import Iterable

from hasten.sql.outputs import enum_name, read_grouping, read_ordering, read_targets
from hasten.sql.predicates import Mood
from hasten.sql.scope import EVERYTHING, Catalog, Origin, Scope, Source, Use
from hasten.sql.shape import Join
from hasten.sql.text import Node, descendants, inner, names
from hasten.sql.walker import Outputs, Walker

_ROLES = {"insert_stmt": "insert", "update_stmt": "update", "delete_stmt": "delete", "merge_stmt": "merge"}


class Levels(Walker):
    """
    Reads one statement and fills a Use for every table in it.
    """

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(catalog)
        self._ctes: list[dict[str, Source]] = []

    def statement(self, name: str, content: Node, parent: Scope | None = None) -> Outputs:
        """
        One SELECT, INSERT, UPDATE, DELETE or MERGE is read; its output columns with their origins.
        """
        self._ctes.append({})
        try:
            if content.HasField("with_clause"):
                self._with(content, parent)
            if name == "select_stmt":
                return self._select(content, parent)
            if name in _ROLES:
                return self._change(name, content, parent)
            self.not_understood.append(f"{name} inside of a statement")
            return []
        finally:
            self._ctes.pop()

    def _with(self, content: Node, parent: Scope | None) -> None:
        recursive = content.with_clause.recursive
        for node in content.with_clause.ctes:
            cte = node.common_table_expr
            name, query = inner(cte.ctequery)
            if recursive:
                self._ctes[-1][cte.ctename] = Source(cte.ctename)
            outputs = self.statement(name, query, parent)
            mentions = sum(
                1 for each in descendants(content) if type(each).__name__ == "RangeVar" and each.relname == cte.ctename
            )
            # PostgreSQL passes conditions into a CTE only where it is named once and not MATERIALIZED.
            passes = mentions == 1 and enum_name(cte, "ctematerialized") != "CTEMaterializeAlways"
            if not recursive:
                self._ctes[-1][cte.ctename] = _derived(cte.ctename, outputs, names(cte.aliascolnames), passes=passes)

    def _select(self, content: Node, parent: Scope | None) -> Outputs:
        if content.HasField("larg"):
            return self._set_operation(content, parent)
        scope = Scope(parent)
        before = len(self.uses)
        self._from(content.from_clause, scope)
        self._where(content, scope)
        outputs = read_targets(self, content.target_list, scope)
        grouped = read_grouping(self, content, scope)
        read_ordering(self, content, scope, grouped=grouped)
        self.walk_all((content.having_clause, content.limit_count, content.limit_offset), scope)
        self.walk_all((*content.window_clause, *content.values_lists), scope)
        limited = content.HasField("limit_count")
        for use in self.uses[before:]:
            if any(source.use is use for source in scope.sources):
                use.limited, use.aggregated = limited, grouped
        passes = not (grouped or limited or content.HasField("limit_offset") or content.distinct_clause)
        passes = passes and not any(type(each).__name__ == "WindowDef" for each in descendants(content))
        return [(n, o and Origin(o.use, o.column, o.passable and passes)) for n, o in outputs]

    def _where(self, content: Node, scope: Scope) -> None:
        if content.HasField("where_clause"):
            self.flags["has_where"] = True
            self.conditions(scope).read(content.where_clause)

    def _set_operation(self, content: Node, parent: Scope | None) -> Outputs:
        self.flags["has_set_operation"] = True
        outputs = self.statement("select_stmt", content.larg, parent)
        self.statement("select_stmt", content.rarg, parent)
        computed: Outputs = [(name, None) for name, _ in outputs]
        scope = Scope(parent, [_derived("", computed, [])])
        self.walk_all((*content.sort_clause, content.limit_count, content.limit_offset), scope)
        return computed

    def _change(self, name: str, content: Node, parent: Scope | None) -> Outputs:
        scope = Scope(parent)
        use = self._table(content.relation, scope, _ROLES[name])
        if name == "insert_stmt":
            self._insert(content, scope, use)
        elif name == "update_stmt":
            self._from(content.from_clause, scope)
            use.written += [target.res_target.name for target in content.target_list]
            self.walk_all((target.res_target.val for target in content.target_list), scope)
        elif name == "delete_stmt":
            self._from(content.using_clause, scope)
        else:
            self._merge(content, scope, use)
        if name in ("update_stmt", "delete_stmt"):
            self._where(content, scope)
        returning = content.returning_clause.exprs if content.HasField("returning_clause") else []
        return read_targets(self, returning, scope)

    def _insert(self, content: Node, scope: Scope, use: Use) -> None:
        use.written += [column.res_target.name for column in content.cols]
        if content.HasField("select_stmt"):
            self.statement("select_stmt", content.select_stmt.select_stmt, scope.parent)
        if content.HasField("on_conflict_clause"):
            clause = content.on_conflict_clause
            scope.sources.append(Source("excluded", outputs={}))
            use.written += [target.res_target.name for target in clause.target_list]
            self.walk(clause, scope)

    def _merge(self, content: Node, scope: Scope, use: Use) -> None:
        self._from([content.source_relation], scope)
        self.conditions(scope).read(content.join_condition)
        for node in content.merge_when_clauses:
            use.written += [each.res_target.name for each in node.merge_when_clause.target_list]
            self.walk(node, scope)

    def _from(self, items: Iterable[Node], scope: Scope) -> None:
        waiting: list[tuple[Node, Mood]] = []
        for item in items:
            self._from_item(item, scope, waiting)
        for quals, mood in waiting:
            self.conditions(scope).read(quals, mood)

    def _from_item(self, item: Node, scope: Scope, waiting: list[tuple[Node, Mood]]) -> None:
        name, content = inner(item)
        if name == "range_var":
            self._named(content, scope)
        elif name == "join_expr":
            self._join(content, scope, waiting)
        elif name == "range_subselect":
            kind, query = inner(content.subquery)
            outputs = self.statement(kind, query, scope if content.lateral else scope.parent)
            scope.sources.append(_derived(content.alias.aliasname, outputs, names(content.alias.colnames)))
        elif name in ("range_function", "range_table_func", "json_table"):
            self.walk(content, scope)
            scope.sources.append(_function_source(content))
        elif name == "range_table_sample":
            self._from_item(content.relation, scope, waiting)
        else:
            self.not_understood.append(f"{name} in FROM")

    def _named(self, content: Node, scope: Scope) -> None:
        cte = next((level[content.relname] for level in reversed(self._ctes) if content.relname in level), None)
        if cte is None or content.schemaname:
            self._table(content, scope, "read")
        else:
            scope.sources.append(Source(content.alias.aliasname or content.relname, outputs=cte.outputs))

    def _table(self, content: Node, scope: Scope, role: str) -> Use:
        schema = content.schemaname
        table = content.relname if schema in ("", "public") else f"{schema}.{content.relname}"
        alias = content.alias.aliasname or content.relname
        use = Use(table, alias, role, in_subquery=len(self._ctes) > 1)
        self.uses.append(use)
        scope.sources.append(Source(alias, use=use, columns=self.catalog.get(table)))
        return use

    def _join(self, content: Node, scope: Scope, waiting: list[tuple[Node, Mood]]) -> None:
        start = len(scope.sources)
        self._from_item(content.larg, scope, waiting)
        middle = len(scope.sources)
        self._from_item(content.rarg, scope, waiting)
        left, right = scope.sources[start:middle], scope.sources[middle:]
        filterable = {"JOIN_LEFT": _uses(right), "JOIN_RIGHT": _uses(left), "JOIN_FULL": frozenset[Use]()}
        if content.HasField("quals"):
            waiting.append((content.quals, Mood(filterable=filterable.get(enum_name(content, "jointype")))))
        for column in names(content.using_clause):
            scope.merged.add(column)
            _join_using(column, left, right)
        if content.is_natural:
            self.not_understood.append("NATURAL JOIN")
        if content.alias.aliasname:
            self.not_understood.append("an alias for a whole join")


def _uses(sources: list[Source]) -> frozenset[Use]:
    direct = {source.use for source in sources if source.use}
    derived = {origin.use for source in sources for origin in (source.outputs or {}).values() if origin}
    return frozenset(direct | derived)


def _join_using(column: str, left: list[Source], right: list[Source]) -> None:
    here = next((source.get(column) for source in left if source.has(column) is not False), None)
    there = next((source.get(column) for source in right if source.has(column) is not False), None)
    if here is None or there is None:
        return
    for one, other in ((here, there), (there, here)):
        one.use.referenced.append(one.column)
        one.use.joins.append(
            Join(column=one.column, other_table=other.use.table, other_column=other.column, other_alias=other.use.alias)
        )


def _derived(alias: str, outputs: Outputs, labels: list[str], *, passes: bool = True) -> Source:
    columns: dict[str, Origin | None] = {}
    for at, (name, origin) in enumerate(outputs):
        label = labels[at] if at < len(labels) else name
        # Two stars over tables whose columns are not known: a column could come from either.
        is_ambiguous = label == EVERYTHING and label in columns
        columns[label] = origin and Origin(origin.use, origin.column, origin.passable and passes)
        if is_ambiguous:
            columns[label] = None
    return Source(alias, outputs=columns)


def _function_source(content: Node) -> Source:
    labels = names(content.alias.colnames)
    alias = content.alias.aliasname
    # A function that returns one column is called by its alias: FROM unnest($1) AS id.
    return Source(alias, outputs=dict.fromkeys([*labels, alias]))
