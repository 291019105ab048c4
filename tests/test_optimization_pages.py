"""
The manual of each optimization is its header.
"""

from scripts.optimization_pages import HEADINGS, pages, stale


def test_the_pages_are_as_the_headers_say() -> None:
    """
    docs/optimizations/ was generated from the present headers.
    """
    assert stale() == []


def test_every_page_has_the_five_headings() -> None:
    """
    Nobody has to guess how an optimization goes back.
    """
    for text in pages().values():
        assert [heading for heading in HEADINGS if f"**{heading}.**" not in text] == []
