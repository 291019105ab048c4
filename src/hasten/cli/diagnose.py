"""
hasten diagnose: rank what costs the most, with the evidence.
"""

from collections import defaultdict

import click
import msgspec

from hasten import cycle, picture
from hasten.cli import pictures, tables
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

    Reads the latest observation; the application is not touched and need not run. Where the application ran with the
    agent, a table says where the time of its requests goes.
    """
    with Display(quiet=as_json), opened(config) as app:
        found = cycle.examine(app, Ledger(app.state_dir))
        routes = picture.pictures(app.observation)
    if as_json:
        say_json({**msgspec.to_builtins(found), "pictures": routes})
        return
    if routes:
        out.print(pictures.table(routes, most=len(routes) if everything else 8))
    out.print(tables.findings(found.findings, most=len(found.findings) if everything else 15))
    for finding, reason in found.ignored:
        out.print(f"[dim]ignored: {finding.symptom} at {plain(f'{finding.where.name}: {reason}')}[/]")
    for sentence in found.stale:
        out.print(f"[yellow]stale:[/] {plain(sentence)}", soft_wrap=True)
    for reason, symptoms in _by_reason(found.silent).items():
        out.print(f"[yellow]not everything can be said of {', '.join(symptoms)}:[/] {plain(reason)}", soft_wrap=True)
    out.print("next: [bold]hasten plan[/]")


def _by_reason(silent: dict[str, str]) -> dict[str, list[str]]:
    """
    The symptoms that are silent for the same reason stand together.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for symptom, reason in silent.items():
        found[reason].append(symptom)
    return found
