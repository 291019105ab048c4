"""
hasten status: where everything stands.
"""

import click
from rich import box
from rich.table import Table

from hasten import freeze, kill_switch
from hasten.cli.options import common
from hasten.cli.output import out, plain, say_json
from hasten.freeze import Window
from hasten.kill_switch import Stop
from hasten.model import now
from hasten.record import history
from hasten.record.approvals import approvals
from hasten.record.ledger import Ledger
from hasten.record.report import label_of
from hasten.session import located, running_in


@click.command()
@common
def command(config: str | None, as_json: bool) -> None:
    """
    Show where everything stands: measurements, changes, and what Hasten has running.
    """
    place = located(config)
    state_dir, moment = place.state_dir, now()
    stop, frozen = kill_switch.pulled(state_dir), freeze.present(place.target.freeze, moment)
    entries = Ledger(state_dir).read()
    states, runs, alive = history.changes(entries), history.measured(entries), running_in(state_dir)
    approved = [each for each in approvals(entries) if each.until > moment]
    unsettled = [state for state in states if not state.is_settled]
    if as_json:
        say_json(
            {
                "entries": len(entries),
                "measurements": [{"name": run.name, "at": run.at, "objectives": run.objectives} for run in runs],
                "changes": [
                    {"id": s.change.id, "optimization": s.change.optimization, "state": s.step, "at": s.at}
                    for s in states
                ],
                "running": alive,
                "needs_recover": bool(unsettled),
                "stopped": stop,
                "frozen": frozen,
                "approvals": approved,
            }
        )
        return
    table = Table(box=box.SIMPLE_HEAVY)
    for column in ("Change", "Optimization", "State", "Since", "What"):
        table.add_column(column, no_wrap=column != "What")
    for state in states:
        since = state.at.strftime("%Y-%m-%d %H:%M") if state.at else ""
        table.add_row(state.change.id, state.change.optimization, state.step, since, plain(label_of(state.change)))
    out.print(f"{len(entries)} entries, {len(runs)} measurements, {len(states)} changes")
    if states:
        out.print(table)
    for line in _held_up(stop, frozen):
        out.print(line, soft_wrap=True)
    for each in approved:
        until = f"{each.until:%Y-%m-%d %H:%M %Z}"
        out.print(f"approved: {each.change} by {plain(each.by)} until {until}", soft_wrap=True)
    for name in alive:
        out.print(f"running: {plain(name)}")
    if unsettled:
        out.print("[yellow]a run ended in the middle of a change[/]: run [bold]hasten recover[/]")


def _held_up(stop: Stop | None, frozen: Window | None) -> list[str]:
    lines = []
    if stop is not None:
        why = f" ({plain(stop.reason)})" if stop.reason else ""
        lines.append(f"[bold red]stopped[/]{why}: nothing is applied before [bold]hasten resume[/]")
    if frozen is not None:
        why = f" ({plain(frozen.reason)})" if frozen.reason else ""
        lines.append(f"[yellow]frozen[/] until {frozen.end:%Y-%m-%d %H:%M %Z}{why}")
    return lines
