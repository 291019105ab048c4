"""
The one change that a command is about.
"""

import pytest
from tests.story import Story

from hasten.cli.chosen import name_of, tried_change
from hasten.errors import ConfigError, NoData


def test_a_prefix_that_names_one_change_is_enough(story: Story) -> None:
    """
    The change comes back with its latest trial.
    """
    state, tried = tried_change(story.book.read(), story.kept.id[:8])

    assert (story.kept, story.kept.id) == (state.change, tried.trial.change)
    assert name_of(story.kept).startswith("CREATE INDEX")


def test_no_name_and_a_name_for_several_are_refused(story: Story) -> None:
    """
    Nothing is guessed.
    """
    for prefix, words in (("zzz", "no change has"), ("", "3 changes have")):
        with pytest.raises(ConfigError, match=words):
            tried_change(story.book.read(), prefix)


def test_what_was_not_tried_has_no_trial(story: Story) -> None:
    """
    A planned change has nothing to tell yet.
    """
    with pytest.raises(NoData, match="not tried"):
        tried_change(story.book.read(), story.waiting.id)
