"""
Locust as the second engine: user journeys, and more than one machine.

Locust's users wait for their answer before they ask again, so a slow server slows the questions down with it: the
result is marked `closed_loop`, and its latencies count from the actual sending.
"""

import contextlib
import importlib.util
import math
import os
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from hasten.errors import Interrupted, Missing, NoData, Unreachable
from hasten.log import operation, redact
from hasten.world.load.connection import says_hit
from hasten.world.load.plan import LoadPlan, check_plan
from hasten.world.load.result import Flag, LoadProgress, LoadResult, Outcome, Records
from hasten.world.load.run import SPARE_S, OnProgress, Renew

#: Other machines have to start their Locust and join before the first request.
JOIN_S = 60.0
#: Users per request per second: enough for answers of ten seconds, within what one process carries.
USERS_PER_RATE = 10
MAX_USERS = 500


class Row(msgspec.Struct, frozen=True):
    """
    One request as `journey.py` notes it; `start` in seconds of the wall clock.
    """

    route: str
    method: str
    start: float
    seconds: float
    status: int
    bytes: int
    error: str
    cache: dict[str, str]


def run_locust(
    plan: LoadPlan,
    on_progress: OnProgress | None = None,
    *,
    renew: Renew | None = None,  # noqa: ARG001 -- sessions are those of the start; `run_load` can renew them
    locustfile: Path | None = None,
    workers: int = 0,
    bind: str = "127.0.0.1",
    port: int = 5557,
) -> LoadResult:
    """
    The load was sent by Locust, and this is what came back.

    Args:
        locustfile: Journeys of your own, instead of the plan's requests; rate and credentials are then theirs.
        workers: Machines that take part, each started with `locust -f - --worker --master-host …`; 0: this one alone.
        bind: The address that workers find the master at.

    Raises:
        Missing: Locust is not installed. NoData: it ended without a single request.
        ConfigError, NotAllowed, Unreachable, Interrupted: as `run_load`.
    """
    check_plan(plan)
    if importlib.util.find_spec("locust") is None:
        raise Missing("Locust is not installed", hint="pip install 'hasten[locust]', or set engine = \"hasten\"")
    distributed = ["--master", "--expect-workers", str(workers)] if workers else []
    distributed += ["--master-bind-host", bind, "--master-bind-port", str(port)] if workers else []
    with operation("load with locust", url=plan.base_url, rate_per_s=plan.rate_per_s) as facts:
        with tempfile.TemporaryDirectory(prefix="hasten-locust-") as folder:
            rows = _run(plan, on_progress, Path(folder), locustfile, distributed)
        facts["requests"] = len(rows)
    if not rows:
        raise NoData("Locust ended without a single request", hint="run your locustfile with `locust` to see why")
    return result_of(plan, rows)


def _run(
    plan: LoadPlan, on_progress: OnProgress | None, folder: Path, locustfile: Path | None, distributed: list[str]
) -> list[Row]:
    users = max(1, min(plan.max_in_flight, MAX_USERS, math.ceil(plan.rate_per_s * USERS_PER_RATE)))
    # Of a name that nobody else has: Locust writes it into the common temporary folder of the other machines.
    own = folder / f"{folder.name.replace('-', '_')}.py"
    own.touch(mode=0o600)  # it holds the credentials of the test identities
    own.write_text(_journey(plan, users, own_journeys=locustfile is not None), encoding="utf-8")
    files = f"{own},{locustfile.resolve()}" if locustfile else str(own)
    found = folder / "rows.jsonl"
    command = [sys.executable, "-m", "locust", "-f", files, "--headless", "--host", plan.base_url.rstrip("/")]
    command += ["--users", str(users), "--spawn-rate", f"{max(plan.rate_per_s, 0.1):g}"]
    command += ["--run-time", f"{math.ceil(plan.total_s)}s", "--stop-timeout", str(math.ceil(plan.timeout_s))]
    command += ["--only-summary", "--loglevel", "WARNING", "--exit-code-on-error", "0", *distributed]
    with tempfile.TemporaryFile() as said, _process(command, folder, found, said) as process:
        _wait(process, plan, on_progress, JOIN_S if distributed else 0.0)
        said.seek(0)
        last = said.read()[-2000:].decode(errors="replace").strip().splitlines()[-1:]
    if process.returncode != 0 or not found.exists():
        raise Unreachable(
            f"Locust ended with {process.returncode}" + (f": {redact(last[0])}" if last else ""),
            hint="a negative number is a signal; otherwise check the locustfile and that `locust --version` works",
        )
    decoder = msgspec.json.Decoder(Row)
    with found.open("rb") as file:
        return sorted((decoder.decode(line) for line in file), key=lambda row: row.start)


