"""
Numbers as people say them.
"""

import pytest

from hasten.diagnose import _words as words


@pytest.mark.parametrize(
    ("value", "expected"),
    [(9000, "2.5 h"), (240, "4 min"), (1.26, "1.3 s"), (0.4, "400 ms"), (0.012, "12 ms"), (0.00031, "0.3 ms")],
)
def test_times(value: float, expected: str) -> None:
    """
    Two or three figures, in the unit that fits.
    """
    assert expected == words.seconds(value)


@pytest.mark.parametrize(("value", "expected"), [(4_300_000, "4.3 MB"), (98_400, "98 kB"), (956, "956 bytes")])
def test_sizes(value: float, expected: str) -> None:
    """
    Decimal units, as objectives have them.
    """
    assert expected == words.size(value)


@pytest.mark.parametrize(
    ("value", "expected"), [(1_234_567, "1,234,567"), (450.4, "450"), (12.5, "12.5"), (0.3, "0.3"), (4.0, "4")]
)
def test_counts(value: float, expected: str) -> None:
    """
    Whole numbers, except where a fraction is most of it.
    """
    assert expected == words.count(value)


def test_how_often_and_lists() -> None:
    """
    Once, twice, 41 times; a, b and c.
    """
    assert ["once", "twice", "41 times"] == [words.times(n) for n in (1, 2, 41)]
    assert ["", "a", "a and b", "a, b and c"] == [words.listed(list("abc")[:n]) for n in range(4)]


def test_a_statement_is_one_line_and_cut() -> None:
    """
    For a sentence.
    """
    assert "SELECT 1 FROM…" == words.statement("SELECT 1\n  FROM things", 14)
    assert "SELECT 1" == words.statement("SELECT 1")
