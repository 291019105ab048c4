"""
What a statement is without what it is about: one text for all executions of the same statement.

Every literal and every parameter becomes `?`; comments go, because tracers put a different one before each execution;
white space is one space. Lists of values become one value, and rows of VALUES one row. Names that are made up for one
use (savepoints, cursors) and what SET sets become `?`, too.

Where the text cannot be taken apart for certain, the rest of it becomes `?`: a name that is missing in a table of
statements does no harm, a secret in it does.
"""

import re

#: What a fingerprint is cut to. The longest statements of an ORM's joins are a few thousand characters.
MOST_CHARACTERS = 2_000
#: Of a longer text only this much is looked at: the rest of a bulk insert is more of the same.
READ_CHARACTERS = 8_000

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\r\n]*)
    | (?P<comment>/\*)
    | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z))
    | (?P<text>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z))
    | (?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z))
    | (?P<parameter>\$\d+|%[sbt]|%\([^)]*\)[sbt])
    | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")*(?:"|\Z))
    | (?P<name>[^\W\d][\w$]*)
    | (?P<number>(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?))
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_EDGE = re.compile(r"/\*|\*/")
_LIST = re.compile(r"\?(?: ?, ?\?)+")
#: Rows of VALUES that look the same; the bounds keep the search from going back and forth in strange texts.
_ROWS = re.compile(r"(\((?:[^()]|\([^()]{0,80}\)){1,200}\))(?: ?, ?\1)+")
_MADE_UP = re.compile(
    r"""\b(SAVEPOINT|RELEASE(?:\ SAVEPOINT)?|ROLLBACK\ TO(?:\ SAVEPOINT)?|DECLARE)\ (?!SAVEPOINT\b)(?:"[^"]*"|\w+)""",
    re.VERBOSE | re.IGNORECASE,
)
_SET = re.compile(r"\A(SET (?:SESSION |LOCAL )?[\w.]+ ?(?:=|\bTO\b)).*\Z", re.IGNORECASE | re.DOTALL)
_PLACEHOLDERS = frozenset(("escaped", "text", "dollar", "parameter", "number"))


def fingerprint(statement: str) -> str:
    """
    The statement with `?` for all that differs from execution to execution, on one line.
    """
    pieces: list[str] = []
    text = statement[:READ_CHARACTERS]
    at, end = 0, len(text)
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            break
        kind, piece, at = found.lastgroup, found.group(), found.end()
        if kind == "comment":
            at = _after_comment(text, at)
            kind = "space"
        if kind == "space":
            if pieces and pieces[-1] != " ":
                pieces.append(" ")
        elif kind in _PLACEHOLDERS:
            pieces.append("?")
            if kind == "text" and piece.endswith("\\'"):
                # With standard_conforming_strings off the string goes on after this quote; who knows where it ends?
                break
        else:
            pieces.append(piece)
    return _folded("".join(pieces).strip(" ;"))[:MOST_CHARACTERS]


def operation(of: str) -> str:
    """
    The first word of a fingerprint in upper case: SELECT, INSERT, COMMIT; of a WITH, too, only that.
    """
    word = of.lstrip("( ").split(" ", 1)[0].split("(", 1)[0]
    return word.upper()[:20] if word.isalpha() else ""


def _after_comment(text: str, at: int) -> int:
    """
    Where a comment ends; PostgreSQL's may hold others.
    """
    depth = 1
    while depth:
        found = _EDGE.search(text, at)
        if found is None:
            return len(text)
        depth += 1 if found.group() == "/*" else -1
        at = found.end()
    return at


def _folded(text: str) -> str:
    text = _LIST.sub("?", text)
    if "(?)" in text or "),(" in text or "), (" in text:
        text = _ROWS.sub(r"\1", text)
    return _SET.sub(r"\1 ?", _MADE_UP.sub(r"\1 ?", text))
