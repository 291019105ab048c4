"""
hasten doctor shows the checks of hasten.checkup.
"""

from collections.abc import Callable
from typing import Any

import pytest
from tests.story import Story

from hasten.checkup import Check

GOOD = Check(name="Python", ok=True, says="3.13")
ABSENT = Check(name="database", ok=None, says="hasten.toml names none")
BAD = Check(name="browser", ok=False, says="there is none", hint="install one")


@pytest.mark.parametrize(("checks", "code"), [([GOOD, ABSENT], 0), ([GOOD, BAD], 1)])
def test_the_exit_code_says_whether_something_is_to_mend(
    run: Callable[..., Any], story: Story, monkeypatch: pytest.MonkeyPatch, checks: list[Check], code: int
) -> None:
    """
    What is not asked for is no fault.
    """
    monkeypatch.setattr("hasten.cli.doctor.checkup", lambda *_: iter(checks))
    said = run("doctor", "--json", "--config", story.folder)

    assert (code, code == 0) == (said.code, said.data["ok"])
    assert [check.name for check in checks] == [each["name"] for each in said.data["checks"]]


def test_for_people_each_fault_has_its_hint(
    run: Callable[..., Any], story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    One line per check; the hint below it.
    """
    monkeypatch.setattr("hasten.cli.doctor.checkup", lambda *_: iter([GOOD, ABSENT, BAD]))
    said = run("doctor", "--config", story.folder)

    lines = ["✓ Python: 3.13", "– database: hasten.toml names none", "✗ browser: there is none", "  hint: install one"]
    assert [*lines, "1 of 3 to mend"] == said.out.splitlines()
