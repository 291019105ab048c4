"""
In which fields two answers differ, and how they are called.
"""

import pytest

from hasten.verify.answers import Answer, Declared
from hasten.verify.answers.differences import Read, differences, name_of, without_indices
from hasten.verify.answers.walk import ORDER, Path

JSON = ("content-type", "application/json")


def fields(left: Answer, right: Answer, declared: Declared | None = None) -> set[str]:
    """
    The names of what differs.
    """
    found = differences(Read(left), Read(right), declared).all()
    return {name_of(key) if isinstance(key, tuple) else key for key in found}


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (Answer(status=200), Answer(status=500), {"status"}),
        (Answer(status=200, body=b"a"), Answer(status=200, body=b"b"), {"body"}),
        (Answer(status=200, headers=[JSON], body=b"1"), Answer(status=200, headers=[JSON], body=b"[]"), {"$"}),
        (Answer(status=200, headers=[JSON], body=b"{}"), Answer(status=200, headers=[JSON], body=b"{"), {"body"}),
        (Answer(status=200, headers=[("x-a", "1")]), Answer(status=200), {"header:x-a"}),
        (Answer(status=200, headers=[JSON], body=b"[1]"), Answer(status=200, headers=[JSON], body=b"[ 1 ]"), set()),
    ],
)  # fmt: skip
def test_fields_have_names(left: Answer, right: Answer, expected: set[str]) -> None:
    """
    Status, headers and places in the body are told by name, and white space in JSON is nothing.
    """
    assert expected == fields(left, right)


def test_what_says_nothing_is_left_out() -> None:
    """
    A field that the change named beforehand is no difference.
    """
    left, right = Answer(status=200, headers=[("etag", "1")]), Answer(status=200, headers=[("etag", "2")])

    assert ({"header:etag"}, set()) == (fields(left, right), fields(left, right, Declared(may_differ=["header:etag"])))


@pytest.mark.parametrize(
    ("path", "general", "name"),
    [
        ((), set(), "$"),
        (("items", 3, "id"), set(), "$.items[3].id"),
        (("items", 3, "id"), {("items",)}, "$.items[*].id"),
        (("a", 1, "b", 2), {("a", -1, "b")}, "$.a[1].b[*]"),
        (("items", ORDER), set(), "$.items (order)"),
    ],
)
def test_paths_read_well(path: Path, general: set[Path], name: str) -> None:
    """
    An index is told where the element has a place of its own.
    """
    assert name == name_of(path, general)
    assert without_indices(path) == without_indices(without_indices(path))
