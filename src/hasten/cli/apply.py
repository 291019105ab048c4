"""
hasten apply: try the planned changes; keep what helps, take back the rest.
"""

import sys
from datetime import timedelta

import click

from hasten import cycle, gate, kinds
from hasten.application import App
from hasten.cli import tables
from hasten.cli.options import common, dry_run, yes
from hasten.cli.output import Display, err, out, plain, say_json
from hasten.errors import ConfigError, NotAllowed
from hasten.model import Change, Decision, Kind, Step, Verdict, now
from hasten.permission import Permission, Value
from hasten.record import history
from hasten.record.approvals import approve
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

    In mode approve: those that were approved, or that you say yes to now; --yes approves all of them.
    Exit code 2 when nothing was worth keeping.
    """
    application = not dry_run and _needs_application(config, ids)
    with Display(quiet=as_json) as display, opened(config, database=True, application=application) as app:
        book = Ledger(app.state_dir)
        chosen = _chosen(book, ids)
        entries = book.read()
        answers = [(change, gate.permission_for(change, app, entries)) for change in chosen]
        if dry_run:
            _say_plan(answers, as_json=as_json)
            return
        allowed = _allowed(answers, app, book, yes=yes, is_named=bool(ids))
        decisions = carry_out_all(allowed, app, book, display)
        left = _left(chosen, decisions, app, book)
    if as_json:
        say_json({"decisions": [{"id": c.id, "decision": d} for c, d in decisions], "left": left})
    else:
        for change, decision in decisions:
            out.print(f"{decision.verdict:12} {change.id}  {plain(decision.reason)}", soft_wrap=True)
        for each in left:
            out.print(f"{'left':12} {each['id']}  {plain(each['reason'])}", soft_wrap=True)
        out.print("next: [bold]hasten baseline --name now[/], then [bold]hasten report[/]")
    if not any(decision.verdict is Verdict.KEEP for _, decision in decisions):
        sys.exit(2)


def carry_out_all(chosen: list[Change], app: App, book: Ledger, display: Display) -> list[tuple[Change, Decision]]:
    """
    Each change is tried in turn, on top of what was kept before it, for as long as that is permitted.
    """
    decisions: list[tuple[Change, Decision]] = []
    for number, change in enumerate(chosen, start=1):
        answer = gate.permission_for(change, app, book.read())
        if answer.value is not Value.YES and decisions:
            # The budget is used up, or a freeze has come near: what was done is told, the rest stays planned.
            display.say(f"the rest is left: {answer.reason}")
            break
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


def _say_plan(answers: list[tuple[Change, Permission]], *, as_json: bool) -> None:
    if as_json:
        would_try = [{"id": change.id, "change": change, "permission": answer} for change, answer in answers]
        say_json({"would_try": would_try})
        return
    out.print(tables.planned([change for change, _ in answers]))
    for change, answer in answers:
        out.print(f"{change.id}  {_WORDS[answer.value]}: {plain(answer.reason)}", soft_wrap=True)
    out.print("a dry run: nothing was changed")


_WORDS = {Value.YES: "allowed", Value.NO: "not allowed", Value.ASK: "needs a yes"}


def _allowed(
    answers: list[tuple[Change, Permission]], app: App, book: Ledger, *, yes: bool, is_named: bool
) -> list[Change]:
    """
    The changes that may be tried: those allowed already, and those that are approved now.

    Raises:
        NotAllowed: none may, or one that was named may not; nothing was begun.
    """
    refused = [(change, answer) for change, answer in answers if answer.value is Value.NO]
    if refused and (is_named or len(refused) == len(answers)):
        raise gate.refusal(*refused[0])
    asked = [change for change, answer in answers if answer.value is Value.ASK]
    granted = [change for change, answer in answers if answer.value is Value.YES]
    if asked and (yes or sys.stdin.isatty()):
        if not yes:
            err.print(tables.planned(asked))
            is_live = any(kinds.is_live(kinds.arena_of(change, app)) for change in asked)
            where = "in the live application" if is_live else "on clones"
            question = f"Try these {where}, and keep on the live database what is proved to help?"
            click.confirm(question, abort=True, err=True)
        until = now() + timedelta(hours=app.target.allow.approval_hours)
        for change in asked:
            approve(book, change, until, "--yes" if yes else "at the terminal")
        granted = [change for change, answer in answers if answer.value is not Value.NO]
    elif asked and (is_named or not granted):
        answer = next(answer for change, answer in answers if change is asked[0])
        raise NotAllowed(
            f"nobody is there to approve {asked[0].id}: {answer.reason}", hint=f"{answer.hint}; or add --yes"
        )
    return granted


def _left(chosen: list[Change], done: list[tuple[Change, Decision]], app: App, book: Ledger) -> list[dict[str, str]]:
    """
    The chosen changes that were not tried, each with what keeps it from being tried now.
    """
    entries, tried = book.read(), {change.id for change, _ in done}
    left = [(change.id, gate.permission_for(change, app, entries)) for change in chosen if change.id not in tried]
    return [{"id": name, "reason": answer.reason, "rule": answer.rule} for name, answer in left]
