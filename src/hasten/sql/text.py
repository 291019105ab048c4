"""
Parsing, and expressions back to text.
"""

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any

from google.protobuf.message import DecodeError, EncodeError
from google.protobuf.message import Message as ProtobufMessage

# Imported by name: a type checker cannot read the stubs that come with it (a field is called `global`).
postgast: Any = import_module("postgast")

# Nodes are protobuf messages whose classes are made at run time.
Node = Any

#: What the parser raises on text that it cannot take: not SQL, or nested deeper than its limit of 100 messages.
PARSE_ERRORS: tuple[type[Exception], ...] = (
    postgast.PgQueryError,
    DecodeError,
    EncodeError,
    RecursionError,
    ValueError,
)


@lru_cache(maxsize=2048)
def parse(text: str) -> Node:
    """
    The parse tree; shared between callers, so never to be changed.

    Raises:
        one of PARSE_ERRORS
    """
    return postgast.parse(text)


def inner(node: Node) -> tuple[str, Node]:
    """
    The name and content of a Node wrapper ("", None for an empty one).
    """
    name = node.WhichOneof("node")
    return (name, getattr(node, name)) if name else ("", None)


def names(parts: Any) -> list[str]:
    """
    The strings in a list of String nodes; `*` for a star.
    """
    return ["*" if part.WhichOneof("node") == "a_star" else part.string.sval for part in parts]


def children(message: Node) -> Iterator[Node]:
    """
    The messages directly inside a message.
    """
    for _, value in message.ListFields():
        if isinstance(value, ProtobufMessage):
            yield value
        elif not isinstance(value, str | int | float | bool | bytes):
            yield from (item for item in value if isinstance(item, ProtobufMessage))


def descendants(message: Node) -> Iterator[Node]:
    """
    Every message inside a message, itself first.
    """
    yield message
    for child in children(message):
        yield from descendants(child)


def expression_text(node: Node) -> str:
    """
    An expression as SQL, its columns without aliases; "" where it cannot be written back.
    """
    result = postgast.pg_query_pb2.ParseResult(version=180000)
    target = result.stmts.add().stmt.select_stmt.target_list.add().res_target
    target.val.CopyFrom(node)
    for message in descendants(target):
        if type(message).__name__ == "ColumnRef" and len(message.fields) > 1:
            last = message.fields[-1]
            kept = postgast.pg_query_pb2.Node()
            kept.CopyFrom(last)
            del message.fields[:]
            message.fields.append(kept)
    try:
        return str(postgast.deparse(result)).removeprefix("SELECT ").strip()
    except PARSE_ERRORS:
        return ""


def constant_text(node: Node) -> str | None:
    """
    The text of a constant, or None where the node is not one; NULL is None too.
    """
    name, content = inner(node)
    if name == "type_cast":
        return constant_text(content.arg)
    if name != "a_const" or content.isnull:
        return None
    kind = content.WhichOneof("val")
    if kind == "ival":
        return str(content.ival.ival)
    if kind == "fval":
        return str(content.fval.fval)
    if kind == "boolval":
        return "true" if content.boolval.boolval else "false"
    return str(content.sval.sval) if kind == "sval" else None


def without_values(text: str) -> str:
    """
    The statement with `$n` for every constant; "" where it cannot be read, so that no value slips through.
    """
    try:
        return str(postgast.normalize(text))
    except PARSE_ERRORS:
        return ""
