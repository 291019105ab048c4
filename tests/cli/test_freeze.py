"""
hasten freeze tells whether anything is applied now, and when not.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.story import Story

from hasten.model import now


def frozen(story: Story, start_h: float, end_h: float) -> None:
    """
    hasten.toml has a window from then to then, in hours from now.
    """
    moment = now()
    start, end = moment + timedelta(hours=start_h), moment + timedelta(hours=end_h)
    path = story.folder / "hasten.toml"
    text = f'[[freeze]]\nfrom = {start.isoformat()}\nto = "{end.isoformat()}"\nreason = "[sale]"\n'
    path.write_text(path.read_text() + text)


@pytest.mark.parametrize(
    ("window", "present", "following"), [((-1, 1), True, False), ((1, 2), False, True), ((-2, -1), False, False)]
)
def test_what_holds_and_what_comes(
    run: Callable[..., Any], story: Story, window: tuple[float, float], present: bool, following: bool
) -> None:
    """
    For programs with its begin and end, for people with the reason.
    """
    frozen(story, *window)
    found = run("freeze", "--json", "--config", story.folder).data
    assert (1, present, following) == (found["windows"], bool(found["present"]), bool(found["next"]))

    said = run("freeze", "--config", story.folder).out
    assert present is ("frozen until" in said)
    assert (present or following) is ("[sale]" in said)


def test_without_windows_it_is_told_how_to_make_one(run: Callable[..., Any], story: Story) -> None:
    """
    The section of hasten.toml is named.
    """
    assert "[[freeze]]" in run("freeze", "--config", story.folder).out


def test_both_may_hold(run: Callable[..., Any], story: Story) -> None:
    """
    One that is in force, and one that is to come.
    """
    frozen(story, -1, 1)
    frozen(story, 5, 6)
    found = run("freeze", "--json", "--config", story.folder).data

    assert found["present"]["end"] < found["next"]["start"]
