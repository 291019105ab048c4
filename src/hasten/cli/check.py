"""
hasten check: for CI. Are the budgets kept, and is the working copy slower than another revision?
"""

import sys
from pathlib import Path

import click

from hasten import budgets
from hasten.cli import tables
from hasten.cli.options import common, dry_run
from hasten.cli.options import minutes as minutes_for
from hasten.cli.output import Display, out, plain, say_json
from hasten.errors import HastenError
from hasten.model import now, to_json
from hasten.record.checked import Checked
from hasten.record.junit import junit
from hasten.record.ledger import Ledger
from hasten.record.sarif import sarif
from hasten.session import Place, located, opened


@click.command()
@common
@dry_run
@click.option("--against", metavar="REVISION", help="Run this revision beside the working copy, and compare.")
@click.option("--no-budgets", is_flag=True, help="Only compare; the objectives are not measured.")
@click.option("--junit", "junit_file", metavar="FILE", help="Write JUnit XML, for CI servers.")
@click.option("--sarif", "sarif_file", metavar="FILE", help="Write SARIF 2.1.0, for code hosts.")
@minutes_for(budgets.MINUTES)
@click.option("--seed", default=1, show_default=True, help="Same seed, same requests in the same order.")
def command(
    config: str | None,
    as_json: bool,
    dry_run: bool,
    against: str | None,
    no_budgets: bool,
    junit_file: str | None,
    sarif_file: str | None,
    minutes: float,
    seed: int,
) -> None:
    """
    For CI: measure the budgets of hasten.toml, and compare with another revision on this very machine.

    Exit code 2 when a budget is broken or a regression is shown. What was not measured, or is not shown either way,
    breaks nothing and is never green.
    """
    place = located(config)
    wanted = budgets.wanted_from(place.root, place.target, against, budgets=not no_budgets, seed=seed, minutes=minutes)
    if dry_run:
        said = budgets.would_do(place.target, wanted)
        say_json({"would_do": said}) if as_json else out.print("\n".join(map(plain, said)), soft_wrap=True)
        return
    with (
        Display(quiet=as_json) as display,
        opened(config, application=not no_budgets, database=True, evidence=False) as app,
    ):
        with display.stage("checking") as progress:
            found = budgets.check(app, Ledger(app.state_dir), wanted, progress)
    _write(found, place, junit_file, sarif_file)
    if as_json:
        say_json({"items": found.items, "against": found.against, "objectives": found.objectives, "notes": found.notes})
    else:
        out.print(tables.checks(found.items))
        for note in found.notes:
            out.print(f"[dim]{plain(note)}[/]", soft_wrap=True)
    if found.broken:
        sys.exit(2)


def _write(found: Checked, place: Place, junit_file: str | None, sarif_file: str | None) -> None:
    if junit_file is not None:
        _write_file(junit_file, junit(found, now()))
    if sarif_file is not None:
        _write_file(sarif_file, to_json(sarif(found, place.config, Path.cwd())) + b"\n")


def _write_file(name: str, content: bytes) -> None:
    try:
        Path(name).write_bytes(content)
    except OSError as error:
        raise HastenError(
            f"{name} cannot be written: {error.strerror}", hint="name a file in a folder that is there"
        ) from error
