"""
hasten diagnose ranks the findings of the latest observation.
"""

from collections.abc import Callable
from typing import Any

from tests.story import Story, observation, write_story
from tests.traced import Written

from hasten import objectives
from hasten.evidence import Observation
from hasten.model import Distribution, Measurement, Step, Where
from hasten.record import history, observations


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
    assert "not everything can be said of heavy_bundle" in said.out
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


def test_where_the_time_goes_is_shown(run: Callable[..., Any], story: Story) -> None:
    """
    Of an application that ran with the agent: its parts, and that they add up to what was measured.
    """
    of = Written()
    for _ in range(10):
        of.add(of.step("db", 0, 60), route="GET /orders", takes_ms=80, measured_s=0.1)
    where, measured = Where(kind="route", name="GET /orders"), Distribution(count=10, mean=0.1)
    latency = Measurement(metric="http.client.request.duration", unit="s", where=where, distribution=measured)
    seen = Observation(name="inside", traces=of.traces, measurements=[latency])
    observations.save(story.folder, seen)
    story.book.append(Step.MEASURED, history.measured_body(seen, objectives.values(seen), objectives.details(seen)))
    said, data = run("diagnose", "--config", story.folder), run("diagnose", "--json", "--config", story.folder).data

    assert "Where a request's time goes" in said.out
    # Where the terminal is narrow the name and its share stand on two lines.
    assert all(word in said.out for word in ("database", "60%"))
    assert (True, 0.02) == (data["pictures"][0]["adds_up"], round(data["pictures"][0]["parts"]["outside"], 6))
    assert data["pictures"] == story.book.read()[-3].body["details"]["pictures"]
