"""
hasten apply: try the planned changes; keep what helps, take back the rest.
"""

import sys

import click

from hasten import cycle
from hasten.application import App
from hasten.cli import tables
from hasten.cli.options import common, dry_run, yes
from hasten.cli.output import Display, err, out, plain, say_json
from hasten.errors import ConfigError, NotAllowed
from hasten.model import Change, Decision, Kind, Step, Verdict
from hasten.record import history
from hasten.record.ledger import Ledger
from hasten.record.report import label_of
from hasten.session import located, opened


@click.command()
@click.argument("ids", nargs=-1, metavar="[CHANGE]...")
@common
@dry_run
@yes
def command(ids: tuple[str, ...], config: str | None, as_json: bool, dry_run: bool, yes: bool) -> None:
    """
    Try the planned changes (all, or those named by id); keep what helps, take back the rest.

    Exit code 2 when nothing was worth keeping.
    """
    application = not dry_run and _needs_application(config, ids)
    with Display(quiet=as_json) as display, opened(config, database=True, application=application) as app:
        book = Ledger(app.state_dir)
        chosen = _chosen(book, ids)
        if dry_run:
            _say_plan(chosen, as_json=as_json)
            return
        _allowed(app, chosen, yes=yes)
        decisions = carry_out_all(chosen, app, book, display)
    if as_json:
        say_json({"decisions": [{"id": change.id, "decision": decision} for change, decision in decisions]})
    else:
        for change, decision in decisions:
            out.print(f"{decision.verdict:12} {change.id}  {plain(decision.reason)}", soft_wrap=True)
        out.print("next: [bold]hasten baseline --name now[/], then [bold]hasten report[/]")
    if not any(decision.verdict is Verdict.KEEP for _, decision in decisions):
        sys.exit(2)


def carry_out_all(chosen: list[Change], app: App, book: Ledger, display: Display) -> list[tuple[Change, Decision]]:
    """
    Each change is tried in turn, on top of what was kept before it.
    """
    decisions = []
    for number, change in enumerate(chosen, start=1):
        title = f"trial {number} of {len(chosen)}: {label_of(change)}"
        with display.stage(title) as progress:
            decision = cycle.carry_out(change, app, book, progress)
        display.say(f"  {decision.verdict}: {decision.reason}")
        decisions.append((change, decision))
    return decisions


def _needs_application(config: str | None, ids: tuple[str, ...]) -> bool:
    """
    Whether one of the changes is tried in the application itself.
    """
    chosen = _chosen(Ledger(located(config).state_dir), ids)
    return any(change.kind is Kind.POLICY for change in chosen)


def _chosen(book: Ledger, ids: tuple[str, ...]) -> list[Change]:
    waiting = [state.change for state in history.changes(book.read()) if state.step is Step.PLANNED]
    for prefix in ids:
        if not any(change.id.startswith(prefix) for change in waiting):
            raise ConfigError(f"no planned change has an id like {prefix!r}", hint="`hasten status` lists them")
    chosen = [change for change in waiting if not ids or any(change.id.startswith(prefix) for prefix in ids)]
    if not chosen:
        raise ConfigError("no change is planned", hint="run `hasten plan` first")
    return chosen


def _say_plan(chosen: list[Change], *, as_json: bool) -> None:
    if as_json:
        say_json({"would_try": [{"id": change.id, "change": change} for change in chosen]})
    else:
        out.print(tables.planned(chosen))
        out.print("a dry run: nothing was changed")


def _allowed(app: App, chosen: list[Change], *, yes: bool) -> None:
    mode = app.target.allow.mode
    if mode in ("observe", "propose"):
        raise NotAllowed(
            f"hasten.toml lets Hasten only {mode}",
            hint='set `mode = "approve"` (or "auto") under [allow], then run `hasten apply` again',
        )
    if mode == "auto" or yes:
        return
    if not sys.stdin.isatty():
        raise NotAllowed("nobody is there to approve", hint="look at `hasten apply --dry-run`, then add --yes")
    err.print(tables.planned(chosen))
    click.confirm("Try these on clones, and keep on the live database what is proved to help?", abort=True, err=True)
