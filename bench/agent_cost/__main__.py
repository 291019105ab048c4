"""
The agent's price, arm by arm: a process without it, one with a policy that has no rule for what is asked, one with
telemetry, one under OpenTelemetry; and once more one without, which shows by how much two processes differ that do the
same.

Turns are short and in random order, so what disturbs the machine disturbs all arms alike. Where things lie in memory
makes tens of microseconds between two processes, so generations are fresh ones: the price of an arm is the mean over
them of its median turn less that of the arm without the agent, and its error comes from their spread.
Servers, database and client share one processor. Left to the kernel they begin a turn on one and go on on two, where
a request with five statements takes 750 µs and not 520: more than what any of this is about.

otel_us is null unless --otel-python names an interpreter that has what bench/agent_cost/opentelemetry.txt lists.
usage: python -m bench agent_cost [--generations 16] [--rounds 20] [--otel-python PATH]
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.agent_cost.servers import BARE, CONTROL, OTEL, PASSTHROUGH, TELEMETRY, Server, serving
from bench.agent_cost.starts import boot_ms
from bench.tables import finish, show
from hasten.world.cluster import Cluster
from hasten.world.supervisor import Supervisor

#: Requests of one turn: less than a tenth of a second, so that what disturbs the machine disturbs all arms alike.
TURN = {"/plain/7": 200, "/five/7": 60}
#: Before each turn, for other processes had the caches.
AGAIN = 5
WARM = 600
ORDER = [BARE, CONTROL, PASSTHROUGH, TELEMETRY, OTEL]
STATEMENTS = 5
TEXTS = 1_000

#: arm → path → microseconds of processor time per request, one for each turn of one generation.
Turns = dict[str, dict[str, list[float]]]


@contextmanager
def database() -> Iterator[tuple[Path, str]]:
    """
    A folder, and the URL of a private PostgreSQL with a small table in it; both are gone at the end of the block.
    """
    with tempfile.TemporaryDirectory(prefix="hasten-cost-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Supervisor(folder / ".hasten") as supervisor:
            cluster = Cluster.create(folder / "cluster", settings={"shared_buffers": "64MB", "fsync": "off"})
            try:
                cluster.start(supervisor)
                made = cluster.create_database("cost")
                made.run(
                    "CREATE TABLE item AS SELECT id, 'item ' || id AS name, id * 7 AS price_cents"
                    " FROM generate_series(1, 1000) AS id; ALTER TABLE item ADD PRIMARY KEY (id); ANALYZE item"
                )
                yield folder, made.dsn
            finally:
                cluster.delete()


def generation(servers: dict[str, Server], rounds: int, source: random.Random) -> Turns:
    """
    What a request cost in each turn of each arm.
    """
    found: Turns = {arm: {path: [] for path in TURN} for arm in servers}
    for server in servers.values():
        for path in TURN:
            server.ask(path, WARM)
    for _ in range(rounds):
        for path, count in TURN.items():
            for arm in source.sample(list(servers), len(servers)):
                server = servers[arm]
                server.ask(path, AGAIN)
                before = server.cpu_ns()
                server.ask(path, count)
                found[arm][path].append((server.cpu_ns() - before) / count / 1000)
    return found


def memory_mb(servers: dict[str, Server]) -> float:
    """
    How much more memory the process with the agent has, after a thousand different statements in both.
    """
    for arm in (BARE, TELEMETRY):
        for start in range(0, TEXTS, 100):
            servers[arm].ask(f"/texts/{start}/100")
    # The snapshot that is due then is part of the price.
    time.sleep(4)
    for arm in (BARE, TELEMETRY):
        servers[arm].ask("/plain/7", 10)
    return (servers[TELEMETRY].anonymous_kb() - servers[BARE].anonymous_kb()) / 1024


def more(turns: list[Turns], arm: str, path: str) -> list[float]:
    """
    By how many microseconds a request is dearer in that arm, one number for each generation.
    """
    return [statistics.median(each[arm][path]) - statistics.median(each[BARE][path]) for each in turns]


def show_all(turns: list[Turns]) -> None:
    """
    A table for each route.
    """
    for path in TURN:
        rows = []
        for arm in sorted(turns[0], key=ORDER.index):
            levels = [statistics.median(each[arm][path]) for each in turns]
            differences = more(turns, arm, path)
            low, high = min(differences), max(differences)
            spread = "" if arm == BARE else f"{low:+.1f} … {high:+.1f}"
            price = None if arm == BARE else statistics.fmean(differences)
            error = None if arm == BARE or len(turns) < 2 else statistics.stdev(differences) / len(turns) ** 0.5
            rows.append([arm, statistics.fmean(levels), price, error, spread])
        columns = ["", "µs each", "more", "± standard error", "generations, lowest … highest"]
        show(f"processor time of the server per request of {path}", columns, rows)


def parsed() -> argparse.Namespace:
    """
    What is asked for.
    """
    parser = argparse.ArgumentParser(prog="bench agent_cost", description="What does the agent cost?")
    parser.add_argument("--generations", type=int, default=16, help="fresh servers so many times")
    parser.add_argument("--rounds", type=int, default=20, help="turns of each arm in a generation")
    parser.add_argument("--boots", type=int, default=20, help="starts of an interpreter, with and without the agent")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--otel-python", default=None, help="an interpreter with OpenTelemetry in its environment")
    return parser.parse_args()


def main() -> int:
    """
    All arms ran, the tables and the JSON line are printed.
    """
    options = parsed()
    source = random.Random(options.seed)
    # Whatever is started from here inherits it.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    processes = [BARE, CONTROL, PASSTHROUGH, TELEMETRY, *([OTEL] if options.otel_python else [])]
    turns: list[Turns] = []
    memory: list[float] = []
    with database() as (folder, url):
        for number in range(options.generations):
            order = source.sample(processes, len(processes))
            with serving(order, folder, url, options.otel_python) as servers:
                turns.append(generation(servers, options.rounds, source))
                if number < 3:
                    memory.append(memory_mb(servers))
            print(f"generation {number + 1} of {options.generations}", file=sys.stderr, flush=True)
        interpreter_ms, wrapping_ms = boot_ms(folder, options.boots, options.seed)
    show_all(turns)
    show(
        "start and memory",
        ["", "more"],
        [
            ["start of an interpreter, ms", interpreter_ms],
            ["wrapping an application, ms", wrapping_ms],
            [f"memory after {TEXTS} different statements, MB", statistics.median(memory)],
        ],
    )
    finish(summary(turns) | {"boot_ms": interpreter_ms + wrapping_ms, "rss_mb": statistics.median(memory)})
    return 0


def summary(turns: list[Turns]) -> dict[str, float | int | None]:
    """
    The prices in microseconds. telemetry_us holds the passing through, too; statement_us is what each of five adds.
    """
    plain, five = TURN
    with_five = statistics.fmean(more(turns, TELEMETRY, five))
    without = statistics.fmean(more(turns, TELEMETRY, plain))
    return {
        "telemetry_us": with_five,
        "passthrough_us": statistics.fmean(more(turns, PASSTHROUGH, plain)),
        "statement_us": (with_five - without) / STATEMENTS,
        "telemetry_without_statements_us": without,
        "telemetry_error_us": statistics.stdev(more(turns, TELEMETRY, five)) / len(turns) ** 0.5,
        "another_process_us": statistics.fmean(more(turns, CONTROL, five)),
        "otel_us": statistics.fmean(more(turns, OTEL, five)) if OTEL in turns[0] else None,
        "generations": len(turns),
    }


if __name__ == "__main__":
    sys.exit(main())
