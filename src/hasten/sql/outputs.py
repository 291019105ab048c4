"""
What a query level puts out: its select list, grouping and order.
"""

from collections.abc import Iterable
from typing import Any

from hasten.sql.scope import EVERYTHING, Origin, Scope, Use
from hasten.sql.shape import OrderKey
from hasten.sql.text import Node, expression_text, inner, names
from hasten.sql.walker import Outputs, Walker, calls_of, is_aggregate, label_of, references_of

_NULLS = {"SORTBY_NULLS_FIRST": "first", "SORTBY_NULLS_LAST": "last"}


def read_targets(walker: Walker, targets: Iterable[Node], scope: Scope) -> Outputs:
    """
    The columns of a select list (or RETURNING), each with its origin.
    """
    outputs: Outputs = []
    for node in targets:
        target = node.res_target
        name, content = inner(target.val)
        if name == "column_ref" and names(content.fields)[-1] == "*":
            outputs += _star(names(content.fields), scope)
            continue
        origin = walker.resolve(content, scope) if name == "column_ref" else None
        outputs.append((target.name or label_of(target.val), origin))
        walker.walk(target.val, scope, selecting=True)
    return outputs


def _star(parts: list[str], scope: Scope) -> Outputs:
    named = scope.by_alias(parts[-2]) if len(parts) > 1 else None
    outputs: Outputs = []
    for source in [named] if named else scope.sources if len(parts) == 1 else []:
        if source.use is not None:
            source.use.selects_all = True
            columns = [EVERYTHING] if source.columns is None else sorted(source.columns)
            outputs += [(column, Origin(source.use, column)) for column in columns]
            continue
        outputs += list((source.outputs or {}).items())
        for column, origin in (source.outputs or {}).items():
            if origin is not None and column != EVERYTHING:
                origin.use.selected.append(origin.column)
    return outputs


def read_grouping(walker: Walker, content: Node, scope: Scope) -> bool:
    """
    GROUP BY and DISTINCT are noted; whether rows are folded at this level.
    """
    for node in content.group_clause:
        walker.flags["has_group_by"] = True
        origin = _origin_of(walker, node, scope)
        aimed = target_of(node, content.target_list)
        if origin is None and aimed is not None:
            origin = _origin_of(walker, aimed, scope)
        if origin:
            origin.use.group_by.append(origin.column)
        elif aimed is None:
            walker.walk(node, scope)
    for node in content.distinct_clause:
        walker.flags["has_distinct"] = True
        origin = _origin_of(walker, node, scope)
        if origin:
            origin.use.distinct_on.append(origin.column)
        walker.walk(node, scope)
    return bool(content.group_clause) or any(map(is_aggregate, calls_of(content.target_list)))


def _origin_of(walker: Walker, node: Node, scope: Scope) -> Origin | None:
    name, content = inner(node)
    return walker.resolve(content, scope) if name == "column_ref" else None


def read_ordering(walker: Walker, content: Node, scope: Scope, *, grouped: bool) -> None:
    """
    The leading keys of ORDER BY that one table could deliver in order are noted at that table.
    """
    leader: Use | None = None
    # SELECT DISTINCT (an empty node in the list) sorts or hashes by itself; DISTINCT ON keeps the order.
    is_plain_distinct = bool(content.distinct_clause) and not content.distinct_clause[0].WhichOneof("node")
    can_serve = not grouped and not is_plain_distinct
    for node in content.sort_clause:
        key = node.sort_by
        aimed = target_of(key.node, content.target_list)
        if aimed is None:
            walker.walk(key.node, scope)
        use, order = _order_key(walker, key, aimed or key.node, scope)
        can_serve = can_serve and use is not None and leader in (None, use)
        if can_serve and use is not None:
            leader = use
            use.order_by.append(order)
    if leader is not None and content.HasField("limit_count"):
        leader.limited = True


def _order_key(walker: Walker, key: Node, node: Node, scope: Scope) -> tuple[Use | None, OrderKey]:
    origins = [walker.resolve(each, scope) for each in references_of(node)]
    uses = {origin.use for origin in origins if origin and not origin.outer and origin.passable}
    first = origins[0] if origins and inner(node)[0] == "column_ref" else None
    column = first.column if first else ""
    order = OrderKey(
        expression=column or expression_text(node),
        column=column,
        descending=enum_name(key, "sortby_dir") == "SORTBY_DESC",
        nulls=_NULLS.get(enum_name(key, "sortby_nulls"), ""),
    )
    return (uses.pop() if len(uses) == 1 and all(origins) else None), order


def target_of(node: Node, targets: Any) -> Node | None:
    """
    The select-list expression that `ORDER BY 2` or `ORDER BY total` means, or None.
    """
    name, content = inner(node)
    if name == "a_const" and content.WhichOneof("val") == "ival":
        position = content.ival.ival
        return targets[position - 1].res_target.val if 0 < position <= len(targets) else None
    if name == "column_ref" and len(content.fields) == 1:
        label = names(content.fields)[0]
        return next((each.res_target.val for each in targets if each.res_target.name == label), None)
    return None


def enum_name(message: Node, field: str) -> str:
    """
    The name of an enumeration's value.
    """
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return str(values[getattr(message, field)].name)
