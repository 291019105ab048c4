"""
hasten verify: judge a change that a person makes, in a copy, before it is made.
"""

import sys

import click

from hasten import by_hand
from hasten.cli import tables
from hasten.cli.options import common, dry_run
from hasten.cli.output import Display, out, plain, say_json
from hasten.errors import ConfigError
from hasten.model import Verdict
from hasten.record.ledger import Ledger
from hasten.session import opened


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("words", nargs=-1, metavar="-- COMMAND...", type=click.UNPROCESSED)
@common
@dry_run
@click.option("--no-worse", is_flag=True, help="It need not help: exit code 0 if it is shown to do no harm.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same requests in the same order.")
def command(
    words: tuple[str, ...], config: str | None, as_json: bool, dry_run: bool, no_worse: bool, seed: int
) -> None:
    """
    Judge a change that you make yourself: a deploy, a migration, an edit.

    COMMAND runs in a copy of the application's folder, with a clone of its database in DATABASE_URL. Then the copy and
    the original, as it is now, answer the same recorded requests at the same moments. Your files and your database
    are not touched. Exit code 2 when the change is not worth making.
    """
    if not words:
        raise ConfigError("no command is given", hint="write it after two dashes: hasten verify -- make migrate")
    with Display(quiet=as_json) as display, opened(config, database=True, evidence=False) as app:
        if dry_run:
            said = by_hand.would_do(app, words)
            say_json({"would_do": said}) if as_json else out.print("\n".join(map(plain, said)), soft_wrap=True)
            return
        with display.stage(f"verifying {' '.join(words)[:60]}") as progress:
            found = by_hand.verify(app, words, Ledger(app.state_dir), progress, no_worse=no_worse, seed=seed)
    if as_json:
        say_json({"decision": found.decision, "made": found.made, "command": found.command, "trial": found.trial})
    else:
        out.print(tables.trial(found.trial))
        out.print(tables.guards(found.trial.guards), soft_wrap=True)
        for line in found.trial.notes:
            out.print(f"[dim]{plain(line)}[/]", soft_wrap=True)
        out.print(f"{found.decision.verdict}: {plain(found.decision.reason)}", soft_wrap=True)
    if found.decision.verdict is not Verdict.KEEP:
        sys.exit(2)
