"""
hasten stop: nothing is applied any more, and what is under way goes back.
"""

import sys
from pathlib import Path

import click

from hasten import kill_switch, way_back
from hasten.cli.options import common
from hasten.cli.output import Display, err, out, plain, say_json
from hasten.configuration import find_config, state_of
from hasten.errors import HastenError
from hasten.kill_switch import Ended
from hasten.model import Step
from hasten.record.ledger import Ledger
from hasten.session import opened, recording


@click.command()
@click.option("--reason", default="", metavar="TEXT", help="Why, for those who find everything stopped.")
@click.option("--rollback", "goes_back", is_flag=True, help="Then undo everything that was kept, the newest first.")
@click.option("--wait", "patience_s", default=300.0, metavar="SECONDS", help="For a run to go back (default: 300).")
@common
def command(reason: str, goes_back: bool, patience_s: float, config: str | None, as_json: bool) -> None:
    """
    Stop everything: from now on nothing is applied, and a run that is under way goes back and ends.

    It works by a file, STOP in the state folder: where Hasten itself cannot run, `touch .hasten/STOP` does the same.
    `hasten resume` lifts it.
    """
    state_dir = state_of(find_config(config))
    kill_switch.pull(state_dir, reason)
    with Display(quiet=as_json) as display, display.stage("stopping"):
        ended = kill_switch.end_run(state_dir, patience_s)
    unrecorded = _recorded(state_dir, ended, reason)
    undone: list[str] = []
    if goes_back and ended.is_over:
        with Display(quiet=as_json) as display, opened(config, database=True, evidence=False) as app:
            with display.stage("going back"):
                undone = [change.id for change in way_back.rollback(app, Ledger(app.state_dir), None)]
    if as_json:
        say_json({"stopped": True, "run": ended, "undone": undone, "unrecorded": unrecorded})
    else:
        _say(ended, undone, unrecorded, state_dir)
    if not ended.is_over:
        sys.exit(1)


def _recorded(state_dir: Path, ended: Ended, reason: str) -> str:
    """
    The stop is in the ledger, or the reason why it is not: a broken record does not keep anybody from stopping.
    """
    if not ended.is_over:
        return "the run is still at work, and only it may write the record"
    try:
        with recording(state_dir, "") as book:
            book.append(Step.STOPPED, {"reason": reason, "ended": ended.pid})
    except HastenError as error:
        return str(error)
    return ""


def _say(ended: Ended, undone: list[str], unrecorded: str, state_dir: Path) -> None:
    out.print("[bold]stopped[/]: nothing is applied before [bold]hasten resume[/]")
    who = f"process {ended.pid}" if ended.pid else "another Hasten"
    if not ended.is_over:
        err.print(f"[yellow]{who} is still at work[/]: it goes back before its next step; run this again to wait on")
    elif ended.pid:
        out.print(f"{who} has gone back and ended")
    for name in undone:
        out.print(f"undone: {name}")
    if unrecorded:
        err.print(f"[yellow]not in the ledger[/]: {plain(unrecorded)}", soft_wrap=True)
    if ended.is_over and not undone:
        out.print("what was kept stays; undo it with [bold]hasten rollback --all[/]")
    out.print(f"[dim]{plain(str(kill_switch.path_of(state_dir)))}[/]", soft_wrap=True)
