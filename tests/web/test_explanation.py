"""
The page of one trial.
"""

from pathlib import Path

import msgspec
import pytest
from tests.story import KEEP, TAKEN_AT, change, trial

from hasten.model import Ending, Noise, Step
from hasten.record.history import ChangeState, Tried
from hasten.web.explanation import render_explanation, write_explanation

CHANGE = change("buyer")
STATE = ChangeState(change=CHANGE, step=Step.KEPT)
TRIED = Tried(seq=1, at=TAKEN_AT, trial=trial(CHANGE, 0.2), decision=KEEP)


def test_the_page_has_the_whole_trial() -> None:
    """
    Plot, looks, guards, each part, and how to compute it again.
    """
    page = render_explanation(STATE, TRIED, "shop")

    for words in ("<svg", "4.56", "harm", "all statements", f"hasten recompute {CHANGE.id}", "80 % less time"):
        assert words in page


def test_a_trial_that_was_not_begun_has_a_page_too() -> None:
    """
    Where it was too noisy there are neither pairs nor looks, and the noise is told.
    """
    noise = Noise(pairs=24, log_ratio=0.01, error=0.2, half_width=0.25, is_off=False)
    empty = msgspec.structs.replace(
        TRIED.trial, blocks=[], looks=[], guards=[], effects=[], ended=Ending.NOISE, noise=noise
    )
    page = render_explanation(STATE, msgspec.structs.replace(TRIED, trial=empty), "shop")

    assert "Control against control" in page
    assert "nothing was guarded" in page


@pytest.mark.parametrize("before", [None, "an older page"])
def test_the_page_replaces_the_one_before(tmp_path: Path, before: str | None) -> None:
    """
    Written beside and put in its place, whole.
    """
    path = tmp_path / "explain.html"
    if before:
        path.write_text(before)
    write_explanation(STATE, TRIED, path, "shop")

    assert [path] == list(tmp_path.iterdir())
    assert path.read_text().startswith("<!doctype html>")
