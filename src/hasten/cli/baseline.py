"""
hasten baseline: measure the application and compare it with the objectives.
"""

import click
import msgspec

from hasten import cycle, objectives
from hasten.cli import tables
from hasten.cli.options import common
from hasten.cli.output import Display, out, plain, say_json
from hasten.record.ledger import Ledger
from hasten.session import opened


@click.command()
@common
@click.option("--name", default="baseline", show_default=True, help="What this run is called in the ledger.")
def command(config: str | None, as_json: bool, name: str) -> None:
    """
    Measure the application and compare it with the objectives.

    Loads the API at the rate of [traffic], visits the pages of [browser] cold, reads the statements of the
    database, the processes and the built front end. Takes about three minutes on a slow application.
    """
    with Display(quiet=as_json) as display, opened(config, application=True, evidence=False) as app:
        book = Ledger(app.state_dir)
        with display.stage("measuring") as progress:
            found = cycle.measure(app, book, name, progress)
    values = objectives.values(found)
    standings = objectives.standings(values, values, app.target.objectives)
    if as_json:
        say_json(
            {
                "observation": found.id,
                "objectives": standings,
                "missing": found.missing,
                "details": objectives.details(found),
                "measurements": msgspec.to_builtins(found.measurements),
            }
        )
        return
    out.print(tables.board(standings, with_baseline=False))
    for probe, reason in found.missing.items():
        out.print(f"[yellow]not measured:[/] {plain(f'{probe}: {reason}')}", soft_wrap=True)
    out.print("next: [bold]hasten diagnose[/]")
