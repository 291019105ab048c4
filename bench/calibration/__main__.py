"""
How often is the judge wrong, and how soon is it right? On machines that drift, and on slowdesk.

Every cell is a kind of drift. On the same simulated requests the judge sees blocks of five seconds and a split of every
second, with a candidate that does nothing, takes 10 or 20 % less, or 20 % more; beside it stand the judges that others
use. Fractions are of trials, `…_max` and `…_min` the worst cell.
usage: python -m bench calibration [--runs 4000] [--seed 20260901] [--simulated-only]
"""

import argparse
import sys
import time
from dataclasses import dataclass, field

import numpy as np

from bench.calibration import judges
from bench.calibration.judges import Judged, Pace
from bench.calibration.machine import BLOCK_S, CELLS, RATE, SPLIT_S, Cell, Seen, simulated
from bench.tables import finish, show
from hasten.model import Ending
from hasten.verify.harm import WINDOW_S

#: What a policy change has to gain (hasten.optimize.about).
LEAST_GAIN = 0.05
#: A pair of blocks lasts twice a block; in the split both arms have every second.
PACES = {"split": Pace(SPLIT_S, SPLIT_S * RATE // 2), "blocks": Pace(2 * BLOCK_S, BLOCK_S * RATE)}
EFFECTS = {"nothing": 1.0, "-10 %": 0.9, "-20 %": 0.8, "+20 %": 1.2}


@dataclass
class Figures:
    """
    Fractions of trials in one cell, by name.
    """

    cell: Cell
    of: dict[str, float] = field(default_factory=dict)


def figures(cell: Cell, seen: Seen) -> Figures:
    """
    All that is told of one cell.
    """
    found = Figures(cell)
    for mode, pace in PACES.items():
        control, candidate = seen.split if mode == "split" else seen.blocks
        for effect, ratio in EFFECTS.items():
            judged = judges.judged(control, ratio * candidate, pace, least_gain=LEAST_GAIN)
            found.of |= {f"{mode} {effect} {name}": value for name, value in _told(judged, pace).items()}
        any_gain = judges.judged(control, candidate, pace, least_gain=0.0)
        found.of[f"{mode} nothing kept for any gain"] = float(any_gain.kept.mean())
        found.of[f"{mode} nothing kept by peeking"] = float(judges.peeking(control, candidate).mean())
    for effect, ratio in EFFECTS.items():
        found.of[f"before/after {effect}"] = float(judges.before_after(seen.p95, ratio).mean())
        found.of[f"Welch {effect}"] = float(judges.welch(seen.halves, ratio).mean())
        found.of[f"Welch, 20 % {effect}"] = float(judges.welch(seen.halves, ratio, 0.20).mean())
    return found


def _told(judged: Judged, pace: Pace) -> dict[str, float]:
    in_time = judged.alarm_at <= round(WINDOW_S / pace.pair_s)
    harmful = np.array([ending is Ending.HARM for ending in judged.ended])
    return {
        "kept": float(judged.kept.mean()),
        "alarmed": float((judged.alarm_at <= judged.pairs).mean()),
        "caught in a minute": float(in_time.mean()),
        "caught": float(harmful.mean()),
        "pairs": float(judged.pairs.mean()),
    }


def print_tables(found: list[Figures]) -> None:
    """
    What is kept, what is caught, and what others keep, cell by cell.
    """
    _print("kept by the judge (least gain 5 %)", found, {
        "nothing, split": "split nothing kept", "blocks": "blocks nothing kept",
        "any gain, split": "split nothing kept for any gain", "any gain, blocks": "blocks nothing kept for any gain",
        "-10 %, split": "split -10 % kept", "-10 %, blocks": "blocks -10 % kept",
        "-20 %, split": "split -20 % kept", "-20 %, blocks": "blocks -20 % kept",
    })  # fmt: skip
    _print("harm of 20 %, and alarms where there is none", found, {
        "caught in 60 s, split": "split +20 % caught in a minute", "blocks": "blocks +20 % caught in a minute",
        "caught in all, split": "split +20 % caught", "in all, blocks": "blocks +20 % caught",
        "false alarms, split": "split nothing alarmed", "alarms, blocks": "blocks nothing alarmed",
    })  # fmt: skip
    _print("what others keep on the same data: of nothing", found, {
        "before/after p95": "before/after nothing", "Welch": "Welch nothing", "Welch, 20 % bar": "Welch, 20 % nothing",
        "95 % after each pair, split": "split nothing kept by peeking", "blocks": "blocks nothing kept by peeking",
    })  # fmt: skip
    _print("… of 10 and 20 %", found, {
        "before/after, -10 %": "before/after -10 %", "-20 %": "before/after -20 %", "Welch, -10 %": "Welch -10 %",
        "Welch, -20 %": "Welch -20 %", "20 % bar, -10 %": "Welch, 20 % -10 %", "bar, -20 %": "Welch, 20 % -20 %",
    })  # fmt: skip
    rows = [
        [each.cell.name, *(f"{each.of[f'{mode} {effect} pairs']:.1f}" for mode in PACES for effect in EFFECTS)]
        for each in found
    ]
    show("pairs until the end of a trial", ["drift", *(f"{mode} {e}" for mode in PACES for e in EFFECTS)], rows)


def _print(heading: str, found: list[Figures], columns: dict[str, str]) -> None:
    rows = [[each.cell.name, *(f"{100 * each.of[name]:.2f} %" for name in columns.values())] for each in found]
    show(heading, ["drift", *columns], rows)


def summary(found: list[Figures]) -> dict[str, float]:
    """
    The worst cell of each figure.
    """

    def worst(names: list[str], pick: object) -> float:
        assert callable(pick)
        return float(pick(each.of[name] for each in found for name in names))

    both = ("split", "blocks")
    return {
        "aa_false_keep_max": worst([f"{mode} nothing kept" for mode in both], max),
        "aa_false_keep_any_gain_max": worst([f"{mode} nothing kept for any gain" for mode in both], max),
        "aa_false_keep_any_gain_mean": float(
            np.mean([each.of[f"{mode} nothing kept for any gain"] for each in found for mode in both])
        ),
        "kept_at_minus_10": worst([f"{mode} -10 % kept" for mode in both], min),
        "kept_at_minus_20": worst([f"{mode} -20 % kept" for mode in both], min),
        "harm_caught": worst(["split +20 % caught in a minute"], min),
        "harm_caught_blocks_min": worst(["blocks +20 % caught in a minute"], min),
        "harm_caught_by_last_look_min": worst([f"{mode} +20 % caught" for mode in both], min),
        "false_alarm_max": worst([f"{mode} nothing alarmed" for mode in both], max),
        "before_after_false_keep_max": worst(["before/after nothing"], max),
        "welch_false_keep_max": worst(["Welch nothing"], max),
        "welch_bar_false_keep_max": worst(["Welch, 20 % nothing"], max),
        "peeking_false_keep_max": worst([f"{mode} nothing kept by peeking" for mode in both], max),
    }


def main() -> int:
    """
    All cells were simulated, slowdesk was tried, the tables and the JSON line are printed.
    """
    parser = argparse.ArgumentParser(prog="bench calibration", description="How often is the judge wrong?")
    parser.add_argument("--runs", type=int, default=4000, help="trials per cell and effect")
    parser.add_argument("--seed", type=int, default=20260901)
    parser.add_argument("--simulated-only", action="store_true", help="leave out slowdesk")
    options = parser.parse_args()
    began = time.monotonic()
    found = []
    for cell in CELLS:
        found.append(figures(cell, simulated(cell, options.runs, options.seed)))
        print(f"  {cell.name}: {options.runs:,} machines, {time.monotonic() - began:.0f} s", flush=True)
    print_tables(found)
    result: dict[str, float | int | bool | str | None] = {**summary(found), "runs": options.runs, "cells": len(CELLS)}
    if not options.simulated_only:
        result |= _real()
    finish({**result, "seconds": round(time.monotonic() - began, 1)})
    return 0


def _real() -> dict[str, str | float | bool]:
    # Servers are needed for this part only.
    from bench.calibration import real

    nothing, index = real.trials()
    return {
        "slowdesk_aa_verdict": str(nothing.decision.verdict),
        "slowdesk_index_verdict": str(index.decision.verdict),
        "slowdesk_index_pairs": len(index.trial.blocks),
        "slowdesk_index_seconds": round(index.seconds, 1),
        "slowdesk_recomputed_same": nothing.is_the_same and index.is_the_same,
    }


if __name__ == "__main__":
    sys.exit(main())
