"""
What became of a killed run: before, after, or neither, judged as the laws judge.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.crash_matrix.points import Point
from bench.crash_matrix.scenes import Original, copied, drive, hasten
from hasten.record import history
from hasten.record.ledger import Ledger
from hasten.session import opened
from hasten.testing.snapshot import snapshot


def outcome_of(point: Point, original: Original) -> str:
    """
    `before` or `after`, once the run was killed at this point and `hasten recover` has run; else what is wrong.
    """
    folder = copied(original.kept if point.is_of_a_kept_change else original.folder)
    try:
        run = drive(folder, original.change, point.moment)
        if point.kills_hasten and run.returncode != -9:
            return f"the point was not reached (exit code {run.returncode}): {run.stderr[-1500:]}"
        said = hasten(folder / "hasten.toml", "recover", "--json")
        if said.returncode:
            return f"recover failed with {said.returncode}: {said.stdout}{said.stderr}"
        return "; ".join(_wrong(folder, original)) or _state(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wrong(folder: Path, original: Original) -> Iterator[str]:
    strays = _strays(folder)
    if strays:
        yield f"left running: {strays}"
    for name in ("run", "scratch"):
        left = sorted(path.name for path in (folder / ".hasten" / name).glob("*"))
        if left:
            yield f"left in {name}: {left}"
    verification = Ledger(folder / ".hasten").verify()
    if not verification.ok:
        yield f"the ledger does not hold: {verification.problem}"
        return
    yield from _unlike(folder, original)


def _unlike(folder: Path, original: Original) -> Iterator[str]:
    (state,) = history.changes(Ledger(folder / ".hasten").read())
    if not state.is_settled:
        yield f"the ledger leaves the change at {state.step}"
    with opened(str(folder / "hasten.toml"), application=True, evidence=False) as app:
        now = snapshot(app)
        if app.store is not None and app.database.value(_INVALID):
            yield "an invalid index is left"
    expected = original.after if state.is_kept else original.before
    yield from expected.differences(now)


_INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid OR NOT indisready"


def _state(folder: Path) -> str:
    (state,) = history.changes(Ledger(folder / ".hasten").read())
    return "after" if state.is_kept else "before"


def _strays(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if str(folder) in process.cwd() or any(str(folder) in word for word in words):
                found.append(" ".join(words)[:120])
        except psutil.Error:
            continue
    return found
