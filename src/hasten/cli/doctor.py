"""
hasten doctor: check everything that Hasten needs, and say how to mend what is missing.
"""

import sys

import click

from hasten.checkup import Check, checkup
from hasten.cli.options import common
from hasten.cli.output import Display, out, plain, say_json
from hasten.session import located

_MARKS = {True: "[green]✓[/]", False: "[bold red]✗[/]", None: "[yellow]–[/]"}


@click.command()
@common
def command(config: str | None, as_json: bool) -> None:
    """
    Check everything that Hasten needs, and say how to mend what is missing.

    Exit code 1 when something is missing. Changes nothing.
    """
    found: list[Check] = []
    with Display(quiet=True):
        for check in checkup(located(config), config):
            found.append(check)
            if not as_json:
                _say(check)
    failed = [check for check in found if check.ok is False]
    if as_json:
        say_json({"ok": not failed, "checks": found})
    elif failed:
        out.print(f"{len(failed)} of {len(found)} to mend")
    else:
        out.print("All is well. next: [bold]hasten baseline[/]")
    if failed:
        sys.exit(1)


def _say(check: Check) -> None:
    out.print(f"{_MARKS[check.ok]} [bold]{plain(check.name)}[/]: {plain(check.says)}", soft_wrap=True)
    if check.ok is False and check.hint:
        out.print(f"  [cyan]hint:[/] {plain(check.hint)}", soft_wrap=True)
