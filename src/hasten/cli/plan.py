"""
hasten plan: propose changes, with their exact effect and their way back.
"""

import click

from hasten import cycle
from hasten.cli import tables
from hasten.cli.options import common, dry_run
from hasten.cli.output import Display, out, say_json
from hasten.diagnose import diagnose
from hasten.record.ledger import Ledger
from hasten.session import opened


@click.command()
@common
@dry_run
@click.option("--again", is_flag=True, help="Also what went back before, under the same workload.")
def command(config: str | None, as_json: bool, dry_run: bool, again: bool) -> None:
    """
    Propose changes with their exact statement, what they should bring, and the way back.

    Touches nothing: candidates are priced with HypoPG or on a private clone of the database.
    What has gone back is proposed again when the workload has changed: a statement comes twice as often, a table has
    twice the rows.
    """
    with Display(quiet=as_json) as display, opened(config, database=True) as app:
        book = Ledger(app.state_dir)
        found = diagnose(app.observation, app.target)
        with display.stage("pricing candidates") as progress:
            changes = cycle.plan(app, found.findings, book, progress, dry_run=dry_run, again=again)
    if as_json:
        say_json({"changes": [{"id": change.id, "change": change} for change in changes], "recorded": not dry_run})
        return
    if not changes:
        tried = "`hasten status` shows what was tried before; --again proposes it too."
        out.print(f"Nothing is worth a trial. [dim]{tried}[/]")
        return
    out.print(tables.planned(changes))
    out.print("a dry run: nothing was recorded" if dry_run else "next: [bold]hasten apply[/]")
