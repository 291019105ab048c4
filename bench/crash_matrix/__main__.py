"""
Killed anywhere, then recovered: is the application in the before or the after state? For every kind of change.

Hasten is killed with SIGKILL around every entry of its ledger and inside of every step; PostgreSQL, Valkey and the
application in the middle of a trial. What is left is compared with what was there as the laws compare it.
usage: python -m bench crash_matrix [--kind files …] [--quick]
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.crash_matrix.judge import outcome_of
from bench.crash_matrix.points import Point, points
from bench.crash_matrix.scenes import make
from bench.tables import finish, show
from hasten.model import Kind

CLEAN = ("before", "after")


@contextmanager
def open_place() -> Iterator[Path]:
    """
    A folder that the servers' user may pass through, gone at the end of the block.
    """
    folder = Path(tempfile.mkdtemp(prefix="hasten-matrix-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def outcomes(chosen: list[Point], place: Path) -> Iterator[tuple[Point, str, float]]:
    """
    Each point with its outcome and how many seconds it took, kind by kind.
    """
    for kind in dict.fromkeys(point.kind for point in chosen):
        original = make(kind, place)
        for point in [each for each in chosen if each.kind is kind]:
            begun = time.monotonic()
            yield point, outcome_of(point, original), time.monotonic() - begun


def main() -> int:
    """
    The table and the JSON line are printed; 1 if any point was not clean.
    """
    parser = argparse.ArgumentParser(prog="bench crash_matrix", description="Killed anywhere: before or after?")
    parser.add_argument("--kind", action="append", choices=[kind.value for kind in Kind], help="only this one")
    parser.add_argument("--quick", action="store_true", help="only the points of the suite's own tests")
    parsed = parser.parse_args()
    chosen = [each for each in points() if not parsed.kind or each.kind.value in parsed.kind]
    chosen = [each for each in chosen if each.is_quick or not parsed.quick]
    began = time.monotonic()
    rows: list[tuple[Point, str, float]] = []
    with open_place() as place:
        for point, outcome, seconds in outcomes(chosen, place):
            rows.append((point, outcome, seconds))
            print(f"  {point.kind:8} {point.says:60} {outcome}  ({seconds:.1f} s)", flush=True)
    _show(rows)
    clean = sum(outcome in CLEAN for _, outcome, _ in rows)
    finish({"points": len(rows), "clean": clean, "seconds": round(time.monotonic() - began, 1)})
    return 0 if clean == len(rows) else 1


def _show(rows: list[tuple[Point, str, float]]) -> None:
    table = []
    for kind in dict.fromkeys(point.kind for point, _, _ in rows):
        found = Counter(outcome if outcome in CLEAN else "neither" for point, outcome, _ in rows if point.kind is kind)
        table.append([kind.value, found.total(), found["before"], found["after"], found["neither"]])
    show("killed and recovered", ["kind", "points", "before", "after", "neither"], table)


if __name__ == "__main__":
    sys.exit(main())
