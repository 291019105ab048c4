"""
Waiting for database drivers.
"""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from hasten_runtime.telemetry import drivers

RUNTIME = Path(drivers.__file__).parents[1]


def run(code: str, tmp_path: Path, **environment: str) -> str:
    """
    What a fresh interpreter with the agent in it prints.
    """
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(RUNTIME / "boot"), "HASTEN_POLICY": str(tmp_path / "policy.json"), **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_a_driver_is_hooked_when_it_is_imported(tmp_path: Path) -> None:
    """
    Its generators wear their names and signatures, and are wrapped where they are defined.
    """
    code = (
        "import psycopg, inspect\n"
        "hook = psycopg.AsyncCursor._execute_gen\n"
        "print(hook.__name__, hook is psycopg.Cursor._execute_gen, hasattr(hook, '__wrapped__'),"
        " list(inspect.signature(hook).parameters)[1])"
    )

    assert "_execute_gen True True query" == run(code, tmp_path)


def test_nothing_is_imported_before(tmp_path: Path) -> None:
    """
    A process that uses no driver has nothing of telemetry but the list of drivers.
    """
    code = "import sys; print(sorted(name for name in sys.modules if 'telemetry' in name or name in ('json', 're')))"

    assert "['hasten_runtime.telemetry', 'hasten_runtime.telemetry.drivers']" == run(code, tmp_path)


@pytest.mark.parametrize(("value", "is_wanted"), [("", True), ("1", True), ("0", False)])
def test_it_can_be_switched_off(value: str, is_wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    HASTEN_TELEMETRY=0 says no, everything else yes.
    """
    monkeypatch.setenv("HASTEN_TELEMETRY", value)

    assert is_wanted is drivers.is_wanted()


def test_a_hook_looks_like_what_it_wraps() -> None:
    """
    Whoever inspects a hooked function sees the one that was there.
    """

    def inner(query: str, *, prepare: bool = False) -> None:
        """
        What it does.
        """

    hook = drivers.alike(lambda *args, **named: inner(*args, **named), inner)

    assert ("inner", inner.__doc__) == (hook.__name__, hook.__doc__)
    assert inspect.signature(inner) == inspect.signature(hook)
