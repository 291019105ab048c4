"""
Killed anywhere, then recovered: is the application in the before or the after state? For every kind of change, and for
a change of the schema both with clones and on the live database by turns (switch-back).

Hasten is killed with SIGKILL around every entry of its ledger and inside of every step; PostgreSQL, Valkey and the
application in the middle of a trial. What is left is compared with what was there as the laws compare it.
usage: python -m bench crash_matrix [--patient files …] [--quick]
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.crash_matrix.judge import outcome_of
from bench.crash_matrix.points import Patient, Point, points
from bench.crash_matrix.scenes import make
from bench.crash_matrix.without_hasten import seconds_until_plain
from bench.tables import finish, show

CLEAN = ("before", "after")
#: Within this a policy must be back with the control plane down.
REVERT_S = 1.0


@contextmanager
def open_place() -> Iterator[Path]:
    """
    A folder that the servers' user may pass through, gone at the end of the block.
    """
    folder = Path(tempfile.mkdtemp(prefix="hasten-matrix-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Matrix:
    """
    What came of it. `rows`: each point with its outcome and its seconds. `plain_s`: seconds until a policy was back.
    """

    rows: list[tuple[Point, str, float]] = field(default_factory=list)
    plain_s: dict[str, float] = field(default_factory=dict)

    def fill(self, chosen: list[Point], place: Path) -> None:
        """
        Every point was reached, patient by patient.
        """
        for patient in dict.fromkeys(point.patient for point in chosen):
            original = make(patient, place)
            if patient is Patient.POLICY:
                self.plain_s = seconds_until_plain(original)
            for point in [each for each in chosen if each.patient is patient]:
                begun = time.monotonic()
                self.add(point, outcome_of(point, original), time.monotonic() - begun)

    def add(self, point: Point, outcome: str, seconds: float) -> None:
        """
        One more point, printed as it comes.
        """
        self.rows.append((point, outcome, seconds))
        print(f"  {point.patient:11} {point.says:60} {outcome}  ({seconds:.1f} s)", flush=True)

    @property
    def clean(self) -> int:
        """
        Points that ended before or after, with nothing left over.
        """
        return sum(outcome in CLEAN for _, outcome, _ in self.rows)

    def show(self) -> None:
        """
        The tables.
        """
        table = []
        for patient in dict.fromkeys(point.patient for point, _, _ in self.rows):
            outcomes = [outcome for point, outcome, _ in self.rows if point.patient is patient]
            found = Counter(outcome if outcome in CLEAN else "neither" for outcome in outcomes)
            table.append([patient.value, found.total(), found["before"], found["after"], found["neither"]])
        show("killed and recovered", ["patient", "points", "before", "after", "neither"], table)
        if self.plain_s:
            lines = [[way, seconds] for way, seconds in self.plain_s.items()]
            show("a policy goes back while no Hasten runs", ["what was done", "s until it is obeyed"], lines)


def main() -> int:
    """
    The table and the JSON line are printed; 1 if any point was not clean.
    """
    parser = argparse.ArgumentParser(prog="bench crash_matrix", description="Killed anywhere: before or after?")
    parser.add_argument("--patient", action="append", choices=[each.value for each in Patient], help="only this one")
    parser.add_argument("--quick", action="store_true", help="only the points of the suite's own tests")
    parsed = parser.parse_args()
    chosen = [each for each in points() if not parsed.patient or each.patient.value in parsed.patient]
    chosen = [each for each in chosen if each.is_quick or not parsed.quick]
    began = time.monotonic()
    matrix = Matrix()
    with open_place() as place:
        matrix.fill(chosen, place)
    matrix.show()
    finish(
        {
            "points": len(matrix.rows),
            "clean": matrix.clean,
            "policy_revert_s": max(matrix.plain_s.values(), default=None),
            "seconds": round(time.monotonic() - began, 1),
        }
    )
    is_soon = all(seconds < REVERT_S for seconds in matrix.plain_s.values())
    return 0 if matrix.clean == len(matrix.rows) and is_soon else 1


if __name__ == "__main__":
    sys.exit(main())
