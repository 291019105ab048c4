"""
hasten rollback: undo kept changes.
"""

import click

from hasten import way_back
from hasten.cli.options import common, dry_run
from hasten.cli.output import Display, out, plain, say_json
from hasten.errors import ConfigError
from hasten.record.ledger import Ledger
from hasten.record.wording import way_back_of
from hasten.session import opened


@click.command()
@click.argument("ids", nargs=-1, metavar="[CHANGE]...")
@click.option("--all", "everything", is_flag=True, help="Undo everything that was kept, the newest first.")
@click.option("--with-later", is_flag=True, help="Also what stands on them, the newest first.")
@common
@dry_run
def command(
    ids: tuple[str, ...], everything: bool, with_later: bool, config: str | None, as_json: bool, dry_run: bool
) -> None:
    """
    Undo kept changes: those named by id, or --all. Allowed at any time, in a freeze and after a stop too.

    A change that a later one stands on is not undone alone: what was proved with it in place goes first.
    """
    if bool(ids) == everything:
        raise ConfigError("say which: ids of changes, or --all", hint="`hasten status` lists what is kept")
    chosen = None if everything else list(ids)
    with Display(quiet=as_json) as display, opened(config, database=True, evidence=False) as app:
        book = Ledger(app.state_dir)
        if dry_run:
            undone = way_back.undoable(book, chosen, with_later=with_later)
        else:
            with display.stage("going back"):
                undone = way_back.rollback(app, book, chosen, with_later=with_later)
    if as_json:
        say_json({"would_undo" if dry_run else "undone": [change.id for change in undone]})
        return
    for change in undone:
        out.print(
            f"{'would undo' if dry_run else 'undone'}: {change.id}  {plain(way_back_of(change))}",
            soft_wrap=True,
        )
    if not undone:
        out.print("Nothing is kept, so there is nothing to undo.")
