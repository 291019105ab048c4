"""
Conditions of WHERE and ON, taken apart into what each table is filtered and joined by.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hasten.sql.scope import Origin, Scope, Use
from hasten.sql.shape import Join, Predicate
from hasten.sql.text import Node, children, constant_text, descendants, expression_text, inner, names

_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "@>": "<@", "<@": "@>"}
_RANGE = frozenset({"<", "<=", ">", ">="})
_PATTERN = frozenset({"~~", "~~*", "~", "~*", "^@"})


@dataclass(frozen=True)
class Mood:
    """
    In what surroundings a condition stands.

    `filterable`: the uses that an outer join's ON can filter; None for all.
    """

    conjunctive: bool = True
    negated: bool = False
    filterable: frozenset[Use] | None = None


@dataclass(frozen=True)
class Side:
    """
    One side of a comparison: the origins of its columns (None for one that cannot be traced), and whether it is bare.
    """

    node: Node
    origins: list[Origin | None]
    is_bare: bool
    is_row: bool

    @property
    def use(self) -> Use | None:
        """
        The one use that all its columns belong to.
        """
        if not self.origins or any(origin is None or not origin.passable for origin in self.origins):
            return None
        uses = {origin.use for origin in self.origins if origin}
        return uses.pop() if len(uses) == 1 else None

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(origin.column for origin in self.origins if origin))


@dataclass(frozen=True)
class Conditions:
    """
    Reads conditions of one query level.

    Args:
        resolve: The origin of a column reference (None: computed, unknown or ambiguous).
        walk: Notes every column, function and sub-select inside of an expression.
        select: Reads a sub-select and answers the origins of its output columns.
    """

    scope: Scope
    resolve: Callable[[Node, Scope], Origin | None]
    walk: Callable[[Node, Scope], None]
    select: Callable[[Node, Scope], list[tuple[str, Origin | None]]]

    def read(self, node: Node, mood: Mood = Mood()) -> None:
        """
        What the condition says is noted at the uses that it is about.
        """
        name, content = inner(node)
        if name == "bool_expr":
            self._bool(content, mood)
        elif name == "a_expr":
            self._compare(content, mood)
            self.walk(node, self.scope)
        elif name == "sub_link" and content.HasField("testexpr"):
            self._membership(content, mood)
        elif name in ("null_test", "boolean_test"):
            self._test(name, content, mood)
            self.walk(node, self.scope)
        else:
            if name == "column_ref":
                literal = "false" if mood.negated else "true"
                self._note(self._side(node), "=", "equality", [], [literal], Mood(mood.conjunctive, False))
            if name:
                self.walk(node, self.scope)

    def _bool(self, content: Node, mood: Mood) -> None:
        kind = content.DESCRIPTOR.fields_by_name["boolop"].enum_type.values_by_number[content.boolop].name
        if kind == "NOT_EXPR":
            mood = Mood(mood.conjunctive, not mood.negated, mood.filterable)
        elif (kind == "OR_EXPR") != mood.negated:
            mood = Mood(False, mood.negated, mood.filterable)
        for arg in content.args:
            self.read(arg, mood)

    def _compare(self, content: Node, mood: Mood) -> None:
        operator, kind = _operator(content)
        if not content.HasField("lexpr") or not content.HasField("rexpr"):
            return
        left, right = self._side(content.lexpr), self._side(content.rexpr)
        if self._is_join(left, right, operator, mood):
            _join(left, right)
        elif operator == "=" and mood.conjunctive and not mood.negated and left.is_bare and right.is_bare:
            for one, other in zip(left.origins, right.origins, strict=False):
                _link_computed(one, other)
        elif left.use is not None and not right.origins:
            self._note(left, operator, kind, _parameters(right.node), _literals(right.node), mood)
        elif right.use is not None and not left.origins:
            turned = _TURNED.get(operator, operator)
            if operator == "= ANY":
                turned, kind = "@>", "other"
            self._note(right, turned, kind, _parameters(left.node), _literals(left.node), mood)

    def _is_join(self, left: Side, right: Side, operator: str, mood: Mood) -> bool:
        return (
            operator == "="
            and left.is_bare
            and right.is_bare
            and len(left.origins) == len(right.origins)
            and left.use is not None
            and right.use is not None
            and left.use is not right.use
            and mood.conjunctive
            and not mood.negated
        )

    def _membership(self, link: Node, mood: Mood) -> None:
        self.walk(link.testexpr, self.scope)
        outputs = self.select(inner(link.subselect)[1], self.scope)
        operator = names(link.oper_name)
        tested = self._side(link.testexpr)
        # NOT IN cannot become an anti join (NULLs), so neither side gains a join from it.
        if mood.negated or not mood.conjunctive or operator not in ([], ["="]) or not tested.is_bare:
            return
        for outer, (_, origin) in zip(tested.origins, outputs, strict=False):
            if outer and origin and outer.passable and origin.passable and outer.use is not origin.use:
                _link(outer, origin)

    def _test(self, name: str, content: Node, mood: Mood) -> None:
        side = self._side(content.arg)
        field = "nulltesttype" if name == "null_test" else "booltesttype"
        value = getattr(content, field)
        test = content.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number[value].name
        if test in ("IS_TRUE", "IS_FALSE"):
            self._note(side, "=", "equality", [], [test.removeprefix("IS_").lower()], mood)
        else:
            self._note(side, test.replace("_", " "), "null" if test == "IS_NULL" else "other", [], [], mood)

    def _side(self, node: Node) -> Side:
        name, content = inner(node)
        if name == "column_ref":
            return Side(node, [self.resolve(content, self.scope)], True, False)
        if name == "row_expr" and all(inner(arg)[0] == "column_ref" for arg in content.args):
            return Side(node, [self.resolve(inner(arg)[1], self.scope) for arg in content.args], True, True)
        return Side(node, [self.resolve(each, self.scope) for each in _columns(node)], False, False)

    def _note(
        self, side: Side, operator: str, kind: str, parameters: list[int], literals: list[str], mood: Mood
    ) -> None:
        use = side.use
        # A condition in a sub-select on a column around it filters the sub-select, not the outer table.
        if use is None or any(origin and origin.outer for origin in side.origins):
            return
        if mood.filterable is not None and use not in mood.filterable:
            return
        if mood.negated:
            operator, kind = f"NOT {operator}", "other"
        use.predicates.append(
            Predicate(
                columns=side.columns,
                expression=side.columns[0] if side.is_bare and not side.is_row else expression_text(side.node),
                is_expression=not side.is_bare,
                operator=operator,
                kind=kind,
                parameters=parameters,
                literals=literals,
                conjunctive=mood.conjunctive,
            )
        )


def _operator(content: Node) -> tuple[str, str]:
    name = names(content.name)[-1] if content.name else ""
    form = content.DESCRIPTOR.fields_by_name["kind"].enum_type.values_by_number[content.kind].name
    form = form.removeprefix("AEXPR_")
    if form == "IN":
        return ("IN", "equality") if name == "=" else ("NOT IN", "other")
    if form == "OP_ANY":
        return f"{name} ANY", "equality" if name == "=" else "other"
    if form == "NOT_DISTINCT":
        return "IS NOT DISTINCT FROM", "equality"
    if form in ("BETWEEN", "BETWEEN_SYM"):
        return "BETWEEN", "range"
    if form in ("LIKE", "ILIKE"):
        return name, "pattern" if name in _PATTERN else "other"
    if form != "OP":
        return form.replace("_", " "), "other"
    kinds = {"=": "equality", **dict.fromkeys(_RANGE, "range"), **dict.fromkeys(_PATTERN, "pattern")}
    return name, kinds.get(name, "other")


def _join(left: Side, right: Side) -> None:
    for one, other in zip(left.origins, right.origins, strict=True):
        if one and other:
            _link(one, other)


def _link(one: Origin, other: Origin) -> None:
    for here, there in ((one, other), (other, one)):
        here.use.joins.append(
            Join(
                column=here.column,
                other_table=there.use.table,
                other_column=there.column,
                other_alias=there.use.alias,
            )
        )


def _link_computed(one: Origin | None, other: Origin | None) -> None:
    """
    A column that equals a computed one (of a recursive CTE, an aggregate) is looked up as well.
    """
    for here, there in ((one, other), (other, one)):
        if here is not None and here.passable and there is None:
            here.use.joins.append(Join(column=here.column, other_table="", other_column=""))


def _columns(node: Node) -> list[Node]:
    """
    The column references of this query level: those in sub-selects are not looked at.
    """
    name, content = inner(node)
    if name == "column_ref":
        return [content]
    return _columns_below(content) if content is not None else []


def _columns_below(message: Node) -> list[Node]:
    found: list[Node] = []
    pending = [message]
    while pending:
        each = pending.pop()
        kind = type(each).__name__
        if kind == "ColumnRef":
            found.append(each)
        elif kind != "SelectStmt":
            pending.extend(reversed(list(children(each))))
    return found


def _parameters(node: Node) -> list[int]:
    return [each.number for each in descendants(node) if type(each).__name__ == "ParamRef"]


def _literals(node: Node) -> list[str]:
    name, content = inner(node)
    items = content.items if name == "list" else content.elements if name == "a_array_expr" else [node]
    return [text for item in items if (text := constant_text(item)) is not None]
