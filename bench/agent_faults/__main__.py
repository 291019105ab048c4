"""
Every function of the agent fails in turn, in servers that are asked a fixed set of requests: is each one answered as
before?

What can fail is found by running: all that a server passes from its start to its last answer, with PostgreSQL through
three drivers, and with two ORMs. What it passes while it answers fails in a server that runs, what it passes at its
start in a server of its own. `as before`: every answer is the one without the agent (the rules' own work may be
missing), and the agent says so once. `cut short`: a compressor fails when a part of its answer is out; that cannot be
taken back, and is said.
usage: python -m bench agent_faults [--kind MemoryError …] [--only WSGI] [--boots-per-kind 1000]
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.agent_cost.__main__ import database
from bench.agent_faults.injection import KINDS, Outcome, Round, exchanges
from bench.differential.applications import FIRST, MORE
from bench.tables import finish, show

SERVERS = {
    "plain ASGI, uvicorn": ("psycopg", "asyncpg", "psycopg2", "sqlalchemy", "django"),
    "plain WSGI, gunicorn": ("psycopg", "psycopg2", "sqlalchemy", "django"),
    "plain WSGI, waitress": ("psycopg", "psycopg2"),
}
GOOD = ("as before", "cut short", "not reached")


def parsed() -> argparse.Namespace:
    """
    What is asked for.
    """
    parser = argparse.ArgumentParser(prog="bench agent_faults", description="Each function of the agent fails in turn.")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this exception")
    parser.add_argument("--only", default="", help="servers whose name holds this")
    parser.add_argument("--boots-per-kind", type=int, default=1000, help="at most so many starts")
    return parser.parse_args()


def outcomes(name: str, url: str, kinds: list[str], most_boots: int) -> list[Outcome]:
    """
    What came of every point of one server.
    """
    application = next(each for each in [*FIRST, *MORE] if each.name == name)
    found = []
    with tempfile.TemporaryDirectory(prefix="hasten-faults-") as folder:
        interface = "asgi" if "ASGI" in name else "wsgi"
        asked = Round(application, exchanges(SERVERS[name], interface), Path(folder), DATABASE_URL=url)
        at_start, answering = asked.recorded()
        for outcome in [*asked.boot(at_start[:most_boots], kinds), *asked.warm(answering, kinds)]:
            found.append(outcome)
            if outcome.verdict not in GOOD:
                print(f"{name}: {outcome.verdict}: {outcome.point} {outcome.said}\n{outcome.wrong}", file=sys.stderr)
    print(f"{name}: {Counter(outcome.verdict for outcome in found)}", file=sys.stderr, flush=True)
    return found


def main() -> int:
    """
    The table and the JSON line are printed; 1 if an answer differs, or a fault is not said, or said twice.
    """
    options = parsed()
    began = time.monotonic()
    kinds = options.kind or list(KINDS)
    with database() as (_, url):
        found = {name: outcomes(name, url, kinds, options.boots_per_kind) for name in SERVERS if options.only in name}
    rows = []
    for name, each in found.items():
        for kind in kinds:
            counted = Counter(outcome.verdict for outcome in each if outcome.kind == kind)
            bad = counted.total() - sum(counted[good] for good in GOOD)
            rows.append([f"{name}: {kind}", counted.total(), *(counted[good] for good in GOOD), bad])
    show("a function of the agent fails", ["server: exception", "points", *GOOD, "otherwise"], rows)
    total = Counter(outcome.verdict for each in found.values() for outcome in each)
    finish(
        {
            "points": total.total(),
            "functions": len({outcome.point.partition("#")[0] for each in found.values() for outcome in each}),
            "as_before": total["as before"],
            "cut_short": total["cut short"],
            "not_reached": total["not reached"],
            "otherwise": total.total() - sum(total[good] for good in GOOD),
            "seconds": round(time.monotonic() - began, 1),
        }
    )
    return 0 if total.total() and set(total) <= set(GOOD) else 1


if __name__ == "__main__":
    sys.exit(main())
