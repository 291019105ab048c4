"""
hasten diagnose: rank what costs the most, with the evidence.
"""

import click

from hasten import cycle
from hasten.cli import tables
from hasten.cli.options import common
from hasten.cli.output import Display, out, plain, say_json
from hasten.record.ledger import Ledger
from hasten.session import opened


@click.command()
@common
@click.option("--all", "everything", is_flag=True, help="Every finding, not only the dearest fifteen.")
def command(config: str | None, as_json: bool, everything: bool) -> None:
    """
    Rank what costs the most, in seconds per day, with the evidence.

    Reads the latest observation; the application is not touched and need not run.
    """
    with Display(quiet=as_json), opened(config) as app:
        found = cycle.examine(app, Ledger(app.state_dir))
    if as_json:
        say_json(found)
        return
    out.print(tables.findings(found.findings, most=len(found.findings) if everything else 15))
    for finding, reason in found.ignored:
        out.print(f"[dim]ignored: {finding.symptom} at {plain(f'{finding.where.name}: {reason}')}[/]")
    for sentence in found.stale:
        out.print(f"[yellow]stale:[/] {plain(sentence)}", soft_wrap=True)
    for symptom, reason in found.silent.items():
        out.print(f"[yellow]nothing can be said of {symptom}:[/] {plain(reason)}", soft_wrap=True)
    out.print("next: [bold]hasten plan[/]")
