"""
hasten approve: say yes to planned changes, for a while.
"""

from datetime import datetime, timedelta

import click

from hasten.cli.options import common
from hasten.cli.output import out, say_json
from hasten.configuration import LONGEST_APPROVAL_HOURS
from hasten.errors import ConfigError, NotAllowed
from hasten.model import Change, Entry, Step, now
from hasten.permission import mode_of
from hasten.quantities import span
from hasten.record import history
from hasten.record.approvals import approvals, approve, withdraw
from hasten.record.ledger import Ledger
from hasten.session import located, recording
from hasten.target import Allow


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="CHANGE...")
@click.option("--for", "lasting", metavar="TIME", help="How long: 90m, 12h, 2d (default: [allow] approval_hours).")
@click.option("--note", default="", metavar="TEXT", help="Why, for the record.")
@click.option("--withdraw", "is_withdrawn", is_flag=True, help="Take the approval back.")
@common
def command(
    ids: tuple[str, ...], lasting: str | None, note: str, is_withdrawn: bool, config: str | None, as_json: bool
) -> None:
    """
    Say yes to planned changes, named by id. `hasten apply` then needs not ask.

    An approval is for exactly what was planned: another plan needs another one. It is used up when the change was
    carried out, and it expires.
    """
    place = located(config)
    allow = place.target.allow
    until = now() + _lasts(lasting, allow)
    with recording(place.state_dir, place.target.application.name) as book:
        if is_withdrawn:
            made = [withdraw(book, name, note) for name in _approved(book, ids)]
        else:
            made = [approve(book, change, until, note) for change in _waiting(book, ids, allow)]
    if as_json:
        say_json({"withdrawn" if is_withdrawn else "approved": [_said(entry) for entry in made]})
        return
    for entry in made:
        tail = "approval withdrawn" if is_withdrawn else f"approved until {_said(entry)['until']}"
        out.print(f"{entry.body['change']}  {tail}", soft_wrap=True)
    if not is_withdrawn:
        out.print("next: [bold]hasten apply[/]")


def _lasts(lasting: str | None, allow: Allow) -> timedelta:
    if lasting is None:
        return timedelta(hours=allow.approval_hours)
    found = span(lasting)
    if not found or found > timedelta(hours=LONGEST_APPROVAL_HOURS):
        raise ConfigError(
            f"--for {lasting!r} cannot be",
            hint=f"such as 90m, 12h or 2d, at most {LONGEST_APPROVAL_HOURS // 24}d; for always there is the mode auto",
        )
    return found


def _waiting(book: Ledger, ids: tuple[str, ...], allow: Allow) -> list[Change]:
    """
    The planned changes of these ids, if each of them can be approved at all.
    """
    states = [state for state in history.changes(book.read()) if state.step is Step.PLANNED]
    found = [_only(prefix, [state.change for state in states]) for prefix in ids]
    for change in found:
        mode, source = mode_of(change, allow)
        if mode == "auto":
            raise NotAllowed(f"{change.id} needs no approval: {source} is auto", hint="run `hasten apply`")
        if mode != "approve":
            raise NotAllowed(
                f"{change.id} cannot be approved: hasten.toml lets Hasten only {mode} it ({change.risk}; {source})",
                hint="`hasten plan` shows the exact statement, to do it by hand; or give its class the mode approve",
            )
    return found


def _only(prefix: str, changes: list[Change]) -> Change:
    """
    The one change that is meant: a yes is never spread over several by a short prefix.
    """
    found = [change for change in changes if change.id.startswith(prefix)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(f"no planned change has an id like {prefix!r}", hint="`hasten status` lists them")
    raise ConfigError(f"{prefix!r} is the beginning of {len(found)} ids", hint="give more of it")


def _approved(book: Ledger, ids: tuple[str, ...]) -> list[str]:
    names = sorted({approval.change for approval in approvals(book.read())})
    found = []
    for prefix in ids:
        matching = [name for name in names if name.startswith(prefix)]
        if not matching:
            raise ConfigError(f"no approval is in force for {prefix!r}", hint="`hasten status` lists them")
        found += matching
    return found


def _said(entry: Entry) -> dict[str, str]:
    body = entry.body
    until = datetime.fromisoformat(str(body["until"])).strftime("%Y-%m-%d %H:%M %Z") if "until" in body else ""
    return {"id": body["change"], "by": entry.actor, "until": until, "note": body["note"]}
