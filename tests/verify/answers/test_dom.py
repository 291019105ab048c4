"""
Pages as nested data.
"""

import pytest

from hasten.verify.answers.dom import dom_of
from hasten.verify.answers.walk import Differences, Path

PAGE = "<!doctype html><ul class=a><li>one<li>two</ul><p>A &amp; B<br>c</p>"


def places(left: str, right: str) -> set[Path]:
    """
    Where two pages differ.
    """
    found = Differences()
    found.walk(dom_of(left), dom_of(right))
    return set(found.found)


@pytest.mark.parametrize(
    "other",
    [
        '<!doctype html><ul class="a"><li>one</li><li>two</li></ul><p>A &#38; B<br/>c</p>',
        "<!DOCTYPE html><UL CLASS=a><LI>one<LI>two</UL><P>A & B<BR>c</P>",
    ],
)
def test_the_same_page_may_be_written_otherwise(other: str) -> None:
    """
    Case, quotes, references and end tags that may be left out say nothing.
    """
    assert set() == {place for place in places(PAGE, other) if place[0] != "doctype"}


@pytest.mark.parametrize(
    ("other", "place"),
    [
        (PAGE.replace("two", "2"), ("ul", 0, "li", 1, "text", 0)),
        (PAGE.replace("class=a", "class=b"), ("ul", 0, "@class")),
        (PAGE.replace("<br>", ""), ("p", 0, "(children)")),
        (PAGE.replace("<ul class=a>", "<ul class=a hidden>"), ("ul", 0, "@hidden")),
    ],
)
def test_a_difference_names_node_and_attribute(other: str, place: Path) -> None:
    """
    Text, attributes and the order of children have their places.
    """
    assert place in places(PAGE, other)


def test_what_is_no_page_at_all_is_read_too() -> None:
    """
    Broken markup gives something to compare, never an error.
    """
    assert set() == places("</div><p><b>x</p>", "</div><p><b>x</p>")
    assert places("<b><i>x</b></i>", "<b><i>y</b></i>")
