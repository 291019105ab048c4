"""
hasten recover: after a crash, finish or undo what was under way.
"""

import click

from hasten import way_back
from hasten.cli.options import common
from hasten.cli.output import Display, out, plain, say_json
from hasten.record.ledger import Ledger
from hasten.session import opened


@click.command()
@common
def command(config: str | None, as_json: bool) -> None:
    """
    After a crash: end what still runs of it, and finish or undo each change that was under way.

    Safe to run at any time; when all is well it says so and does nothing.
    """
    with Display(quiet=as_json), opened(config, database=True, evidence=False) as app:
        swept = app.swept
        done = way_back.recover(app, Ledger(app.state_dir))
    if as_json:
        say_json({"stopped_strays": swept, "settled": done})
        return
    for name in swept:
        out.print(f"stopped a stray: {plain(name)}", soft_wrap=True)
    for line in done:
        out.print(f"{line['change'] or 'database':14} {plain(line['found'])}: {line['did']}", soft_wrap=True)
    if not swept and not done:
        out.print("All is well: nothing was left over.")
