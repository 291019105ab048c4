"""
In which fields two answers differ: status, headers, cookies, and the body by its paths.
"""

from dataclasses import dataclass, field
from typing import Any

from hasten.verify.answers.asking import Answer
from hasten.verify.answers.bodies import HTML, JSON, Body, body_of
from hasten.verify.answers.headers import fields_of, owes_vary, without_declared
from hasten.verify.answers.plan import Declared
from hasten.verify.answers.walk import LENGTH, MEMBERS, ORDER, Differences, Path

#: Lists that are longer are one field: an index says nothing any more.
LONG_LIST = 64
BODY = "$"
#: The field of a candidate that compresses without saying so in Vary.
VARY = "header:vary"
_ABSENT = "(absent)"

Pair = tuple[Any, Any]
#: A header or cookie by its name, or a place in the body by its path.
Key = str | Path


class Read:
    """
    An answer whose body and headers are read at most once, and only when bytes alone do not tell.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self._body: Body | None = None
        self._fields: dict[str, str] | None = None

    @property
    def body(self) -> Body:
        """
        The body, decoded and parsed.
        """
        if self._body is None:
            self._body = body_of(self.answer)
        return self._body

    @property
    def fields(self) -> dict[str, str]:
        """
        The headers and cookies that are compared.
        """
        if self._fields is None:
            self._fields = fields_of(self.answer)
        return self._fields

    def has_bytes_of(self, other: "Read") -> bool:
        """
        Whether both bodies came as the same bytes in the same form.
        """
        ours, theirs = self.answer, other.answer
        return ours.body == theirs.body and all(
            ours.header(name) == theirs.header(name) for name in ("content-type", "content-encoding")
        )


@dataclass
class Found:
    """
    The fields in which two answers differ, headers by name and bodies by path, and the lengths of lists on the way.
    """

    plain: dict[str, Pair] = field(default_factory=dict)
    body: dict[Path, Pair] = field(default_factory=dict)
    lengths: dict[Path, set[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.plain or self.body)

    def all(self) -> dict[Key, Pair]:
        """
        Every field that differs: headers by their names, and the body by paths.
        """
        found: dict[Key, Pair] = {}
        found.update(self.plain.items())
        found.update(self.body.items())
        return found


def differences(left: Read, right: Read, declared: Declared | None = None) -> Found:
    """
    Where two answers differ.

    Args:
        declared: What the right one may add, where it is a candidate; without it both are controls.
    """
    found = Found()
    if left.answer.status != right.answer.status:
        found.plain["status"] = (left.answer.status, right.answer.status)
    _headers(left, right, declared, found.plain)
    if not left.has_bytes_of(right):
        _bodies(left.body, right.body, found)
    for name in declared.may_differ if declared else ():
        found.plain.pop(name, None)
    return found


def _headers(left: Read, right: Read, declared: Declared | None, found: dict[str, Pair]) -> None:
    ours, theirs = left.fields, right.fields
    if declared is not None:
        theirs = without_declared(ours, theirs, declared)
    for name in ours.keys() | theirs.keys():
        pair = (ours.get(name, _ABSENT), theirs.get(name, _ABSENT))
        if pair[0] != pair[1]:
            found[name] = pair
    if declared is not None and owes_vary(left.answer, right.answer):
        found[VARY] = (right.answer.header("content-encoding"), "a coding without Vary: Accept-Encoding")


def _bodies(left: Body, right: Body, found: Found) -> None:
    if left.kind != right.kind:
        found.plain["body"] = (f"{left.kind} ({left.unread})", f"{right.kind} ({right.unread})")
        if left.content == right.content:
            del found.plain["body"]
        return
    if left.kind not in (JSON, HTML):
        if left.value != right.value:
            found.plain["body"] = (left.value, right.value)
        return
    walked = Differences()
    walked.walk(left.value, right.value)
    found.body, found.lengths = walked.found, walked.lengths


def name_of(path: Path, general: frozenset[Path] | set[Path] = frozenset()) -> str:
    """
    A path for people: $.items[3].id, or $.items[*].id where the list at $.items is in `general`.
    """
    text = BODY
    for at, step in enumerate(path):
        if isinstance(step, int):
            text += "[*]" if without_indices(path[:at]) in general else f"[{step}]"
        else:
            text += f" {step}" if step in (ORDER, LENGTH, MEMBERS) else f".{step}"
    return text


def without_indices(path: Path) -> Path:
    """
    The path with every index replaced by one and the same: what all elements of a list have in common.
    """
    return tuple(-1 if isinstance(step, int) else step for step in path)
