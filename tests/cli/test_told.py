"""
What is said of workers, in lines for people.
"""

from typing import Any

import pytest

from hasten.cli.told import lines_of
from hasten.silence import Cause
from hasten.watching import Event


def event(what: Any, **fields: Any) -> Event:
    """
    Something that happened to the workers of process 7.
    """
    return Event(event=what, at=0.0, pid=7, **fields)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"workers": [1, 2], "appeared": [1, 2], "servers": {"gunicorn": 2}, "revisions": {"12": 2}, "latest": 12},
            "2 workers report under gunicorn (1, 2), obeying revision 12 of the policy",
        ),
        (
            {"workers": [1], "appeared": [1], "servers": {"uvicorn": 1}, "revisions": {"0": 1}, "latest": 0},
            "1 worker reports under uvicorn (1), obeying revision 0 of the policy (no rule yet)",
        ),
        (
            {"workers": [2, 3], "appeared": [3], "gone": [1], "servers": {"x": 2}, "revisions": {"1": 2}, "latest": 1},
            "worker 1 reports no more, worker 3 is new: 2 workers report under x, obeying revision 1 of the policy",
        ),
        (
            {"workers": [1, 2], "servers": {"x": 1, "y": 1}, "revisions": {"1": 1, "2": 1}, "latest": 2},
            "2 workers report under x (1), y (1), 1 of them obeying revision 2 of the policy, the others from their "
            "next request on",
        ),
        (
            {"workers": [1], "servers": {"x": 1}, "revisions": {"1": 1}, "latest": 1, "stopped": True},
            "1 worker reports under x, the policy is switched off: no rule is obeyed",
        ),
        (
            {"workers": [1], "servers": {"x": 1}, "revisions": {"1": 1}, "latest": None},
            "1 worker reports under x, obeying revision 1 of the policy",
        ),
    ],
)
def test_who_reports_is_one_line(fields: dict[str, Any], line: str) -> None:
    """
    How many, under which server, what they obey, who came and who went.
    """
    assert [f"hasten: {line}"] == lines_of(event("workers", **fields))
    assert [] == lines_of(event("workers", **fields), quiet=True)


def test_what_is_wrong_is_loud() -> None:
    """
    That none is left, that one refuses, that none came: also where only that is wanted, and in color on a terminal.
    """
    gone = event("workers", workers=[], gone=[1, 2])
    refusing = event("workers", workers=[1], servers={"x": 1}, revisions={"1": 1}, latest=2, refusing={"1": "no"})
    silent = event("silent", waited_s=30.0, causes=[Cause(kind="isolated", says="it has -I", hint="without it")])

    assert ["hasten: WARNING: workers 1, 2 report no more: none is left"] == lines_of(gone, quiet=True)
    assert "WARNING: worker 1 refuses the policy" in lines_of(refusing, quiet=True)[0]
    first, says, hint, last = lines_of(silent, quiet=True)
    assert "WARNING: no worker reports since 30 s" in first
    assert ("hasten:   it has -I", "hasten:     → without it") == (says, hint)
    assert "goes on" in last
    assert lines_of(gone, colored=True)[0].startswith("\x1b[1;33m")


def test_a_program_that_serves_nothing_is_no_alarm() -> None:
    """
    A queue worker reports nothing, and its statements are counted.
    """
    silent = event("silent", waited_s=30.0, causes=[Cause(kind="no_server", says="none listens", hint="see telemetry")])

    assert [] == lines_of(silent, quiet=True)
    assert ["hasten: no worker reports since 30 s: none listens", "hasten:   → see telemetry"] == lines_of(silent)


@pytest.mark.parametrize(
    ("what", "fields", "words"),
    [
        (
            "started",
            {"policy": "/p/policy.json"},
            "process 7 is started with the agent in it, which obeys /p/policy.json",
        ),
        ("background", {"processes": [1, 2]}, "2 processes go on unwatched"),
        ("note", {"says": "HASTEN_DISABLE is set"}, "HASTEN_DISABLE is set"),
        (
            "accelerators",
            {"abi": "cpython-311-x", "codings": ["br", "zstd"]},
            "br and zstd; used by workers that start",
        ),
        ("accelerators", {"abi": "cpython-311-x", "says": "no pip"}, "none; no pip"),
    ],
)
def test_what_else_happens_is_told(what: str, fields: dict[str, Any], words: str) -> None:
    """
    In one line each.
    """
    (line,) = lines_of(event(what, **fields))

    assert words in line


def test_an_end_is_nothing_to_tell() -> None:
    """
    Whoever started the program sees it.
    """
    assert [] == lines_of(event("ended"))
