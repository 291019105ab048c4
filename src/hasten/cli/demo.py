"""
hasten demo: watch Hasten take a slow help-desk to fast, on private servers.
"""

import os
import time
from dataclasses import replace
from pathlib import Path

import click

from hasten import cycle, kill_switch
from hasten.application import App
from hasten.cli import tables
from hasten.cli.apply import carry_out_all
from hasten.cli.output import Display, out, plain, say_json
from hasten.cli.report import say_report
from hasten.record.ledger import Ledger
from hasten.record.report import contract, report
from hasten.session import located, opened
from hasten.slowdesk import PASSWORD, prepare
from hasten.web.page import write_page


@click.command()
@click.option("--slowdesk", metavar="DIR", help="The folder examples/slowdesk (default: found from here).")
@click.option("--state", metavar="DIR", default=".hasten", show_default=True, help="Where the demo keeps its state.")
@click.option("--scale", default=1.0, show_default=True, help="How much data: 1.0 is 400,000 inquiries.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option("--agent", is_flag=True, help="With the agent in slowdesk: compression and cache headers are tried, too.")
@click.option("--prepare-only", is_flag=True, help="Seed the data, and stop there.")
def command(slowdesk: str | None, state: str, scale: float, as_json: bool, agent: bool, prepare_only: bool) -> None:
    """
    Watch Hasten take a slow help-desk to fast, on private servers.

    Starts examples/slowdesk on its own PostgreSQL, measures it, finds what is slow, tries the missing indexes on
    clones, keeps what is proved to help, measures again and writes report.html. Takes about ten minutes.

    With --agent also what it sends to browsers is tried, over a network as slow as a phone's;
    that takes about three quarters of an hour.
    """
    os.environ.setdefault("SLOWDESK_PASSWORD", PASSWORD)
    state_dir = Path(state).resolve()
    kill_switch.check(state_dir)
    begin = time.monotonic()
    with Display(quiet=as_json) as display:
        config = prepare(state_dir, slowdesk, scale, display.stage, with_agent=agent)
        if prepare_only:
            return
        with opened(str(config), application=True, evidence=False) as app:
            display.say(f"slowdesk answers at {app.url}, PostgreSQL is Hasten's own")
            _loop(app, display)
    found = report(Ledger(state_dir), located(str(config)).target.objectives)
    path = state_dir / "report.html"
    write_page(found, path, "slowdesk")
    if as_json:
        say_json(contract(found))
        return
    say_report(found)
    out.print(f"done in {(time.monotonic() - begin) / 60:.1f} minutes")
    out.print(f"the whole story with plots: [bold]{plain(str(path))}[/]", soft_wrap=True)
    out.print("take everything back: [bold]hasten rollback --all[/]   what is recorded: [bold]hasten ledger show[/]")


def _loop(app: App, display: Display) -> None:
    book = Ledger(app.state_dir)
    with display.stage("measuring the baseline") as progress:
        app = replace(app, gathered=cycle.measure(app, book, "baseline", progress))
    diagnosis = cycle.examine(app, book)
    display.say(tables.findings(diagnosis.findings, most=10))
    with display.stage("pricing candidates on a clone") as progress:
        changes = cycle.plan(app, diagnosis.findings, book, progress)
    if changes:
        display.say(tables.planned(changes))
        carry_out_all(changes, app, book, display)
    with display.stage("measuring again") as progress:
        cycle.measure(app, book, "now", progress)