def _journey(plan: LoadPlan, users: int, *, own_journeys: bool) -> str:
    settings = {
        "requests": [] if own_journeys else plan.requests,
        "credentials": plan.credentials,
        "seed": plan.seed,
        "timeout_s": plan.timeout_s,
        "verify_tls": plan.verify_tls,
        "rate_per_user": plan.rate_per_s / users,
    }
    source = Path(__file__).with_name("journey.py").read_text(encoding="utf-8")
    text = msgspec.json.encode(settings).decode()
    return source.replace("PLAN = {}", f"PLAN = json.loads({text!r})", 1)


@contextlib.contextmanager
def _process(command: list[str], folder: Path, rows: Path, said: IO[bytes]) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "HASTEN_LOCUST_ROWS": str(rows)},
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", plan: LoadPlan, on_progress: OnProgress | None, join_s: float) -> None:
    started = time.monotonic()
    deadline = started + plan.total_s + plan.timeout_s + SPARE_S + join_s
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
            return
        elapsed = time.monotonic() - started
        if time.monotonic() > deadline:
            raise Interrupted("Locust did not end in time and was ended", hint="lower [traffic] timeout_s")
        if on_progress is not None:
            # Locust tells its numbers at the end; until then only the time is known.
            on_progress(LoadProgress(elapsed_s=elapsed, total_s=plan.total_s))


def result_of(plan: LoadPlan, rows: list[Row]) -> LoadResult:
    """
    Locust's requests in the form of the own generator's.
    """
    methods = {row.route: row.method for row in rows}
    routes = sorted(methods)
    number = {route: index for index, route in enumerate(routes)}
    start = rows[0].start
    knowing = {request.name for request in plan.requests if request.principal in plan.credentials}
    never = array("d", [math.nan]) * len(rows)
    intended = array("d", (row.start - start for row in rows))
    outcomes = [_outcome(row, plan, known=row.route in knowing) for row in rows]
    return LoadResult(
        engine="locust",
        closed_loop=True,
        routes=routes,
        methods=[methods[route] for route in routes],
        records=Records.of(
            {
                "route": array("H", (number[row.route] for row in rows)),
                "intended": intended,
                "lateness": never,
                "sent": array("d", [0.0]) * len(rows),
                "ttfb": never,
                "latency": array("d", (row.seconds for row in rows)),
                "status": array("H", (row.status for row in rows)),
                "outcome": array("B", outcomes),
                "flags": array("B", (_flags(row, row.start - start < plan.warmup_s) for row in rows)),
                "wire": array("Q", (row.bytes for row in rows)),
                "decoded": array("q", (row.bytes for row in rows)),
            }
        ),
        seconds=max(row.start + row.seconds for row in rows) - start,
    )


def _outcome(row: Row, plan: LoadPlan, *, known: bool) -> Outcome:
    if row.status:
        return Outcome.EXPIRED if known and row.status in plan.expired_status else Outcome.ANSWERED
    if not row.error:
        return Outcome.ANSWERED
    if "timeout" in row.error.lower():
        return Outcome.TIMEOUT
    return Outcome.CONNECT if "refused" in row.error.lower() else Outcome.RESET


def _flags(row: Row, is_warmup: bool) -> int:
    hit = row.status == 304 or any(says_hit(name.encode(), value.encode()) for name, value in row.cache.items())
    return (Flag.CACHE_HIT.value if hit else 0) | (Flag.WARMUP.value if is_warmup else 0)
