"""
hasten telemetry: what the agents in the application have counted.
"""

from pathlib import Path

import click
import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from hasten import picture
from hasten.cli import pictures
from hasten.cli.options import common
from hasten.cli.output import out, say_json
from hasten.observe.traces import as_evidence
from hasten.picture import RoutePicture
from hasten.session import located
from hasten.world import telemetry, traces
from hasten.world.policy_file import PolicyFile
from hasten.world.telemetry import Durations, Telemetry

#: What fits on a screen; --json has everything.
MOST_ROWS = 20


@click.command()
@common
def command(config: str | None, as_json: bool) -> None:
    """
    Show the routes and statements that the agents have counted, those that take most time first, and where the time of
    the requests goes that they have followed lately.
    """
    workers_dir = PolicyFile(located(config).state_dir / "policy").workers_dir
    found = telemetry.merged(telemetry.snapshots(telemetry.folder_of(workers_dir)))
    routes = _followed(workers_dir)
    if as_json:
        say_json({**msgspec.to_builtins(found), "pictures": routes})
        return
    if not found.workers:
        out.print("no worker has counted anything: nothing runs with the agent in it, or no request came yet")
        return
    out.print(_routes(found))
    out.print(_statements(found))
    if routes:
        out.print(pictures.table(routes))
    workers = "1 worker" if len(found.workers) == 1 else f"{len(found.workers)} workers"
    beyond = f"; {found.left_out} lines of little time were left out" if found.left_out else ""
    out.print(f"{workers}, {len(found.routes)} routes, {len(found.statements)} statements{beyond}")


def _followed(workers_dir: Path) -> list[RoutePicture]:
    """
    The time of the requests whose traces are there: the latest few minutes of each worker.
    """
    files = traces.TraceFiles(traces.folder_of(workers_dir))
    lines = files.read()
    return picture.inside(as_evidence(lines, None, len(lines), dict(files.unread)))


def _routes(found: Telemetry) -> Table:
    table = Table(
        box=box.SIMPLE_HEAVY, title="Requests", title_style="bold", title_justify="left", padding=(0, 1, 0, 0)
    )
    table.add_column("Route")
    for column in ("Requests", "p50", "p95", "p99", "Total", "SQL each"):
        table.add_column(column, justify="right", no_wrap=True)
    for route in found.routes[:MOST_ROWS]:
        each = f"{route.statements / route.took.count:.1f}"
        table.add_row(Text(f"{route.method} {route.route} {route.status}"), *_cells(route.took), each)
    return table


def _statements(found: Telemetry) -> Table:
    table = Table(
        box=box.SIMPLE_HEAVY, title="Statements", title_style="bold", title_justify="left", padding=(0, 1, 0, 0)
    )
    table.add_column("Statement")
    for column in ("Executions", "p50", "p95", "p99", "Total"):
        table.add_column(column, justify="right", no_wrap=True)
    for statement in found.statements[:MOST_ROWS]:
        text = Text(statement.text if len(statement.text) <= 200 else statement.text[:199] + "…")
        for caller in statement.callers[:1]:
            text.append(f"\n{caller}", style="dim")
        table.add_row(text, *_cells(statement.took))
    return table


def _cells(took: Durations) -> list[str]:
    return [f"{took.count:,}", *(_time(ms) for ms in (took.p50_ms, took.p95_ms, took.p99_ms, took.total_ms))]


def _time(ms: float) -> str:
    """
    Three digits that say something, from microseconds to hours.
    """
    if ms >= 10_000:
        return f"{ms / 1000:,.1f} s"
    return f"{ms:.0f} ms" if ms >= 100 else f"{ms:.1f} ms" if ms >= 10 else f"{ms:.2f} ms"
