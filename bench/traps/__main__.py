"""
Changes that look fast and are wrong, each really run and judged by the code that ships; and honest ones that must stay.

usage: python -m bench traps [--only WORD]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.tables import finish, show
from bench.traps import http_cases, http_run, sql_cases
from bench.traps.case import Outcome
from bench.traps.desk import create

Run = Callable[[], Outcome]


def main() -> int:
    """
    All ran, the tables and the JSON line are printed; 1 if anything was not judged as it must be.
    """
    parser = argparse.ArgumentParser(prog="bench traps", description="Is what is fast and wrong rejected?")
    parser.add_argument("--only", default="", help="a part of the names of those to run")
    only = parser.parse_args().only.lower()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hasten-traps-") as folder:
        place = Path(folder)
        place.chmod(0o755)  # PostgreSQL runs as another user where this is root
        create(str(place / "desk.sqlite"))
        runs: list[tuple[str, Run]] = [
            (case.name, partial(http_run.run, case, place / "desk.sqlite"))
            for case in (*http_cases.TRAPS, *http_cases.HONEST)
        ]
        with sql_cases.runs(place / "postgres") as more:
            outcomes = [told(run()) for name, run in [*runs, *more] if only in name.lower()]
    traps = [outcome for outcome in outcomes if not outcome.expected.is_kept]
    honest = [outcome for outcome in outcomes if outcome.expected.is_kept]
    table("wrong: each must go, for the reason beside it", traps)
    table("honest: each must stay", honest)
    finish(summary(traps, honest, time.monotonic() - began))
    good = all(each.has_right_reason and not each.is_kept for each in traps) and all(each.is_kept for each in honest)
    return 0 if good else 1


def told(outcome: Outcome) -> Outcome:
    """
    The outcome, after a line about it.
    """
    print(f"  {outcome.name}: {outcome.decision.verdict} ({outcome.decision.rule}) {outcome.seconds:.1f} s", flush=True)
    return outcome


def table(title: str, outcomes: list[Outcome]) -> None:
    """
    One line for each.
    """
    rows = []
    for each in outcomes:
        effect = each.trial.effect
        time_ratio = f"× {effect.ratio:.2f}" if effect else None
        is_right = "yes" if each.has_right_reason else f"no: {each.expected.rule} {each.expected.word}"
        rows.append([each.name, time_ratio, each.looks, each.decision.verdict.value, each.decision.rule, is_right])
    show(title, ["change", "time", "by speed alone", "verdict", "rule", "as expected"], rows)
    for each in outcomes:
        print(f"  {each.name} ({each.what}): {each.decision.reason}")


def summary(traps: list[Outcome], honest: list[Outcome], seconds: float) -> dict[str, float | int | None]:
    """
    The numbers for programs.
    """
    return {
        "traps": len(traps),
        "rejected": sum(not each.is_kept for each in traps),
        "right_reason": sum(each.has_right_reason and not each.is_kept for each in traps),
        "kept_by_speed_alone": sum(each.looks == "KEEP" for each in traps),
        "honest": len(honest),
        "honest_kept": sum(each.is_kept for each in honest),
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
