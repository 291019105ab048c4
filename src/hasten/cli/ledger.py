"""
hasten ledger: check and read the record of everything that was done.
"""

import sys

import click

from hasten.cli.options import common
from hasten.cli.output import out, plain, say_json
from hasten.record.ledger import Ledger
from hasten.session import located


@click.group()
def command() -> None:
    """
    Check and read the record of everything that was done.
    """


@command.command()
@common
def verify(config: str | None, as_json: bool) -> None:
    """
    Walk the whole chain; exit code 1 and the place of the damage where it does not hold.
    """
    found = Ledger(located(config).state_dir).verify()
    if as_json:
        say_json(found)
    elif found.ok:
        out.print(f"[green]✓[/] {found.entries} entries, every one as it was written")
    else:
        out.print(f"[bold red]✗[/] {plain(found.problem)}", soft_wrap=True)
        out.print("[cyan]hint:[/]  restore .hasten/ledger.db and ledger.head from a backup; do not edit them")
    if not found.ok:
        sys.exit(1)


@command.command()
@common
@click.option("--full", is_flag=True, help="With the whole body of each entry.")
def show(config: str | None, as_json: bool, full: bool) -> None:
    """
    The entries, oldest first.
    """
    entries = Ledger(located(config).state_dir).read()
    if as_json:
        say_json(entries)
        return
    for entry in entries:
        about = entry.body.get("change", entry.body.get("name", ""))
        about = about.get("optimization", "") if isinstance(about, dict) else about
        out.print(
            f"{entry.seq:4}  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.step:12} {plain(about)}  [dim]{entry.digest[:12]}[/]"
        )
        if full:
            out.print_json(data=entry.body)
