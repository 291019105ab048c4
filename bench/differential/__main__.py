"""
Example applications with the agent and without: thousands of requests each, over the wire, and every byte compared.

Arms: the server alone, twice (what those two differ in is chance); the agent that only counts; a policy whose rules and
whose candidate match nothing; compression and cache headers for everything, where only what they add may differ.
An answer that a server cuts where chance has it is asked for until it is all there: `cutting` says when, and why.
usage: python -m bench differential [--requests 5000] [--only Flask …] [--seed 1]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.differential.applications import FIRST, MORE
from bench.differential.arms import ARMS, RULES
from bench.differential.run import Result, compared
from bench.differential.slowdesk import compared_slowdesk
from bench.tables import finish, show

SLOWDESK = "slowdesk"


def parsed() -> argparse.Namespace:
    """
    What is asked for.
    """
    parser = argparse.ArgumentParser(prog="bench differential", description="Each answer is the one without the agent?")
    parser.add_argument("--requests", type=int, default=5000, help="of each application, in each arm")
    parser.add_argument("--only", action="append", help="applications whose name holds this")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    """
    The table and the JSON line are printed; 1 if anything differs, or if an agent was not there.
    """
    options = parsed()
    began = time.monotonic()
    results: list[Result] = []
    for application in [*FIRST, *MORE]:
        if _is_wanted(application.name, options.only):
            with tempfile.TemporaryDirectory(prefix="hasten-differential-") as folder:
                results.append(_told(compared(application, ARMS, options.requests, options.seed, Path(folder))))
    if _is_wanted(SLOWDESK, options.only):
        results.append(_told(compared_slowdesk(options.requests, options.seed)))
    _show(results)
    finish(
        {
            "applications": len(results),
            "requests": sum(result.requests for result in results),
            "comparisons": sum(result.requests * len(result.different) for result in results),
            "different": sum(sum(result.different.values()) for result in results),
            "by_chance": sum(result.by_chance for result in results),
            "rewritten": sum(result.rewritten for result in results),
            "complaints": sum(len(result.complaints) for result in results),
            "least_requests": min((result.requests for result in results), default=0),
            "seconds": round(time.monotonic() - began, 1),
        }
    )
    return 0 if results and all(result.is_good for result in results) else 1


def _is_wanted(name: str, only: list[str] | None) -> bool:
    return not only or any(each in name for each in only)


def _told(result: Result) -> Result:
    print(f"{result.name}: {result.requests} requests, different: {result.different}", file=sys.stderr, flush=True)
    for each in [*result.shown, *result.complaints]:
        print(each, file=sys.stderr, flush=True)
    return result


def _show(results: list[Result]) -> None:
    arms = ARMS[1:]
    rows = []
    for each in results:
        counts = [each.different[arm] for arm in arms]
        rows.append([each.name, each.requests, len(each.statuses), *counts, each.by_chance, each.rewritten])
    columns = ["application, server", "requests", "statuses", *arms, "chance", "rewritten"]
    show(f"exchanges that differ from those without the agent; rewritten: by {RULES}, as they may", columns, rows)


if __name__ == "__main__":
    sys.exit(main())
