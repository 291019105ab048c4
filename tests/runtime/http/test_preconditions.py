"""
What a client says that it has.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten_runtime.http.preconditions import Preconditions, known_tags, moment, of_304

OPAQUE = st.text(st.characters(codec="latin-1", exclude_categories=("Cc", "Cs"), exclude_characters='" '), max_size=8)
TAGS = st.builds(lambda weak, text: f'{"W/" if weak else ""}"{text}"', st.booleans(), OPAQUE)
BLANKS = st.sampled_from(["", " ", "\t", "  "])
SUNDAY, LATER = "Sun, 06 Nov 1994 08:49:37 GMT", "Mon, 07 Nov 1994 00:00:00 GMT"


def asks(**headers: str) -> Preconditions:
    """
    The preconditions of a request with these headers.
    """
    return Preconditions([(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()])


@given(st.lists(st.tuples(BLANKS, TAGS | st.just(""), BLANKS), max_size=6))
def test_every_list_is_read(members: list[tuple[str, str, str]]) -> None:
    """
    Whatever tags a list has, with whatever blanks and empty members in between, all of them are found in their order.
    """
    header = ",".join(before + tag + after for before, tag, after in members)

    assert [tag for _, tag, _ in members if tag] == known_tags(header)


@given(st.text(st.characters(codec="latin-1"), max_size=30))
def test_no_header_is_too_odd(header: str) -> None:
    """
    Any text is a list of tags, `*`, or as if it were not there.
    """
    found = known_tags(header)

    assert found is None or all(tag in header for tag in found)


@given(TAGS, TAGS)
def test_the_comparison_is_weak(ours: str, theirs: str) -> None:
    """
    Two tags are the same if what is between the quotes is, whether or not one of them is weak.
    """
    same = ours.removeprefix("W/") == theirs.removeprefix("W/")

    assert same == Preconditions([(b"if-none-match", theirs.encode("latin-1"))]).has_tag(ours)


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ('"b",W/"a"', True),
        (', "a" ,', True),
        ("*", True),
        (" * ", True),
        ('"b"', False),
        ("", False),
        ("a", False),
        ('w/"a"', False),
        ('"a" "b"', False),
        ('"a", *', False),
        ('"a', False),
        ('"b"; "a"', False),
        ('"A"', False),
        ('"b,"a"', False),
    ],
)
def test_if_none_match(header: str, known: bool) -> None:
    """
    A list, `*`, and what is neither: a header that is not well-formed names nothing.
    """
    assert known is asks(if_none_match=header).has_tag('"a"')


def test_a_comma_may_stand_in_a_tag() -> None:
    """
    Members are told apart by their quotes and not by commas alone.
    """
    assert ['"a,b"', '"c"'] == known_tags('"a,b", "c"')


def test_several_lines_are_one_list() -> None:
    """
    A client may name its tags in more than one line.
    """
    several = Preconditions([(b"if-none-match", b'"a"'), (b"If-None-Match", b'"b"')])

    assert several.has_tag('"b"')


def test_a_long_header_takes_no_long_time() -> None:
    """
    Neither blanks nor tags make the reading slower than the header is long.
    """
    for header in (" " * 200_000 + "x", '"a" ' + " " * 200_000 + "x", '"a",' * 50_000 + "x", '"' * 200_001):
        assert not asks(if_none_match=header).has_tag('"never"')


@pytest.mark.parametrize(
    ("since", "known"), [(SUNDAY, True), (LATER, True), ("Sat, 05 Nov 1994 23:59:59 GMT", False), ("yesterday", False)]
)
def test_if_modified_since(since: str, known: bool) -> None:
    """
    The client has it, if it was not modified after that; a date of another form says nothing.
    """
    assert known is asks(if_modified_since=since).has_since(SUNDAY)


@pytest.mark.parametrize("more", [{"if_none_match": '"b"'}, {"if_match": '"a"'}, {"if_unmodified_since": SUNDAY}])
def test_what_comes_first_is_judged_first(more: dict[str, str]) -> None:
    """
    Beside If-None-Match the date says nothing; If-Match and If-Unmodified-Since are the application's to judge.
    """
    assert not asks(if_modified_since=LATER, **more).has_since(SUNDAY)
    assert not asks(**{"if_none_match": '"a"', **more}).has_tag('"a"')


@pytest.mark.parametrize(
    "text", ["", "Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT", f"{SUNDAY}, {SUNDAY}"]
)
def test_other_dates_are_none(text: str) -> None:
    """
    Only the form that HTTP asks for is a date; two lines of it are none.
    """
    assert None is moment(text)


def test_a_tag_that_is_none_is_not_known() -> None:
    """
    What an application wrongly calls an ETag is compared with nothing.
    """
    assert not asks(if_none_match="*").has_tag("v1")


def test_a_304_says_what_it_has_to() -> None:
    """
    The fields of RFC 9110 §15.4.5 in their order, and nothing else.
    """
    wanted = [(b"ETag", b'"a"'), (b"date", b"d"), (b"Vary", b"v"), (b"expires", b"e"), (b"cache-control", b"c")]
    others = [(b"content-type", b"text/html"), (b"content-length", b"9"), (b"last-modified", b"m"), (b"x", b"y")]

    assert [*wanted, (b"content-location", b"/l")] == of_304([*wanted, *others, (b"content-location", b"/l")])
