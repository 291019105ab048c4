"""
hasten telemetry: what the agents in the application have counted; also for Prometheus and OpenTelemetry's collectors.
"""

import time
from pathlib import Path

import click
import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from hasten import picture
from hasten.cli import pictures
from hasten.cli.options import common
from hasten.cli.output import err, out, plain, say_json
from hasten.errors import ConfigError
from hasten.log import redact
from hasten.observe.traces import as_evidence
from hasten.picture import RoutePicture
from hasten.quantities import span
from hasten.session import located
from hasten.world import ended, telemetry, traces
from hasten.world.metrics import endpoint as endpoints
from hasten.world.metrics import otlp, prometheus, push, surroundings
from hasten.world.metrics.families import metrics_of
from hasten.world.metrics.spans import Spans
from hasten.world.metrics.steady import Steady
from hasten.world.policy_file import PolicyFile
from hasten.world.ports import LOOPBACK
from hasten.world.telemetry import Durations, Telemetry

#: What fits on a screen; --json has everything.
MOST_ROWS = 20
#: An export that is made once is tried for so long.
PATIENCE_S = 15.0
LEAST_EVERY_S = 1.0
#: --every without a time.
BY_VARIABLE = "the interval of OpenTelemetry"

_texts = click.option("--texts", is_flag=True, help="A series for each statement, with its text.")


@click.group(invoke_without_command=True)
@click.option(
    "--format", "form", type=click.Choice(["table", "prometheus", "openmetrics"]), default="table", show_default=True
)
@_texts
@common
@click.pass_context
def command(context: click.Context, form: str, texts: bool, config: str | None, as_json: bool) -> None:
    """
    Show the routes and statements that the agents have counted, those that take most time first, and where the time of
    the requests goes that they have followed lately.

    The table is of the workers that run; the formats for other systems have the counts of ended ones in them.
    """
    if context.invoked_subcommand is not None:
        return
    folder = _folder(config)
    everything = ended.settle(folder)
    if form != "table":
        metrics = metrics_of(everything, time.time(), texts=texts)
        click.echo(prometheus.text_of(metrics, "openmetrics" if form == "openmetrics" else "prometheus"), nl=False)
        return
    found = telemetry.merged(everything.living)
    routes = _followed(folder.parent)
    if as_json:
        say_json({**msgspec.to_builtins(found), "pictures": routes})
    elif not found.workers:
        out.print("no worker has counted anything: nothing runs with the agent in it, or no request came yet")
    else:
        _show(found, routes)


@command.command()
@click.option("--host", default=LOOPBACK, show_default=True, help="The address to listen on.")
@click.option("--port", default=endpoints.PORT, show_default=True, help="0 takes any free one.")
@click.option("--allow-remote", is_flag=True, help="Other machines may ask.")
@_texts
@common
def serve(host: str, port: int, allow_remote: bool, texts: bool, config: str | None, as_json: bool) -> None:
    """
    Answer a Prometheus until Ctrl-C: http://127.0.0.1:9464/metrics.
    """
    steady = Steady(_folder(config), texts=texts)
    with endpoints.Endpoint(steady.metrics, host=host, port=port, allow_remote=allow_remote) as found:
        if as_json:
            click.echo(f'{{"url": "{found.url}"}}')
        else:
            out.print(f"scrape {plain(found.url)}; Ctrl-C ends it", soft_wrap=True)
        found.wait()


@command.command("push")
@click.option("--endpoint", default="", metavar="URL", help="The collector (default: OTEL_EXPORTER_OTLP_ENDPOINT).")
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="Sent with it; again for another.")
@click.option("--service-name", default="", metavar="NAME", help="Default: OTEL_SERVICE_NAME, else hasten.toml's.")
@click.option(
    "--every", metavar="[TIME]", is_flag=False, flag_value=BY_VARIABLE,
    help="Go on until Ctrl-C, each 30s or 1m (without TIME: OTEL_METRIC_EXPORT_INTERVAL or 1m; default: once).",
)  # fmt: skip
@click.option("--traces", "with_traces", is_flag=True, help="Traced requests too, as spans.")
@_texts
@common
def push_(
    endpoint: str, headers: tuple[str, ...], service_name: str, every: str | None, with_traces: bool, texts: bool,
    config: str | None, as_json: bool,
) -> None:  # fmt: skip
    """
    Export to a collector of OpenTelemetry (OTLP over HTTP), once or every so often.

    Keys belong into OTEL_EXPORTER_OTLP_HEADERS: what is on a command line, others on this machine can read.
    """
    every_s = _every(every)
    collector = surroundings.collector(endpoint, headers)
    whose = surroundings.resource(located(config).target.application.name, service_name)
    steady = Steady(_folder(config), texts=texts)
    url = str(redact(collector.metrics_url))
    news = _News(url)
    with push.Exporter(collector) as exporter:
        spans = Spans(traces.TraceFiles(traces.folder_of(_folder(config).parent)), exporter.traces, whose)

        def send() -> push.Export:
            export = exporter.metrics(otlp.document(steady.metrics(time.time()), whose))
            return spans.export() if with_traces and export.is_taken else export

        if every_s is not None:
            push.go_on(send, every_s, news.hear)
        export = push.persist(send, PATIENCE_S)
    if not export.is_taken:
        raise push.refusal(export)
    if as_json:
        say_json({"url": url, "export": export})
    else:
        news.hear(export)


def _every(text: str | None) -> float | None:
    if text is None:
        return None
    if text == BY_VARIABLE:
        return surroundings.interval_s()
    given = span(text)
    if given is None or given.total_seconds() < LEAST_EVERY_S:
        raise ConfigError(f"--every {text!r} is no time of a second or more", hint="write it as 30s, 1m or 1h")
    return given.total_seconds()


class _News:
    """
    Says what became of exports as far as it is new.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._last: str | None = None

    def hear(self, export: push.Export) -> None:
        """
        Something is printed if it is not what was said last.
        """
        if export.is_taken:
            said = f"exported to {self._url}"
            said += f"; {export.rejected} points were rejected: {export.problem}" if export.rejected else ""
        else:
            said = f"not exported, tried again: {export.problem}"
        if said != self._last:
            err.print(plain(said), soft_wrap=True)
        self._last = said


def _show(found: Telemetry, routes: list[RoutePicture]) -> None:
    out.print(_routes(found))
    out.print(_statements(found))
    if routes:
        out.print(pictures.table(routes))
    workers = "1 worker" if len(found.workers) == 1 else f"{len(found.workers)} workers"
    beyond = f"; {found.left_out} lines of little time were left out" if found.left_out else ""
    out.print(f"{workers}, {len(found.routes)} routes, {len(found.statements)} statements{beyond}")


def _folder(config: str | None) -> Path:
    return telemetry.folder_of(PolicyFile(located(config).state_dir / "policy").workers_dir)


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
