"""
hasten.by_hand: what follows from a trial; whole runs are in tests/real/test_side_by_side.py.
"""

from pathlib import Path

import msgspec
import pytest

from hasten.application import App
from hasten.by_hand import Made, harmless, would_do
from hasten.errors import ConfigError
from hasten.model import Decision, Grade, Guard, Look, Trial, Verdict
from hasten.target import Application, Process, Target
from hasten.world.supervisor import Supervisor

UNDECIDED = Decision(verdict=Verdict.INCONCLUSIVE, rule="interval", reason="no gain cannot be excluded")
HELD = Guard(name="answers", ok=True, detail="same")


def trial(low: float, high: float, *guards: Guard) -> Trial:
    """
    A trial whose last look has this interval.
    """
    look = Look(pairs=32, log_ratio=0.0, error=0.01, z=3.23, low=low, high=high)
    return Trial(
        change="x", grade=Grade.A, arena="instances", seed=1, blocks=[], effect=None, looks=[look], guards=list(guards)
    )


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (Made(count=0, files=[]), "the command changed no file, no table and no row"),
        (Made(count=1, files=["app.py"]), "the command changed 1 files (app.py)"),
        (
            Made(count=9, files=["a", "b", "c", "d"], schema=True, rows=7),
            "the command changed 9 files (a, b, c, …) and the schema of the database and 7 rows",
        ),
    ],
)
def test_what_a_command_made_is_said(made: Made, says: str) -> None:
    """
    In a few words, and nothing is said to be nothing.
    """
    assert says == made.says
    assert made.is_nothing is (says.count("no ") == 3)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (trial(0.97, 1.04, HELD), Verdict.KEEP),
        (trial(0.97, 1.06, HELD), Verdict.INCONCLUSIVE),
        (trial(0.97, 1.04), Verdict.INCONCLUSIVE),
        (trial(0.97, 1.04, HELD, Guard(name="routes", ok=None, detail="")), Verdict.INCONCLUSIVE),
        (msgspec.structs.replace(trial(0.97, 1.04, HELD), looks=[]), Verdict.INCONCLUSIVE),
    ],
)
def test_no_harm_has_to_be_shown(found: Trial, verdict: Verdict) -> None:
    """
    By the pessimistic end of the interval and by every guard; not having seen harm is not enough.
    """
    assert verdict is harmless(found, UNDECIDED).verdict


def test_a_gain_stays_a_gain() -> None:
    """
    What is kept because it helps keeps its reason.
    """
    kept = Decision(verdict=Verdict.KEEP, rule="gain", reason="20 % less time")

    assert kept == harmless(trial(0.7, 0.9, HELD), kept)


def test_a_dry_run_says_what_would_be_done(tmp_path: Path) -> None:
    """
    Without a secret that stands in the command, and only where it could be done.
    """
    web = Process(name="web", command=["serve", "{port}"], is_web=True)
    app = App(Target(application=Application(processes=[web])), tmp_path, Supervisor(tmp_path), root=tmp_path)
    said = "\n".join(would_do(app, ["deploy", "--token=abc123def"]))

    assert "deploy" in said
    assert "abc123def" not in said
    with pytest.raises(ConfigError):
        would_do(App(Target(), tmp_path, Supervisor(tmp_path)), ["deploy"])
