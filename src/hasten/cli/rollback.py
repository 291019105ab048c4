"""
hasten rollback: undo kept changes.
"""

import click

from hasten import way_back
from hasten.cli.options import common, dry_run
from hasten.cli.output import Display, out, say_json
from hasten.errors import ConfigError
from hasten.record import history
from hasten.record.ledger import Ledger
from hasten.session import opened


@click.command()
@click.argument("ids", nargs=-1, metavar="[CHANGE]...")
@click.option("--all", "everything", is_flag=True, help="Undo everything that was kept, the newest first.")
@common
@dry_run
def command(ids: tuple[str, ...], everything: bool, config: str | None, as_json: bool, dry_run: bool) -> None:
    """
    Undo kept changes: those named by id, or --all.
    """
    if bool(ids) == everything:
        raise ConfigError("say which: ids of changes, or --all", hint="`hasten status` lists what is kept")
    with Display(quiet=as_json) as display, opened(config, database=True) as app:
        book = Ledger(app.state_dir)
        if dry_run:
            kept = [s.change for s in history.changes(book.read()) if s.is_kept]
            undone = [c for c in kept if everything or any(c.id.startswith(prefix) for prefix in ids)]
        else:
            with display.stage("going back"):
                undone = way_back.rollback(app, book, None if everything else list(ids))
    if as_json:
        say_json({"would_undo" if dry_run else "undone": [change.id for change in undone]})
        return
    for change in undone:
        out.print(f"{'would undo' if dry_run else 'undone'}: {change.id}  {change.inverse.get('drop', '')}")
    if not undone:
        out.print("Nothing is kept, so there is nothing to undo.")
