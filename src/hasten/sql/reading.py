"""
From a statement's text to its shape.
"""

from hasten.sql.levels import Levels
from hasten.sql.scope import Catalog
from hasten.sql.shape import StatementShape
from hasten.sql.text import PARSE_ERRORS, Node, constant_text, descendants, inner, parse

_KINDS = {
    "select_stmt": "select",
    "insert_stmt": "insert",
    "update_stmt": "update",
    "delete_stmt": "delete",
    "merge_stmt": "merge",
}
#: Statements around a query that does the work.
_WRAPPERS = frozenset({"explain_stmt", "declare_cursor_stmt", "prepare_stmt", "copy_stmt"})
#: Utilities that touch no table.
_HARMLESS = frozenset(
    {"transaction_stmt", "variable_set_stmt", "variable_show_stmt", "deallocate_stmt", "discard_stmt"}
)


def read_statement(text: str, catalog: Catalog | None = None) -> StatementShape:
    """
    The shape of one statement; never raises: what cannot be read has `unknown` True and a `reason`.

    Understood: SELECT, INSERT, UPDATE, DELETE, MERGE, and the query inside DECLARE CURSOR, COPY (…) TO, EXPLAIN,
    PREPARE. Texts of pg_stat_statements (`$1` for constants, `IN ($1 /*, ... */)`) are fine.

    Args:
        text: One statement, as logged or as pg_stat_statements keeps it.
        catalog: Columns by table, named as in the profiles ("inquiries", "audit.events"); resolves columns that are
            not qualified. Without it such a column is resolved only where one table can have it.
    """
    try:
        statements = parse(text).stmts
        if len(statements) != 1:
            return _unread(text, f"{len(statements)} statements in one text")
        return _read(text, statements[0].stmt, catalog or {})
    except PARSE_ERRORS as error:
        return _unread(text, f"not readable as PostgreSQL: {error}")


def _unread(text: str, reason: str) -> StatementShape:
    return StatementShape(text=text, kind="utility", unknown=True, reason=reason, is_write=True)


def _read(text: str, statement: Node, catalog: Catalog) -> StatementShape:
    name, content = _query_of(statement)
    if name in _HARMLESS:
        return StatementShape(text=text, kind="utility")
    if name not in _KINDS:
        return _unread(text, f"{name.removesuffix('_stmt').replace('_', ' ') or 'nothing'} is not read")
    levels = Levels(catalog)
    levels.statement(name, content)
    outermost = content if name == "select_stmt" else None
    limit = constant_text(outermost.limit_count) if outermost and outermost.HasField("limit_count") else None
    offset = outermost.limit_offset if outermost and outermost.HasField("limit_offset") else None
    start = constant_text(offset) if offset is not None else None
    found = {type(each).__name__ for each in descendants(content)}
    return StatementShape(
        text=text,
        kind=_KINDS[name],
        unknown=bool(levels.not_understood),
        reason="; ".join(dict.fromkeys(levels.not_understood)),
        uses=[use.finish() for use in levels.uses],
        unresolved=list(dict.fromkeys(levels.unresolved)),
        is_write=_KINDS[name] != "select" or any(use.role != "read" for use in levels.uses),
        has_limit=bool(outermost and outermost.HasField("limit_count")),
        limit=int(limit) if limit is not None and limit.isdigit() else None,
        has_offset=offset is not None and start != "0",
        offset=int(start) if start is not None and start.isdigit() else None,
        offset_parameter=_first_parameter(offset) if offset is not None else None,
        locks_rows="LockingClause" in found,
        functions=list(dict.fromkeys(levels.functions)),
        parameters=max((each.number for each in descendants(content) if type(each).__name__ == "ParamRef"), default=0),
        **levels.flags,
    )


def _query_of(statement: Node) -> tuple[str, Node]:
    name, content = inner(statement)
    if name in _WRAPPERS and content.HasField("query"):
        return _query_of(content.query)
    return name, content


def _first_parameter(node: Node) -> int | None:
    return next((each.number for each in descendants(node) if type(each).__name__ == "ParamRef"), None)
