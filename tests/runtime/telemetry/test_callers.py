"""
Whose code executes a statement.
"""

import greenlet
import pytest

from hasten_runtime.telemetry import callers
from hasten_runtime.telemetry.callers import MOST_OWN, caller, own_frames


def test_the_nearest_line_of_the_application() -> None:
    """
    It is this one: file, line and function.
    """
    found = caller() or ""

    assert found.endswith(" test_the_nearest_line_of_the_application")
    assert found.startswith("tests/runtime/telemetry/test_callers.py:")


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("/srv/shop/orders.py", "shop/orders.py"),
        ("/srv/venv/lib/python3.11/site-packages/sqlalchemy/engine.py", None),
        ("/usr/lib/python3/dist-packages/flask/app.py", None),
        (callers.__file__, None),
        (pytest.__file__, None),
        ("<string>", None),
    ],
)
def test_libraries_are_nobodys(file: str, place: str | None) -> None:
    """
    What is installed, the standard library, the agent and made-up code are not the application's.
    """
    assert place == callers._own(file)


def test_code_without_an_application_has_no_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where every frame is a library's, nothing is said.
    """
    monkeypatch.setattr(callers, "_own", lambda file: None)
    monkeypatch.setattr(callers, "_places", {})

    assert caller() is None


def test_the_frames_that_lead_here() -> None:
    """
    The nearest first, libraries left out, and not more than are of use.
    """

    def deep(left: int) -> list[str]:
        return deep(left - 1) if left else [function for _, _, function in own_frames()]

    assert ["deep", "test_the_frames_that_lead_here"] == deep(0)[:2]
    assert ["deep"] * MOST_OWN == deep(MOST_OWN + 2)


def test_a_greenlet_was_started_by_somebody() -> None:
    """
    The frames of whoever started it come after its own.
    """

    def inside() -> list[str]:
        return [function for _, _, function in own_frames()]

    found = greenlet.greenlet(inside).switch()

    assert ["inside", "test_a_greenlet_was_started_by_somebody"] == found[:2]
