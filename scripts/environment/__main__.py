"""
Runs set-up: checks the machine, makes what is not made yet, and says what was done.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from scripts.environment.display import Display
from scripts.environment.lanes import Outcome, all_lanes, in_place, work
from scripts.environment.needs import Missing, missing
from scripts.environment.steps import Step

WHAT = "Put everything in place that `make demo` and `make test` need."
GROUPS = ["hasten", "dev", "bench"]
ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """
    Leave everything in place, or say what is missing and exit with 1.
    """
    options = _options()
    begin = time.monotonic()
    lanes = all_lanes(ROOT, options.group, browser=options.browser)
    todo = [step for lane in lanes for step in lane if not in_place(step, ROOT)]
    lacking = missing(ROOT, downloads=bool(todo))
    if lacking:
        return _say_missing(lacking, as_json=options.json)
    if options.dry_run:
        return _say_plan(todo, as_json=options.json)
    try:
        with Display(quiet=options.json) as display:
            outcomes = work(lanes, ROOT, display)
    except KeyboardInterrupt:
        print("\nSet-up was ended. What is finished stays; run it again to go on from here.", file=sys.stderr)
        return 130
    return _say_end(outcomes, time.monotonic() - begin, as_json=options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/setup", description=WHAT)
    parser.add_argument("--for", dest="group", choices=GROUPS, default=GROUPS[0], help="which lock file to follow")
    parser.add_argument("--browser", action="store_true", help="install the browser although the system has one")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    return parser.parse_args()


def _say_missing(lacking: list[Missing], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"ok": False, "missing": [asdict(one) for one in lacking]}))
        return 1
    width = max(len(one.what) for one in lacking)
    print("Set-up cannot start:", file=sys.stderr)
    for one in lacking:
        print(f"  {one.what:<{width}}  {one.why}. {one.get}", file=sys.stderr)
    return 1


def _say_plan(todo: list[Step], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"ok": True, "planned": [step.name for step in todo]}))
        return 0
    for step in todo:
        print(f"would make: {step.says}")
    if not todo:
        print("Set-up: everything is in place.")
    return 0


def _say_end(outcomes: list[Outcome], seconds: float, *, as_json: bool) -> int:
    failed = [one for one in outcomes if one.state == "failed"]
    if as_json:
        steps = [asdict(one) for one in outcomes]
        print(json.dumps({"ok": not failed, "seconds": round(seconds, 2), "steps": steps}))
        return 1 if failed else 0
    for one in failed:
        print(f"\n{one.name} failed: {one.reason}", file=sys.stderr)
    if failed:
        print("\nWhat is finished stays; run it again to go on from here.", file=sys.stderr)
        return 1
    made = any(one.state == "done" for one in outcomes)
    print(f"Set-up: {'everything is in place now' if made else 'everything is in place'} ({seconds:.1f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
