"""
hasten diagnose ranks the findings of the latest observation.
"""

from collections.abc import Callable
from typing import Any

from tests.story import Story, observation, write_story

from hasten.model import Step


def test_findings_are_ranked_and_recorded(run: Callable[..., Any], story: Story) -> None:
    """
    Dearest first, from the stored evidence alone; the application need not run.
    """
    found = run("diagnose", "--json", "--config", story.folder).data

    costs = [each["cost_s_per_day"] for each in found["findings"]]
    assert costs == sorted(costs, reverse=True)
    last = story.book.read()[-1]
    assert (Step.DIAGNOSED, observation("now", 0.15).id) == (last.step, last.body["observation"])


def test_what_cannot_be_said_is_said(run: Callable[..., Any], story: Story) -> None:
    """
    A symptom whose probe brought nothing is named with its reason, and an accepted one with the person's.
    """
    text = (story.folder / "hasten.toml").read_text()
    (story.folder / "hasten.toml").write_text(
        f'{text}[[ignore]]\nsymptom = "slow_statement"\nreason = "it is nightly"\n'
    )
    said = run("diagnose", "--config", story.folder)

    assert 0 == said.code
    assert "nothing can be said of heavy_bundle" in said.out
    found = run("diagnose", "--json", "--all", "--config", story.folder).data
    assert [] == [each for each in found["findings"] if each["symptom"] == "slow_statement"]


def test_without_evidence_nothing_is_said(run: Callable[..., Any], story: Story) -> None:
    """
    An observation that was changed on disk is not read.
    """
    for path in (story.folder / "observations").iterdir():
        path.write_text(path.read_text().replace("orders", "ardors"))
    said = run("diagnose", "--config", story.folder)

    assert (1, True) == (said.code, "was changed" in said.err)


def test_the_story_is_written_the_same_twice(story: Story, tmp_path_factory: Any) -> None:
    """
    The id of a change is a hash of what it does, so it is the same in every ledger.
    """
    again = write_story(tmp_path_factory.mktemp("again"))

    assert (story.kept.id, story.waiting.id) == (again.kept.id, again.waiting.id)
