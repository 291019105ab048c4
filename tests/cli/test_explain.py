"""
hasten explain: the story of one trial.
"""

from collections.abc import Callable
from typing import Any

from tests.story import Story


def test_a_kept_change_is_explained(run: Callable[..., Any], story: Story) -> None:
    """
    What it is, the look that decided, every guard, the verdict, and where the page is.
    """
    said = run("explain", story.kept.id[:6], "--config", story.folder)

    assert 0 == said.code
    for words in ("hasten_buyer", "16 pairs", "Repeated interval", "4.56", "harm", "errors", "KEEP: 80 % less time"):
        assert words in said.out
    page = (story.folder / f"explain-{story.kept.id}.html").read_text()
    assert page.startswith("<!")
    assert "<svg" in page
    assert "http" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    ).replace("https://matplotlib.org", "")


def test_programs_get_all_of_it(run: Callable[..., Any], story: Story) -> None:
    """
    The whole trial, blocks included, and the decision.
    """
    found = run("explain", story.undecided.id, "--json", "--no-html", "--config", story.folder).data

    assert (16, [16]) == (len(found["trial"]["blocks"]), [look["pairs"] for look in found["trial"]["looks"]])
    assert ("INCONCLUSIVE", None) == (found["decision"]["verdict"], found["page"])
    assert not (story.folder / f"explain-{story.undecided.id}.html").exists()


def test_an_unknown_or_untried_change_cannot_be_explained(run: Callable[..., Any], story: Story) -> None:
    """
    The error says what to do next.
    """
    unknown = run("explain", "zzz", "--config", story.folder)
    waiting = run("explain", story.waiting.id, "--config", story.folder)

    assert [1, 1] == [unknown.code, waiting.code]
    assert "hasten status" in unknown.err
    assert "hasten apply" in waiting.err
