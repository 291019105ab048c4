"""
hasten plan proposes and records; a dry run only proposes.
"""

from collections.abc import Callable
from typing import Any

import pytest
from tests.story import Story, change

from hasten import optimize
from hasten.model import Step


@pytest.fixture
def proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The advisor has one idea that was tried before, one that is kept, and a new one.
    """
    found = [change("seller"), change("buyer"), change("price")]
    monkeypatch.setattr(optimize, "proposals", lambda *_: found)
    monkeypatch.setattr("hasten.cli.plan.diagnose", lambda *_: Diagnosed)


class Diagnosed:
    """
    One statement was found slow.
    """

    from hasten.model import Finding, Where

    findings = [Finding(symptom="slow_statement", where=Where(kind="statement", name="1"), cost_s_per_day=1.0, says="")]


@pytest.mark.parametrize("words", [[], ["--dry-run"]])
def test_only_what_is_new_is_proposed(run: Callable[..., Any], story: Story, proposed: None, words: list[str]) -> None:
    """
    What is kept is not proposed again, nor what did not help under this workload; a dry run records nothing.
    """
    before = len(story.book.read())
    found = run("plan", "--json", *words, "--config", story.folder).data

    assert [change("price").id] == [each["id"] for each in found["changes"]]
    assert found["recorded"] is not bool(words)
    after = story.book.read()
    assert (0 if words else 1) == len(after) - before
    assert words or after[-1].step is Step.PLANNED


def test_what_went_back_is_proposed_again_if_asked_for(run: Callable[..., Any], story: Story, proposed: None) -> None:
    """
    --again adds what failed, not what is kept.
    """
    found = run("plan", "--again", "--json", "--config", story.folder).data

    assert [change("seller").id, change("price").id] == [each["id"] for each in found["changes"]]


def test_for_people_the_statement_and_its_inverse_are_shown(
    run: Callable[..., Any], story: Story, proposed: None
) -> None:
    """
    With what comes next.
    """
    said = run("plan", "--config", story.folder)

    assert change("price").after["create"] in said.out
    assert change("price").inverse["drop"] in said.out
    assert "hasten apply" in said.out
