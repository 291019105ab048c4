"""
hasten verify: judge a change that a person makes, in a copy, before it is made.
"""

import sys
from typing import Any

import click

from hasten import before_after, by_hand
from hasten.cli import tables
from hasten.cli.options import common, dry_run
from hasten.cli.options import minutes as minutes_for
from hasten.cli.output import Display, err, out, plain, say_json
from hasten.errors import ConfigError
from hasten.model import Decision, Trial, Verdict
from hasten.record.ledger import Ledger
from hasten.session import opened


@click.command()
@click.argument("words", nargs=-1, metavar="-- COMMAND...", type=click.UNPROCESSED)
@common
@dry_run
@click.option("--no-worse", is_flag=True, help="It need not help: exit code 0 if it is shown to do no harm.")
@click.option("--pause", is_flag=True, help="Measure, wait until you have made the change, measure again (grade C).")
@minutes_for(by_hand.MINUTES)
@click.option("--seed", default=1, show_default=True, help="Same seed, same requests in the same order.")
def command(
    words: tuple[str, ...],
    config: str | None,
    as_json: bool,
    dry_run: bool,
    no_worse: bool,
    pause: bool,
    minutes: float,
    seed: int,
) -> None:
    """
    Judge a change that you make yourself: a deploy, a migration, an edit.

    COMMAND runs in a copy of the application's folder, with a clone of its database in DATABASE_URL. Then the copy and
    the original, as it is now, answer the same recorded requests at the same moments. Your files and your database
    are not touched. Exit code 2 when the change is not worth making.
    """
    if bool(words) is pause:
        hint = "write it after two dashes: hasten verify -- make migrate"
        raise ConfigError("--pause takes no command" if pause else "no command is given", hint=hint)
    if pause:
        trial, decision = _paused(config, as_json=as_json, dry_run=dry_run)
        _say(trial, decision, {}, as_json=as_json)
        return
    with Display(quiet=as_json) as display, opened(config, database=True, evidence=False) as app:
        if dry_run:
            _say_plan(by_hand.would_do(app, words), as_json=as_json)
            return
        with display.stage(f"verifying {' '.join(words)[:60]}") as progress:
            found = by_hand.verify(
                app, words, Ledger(app.state_dir), progress, no_worse=no_worse, seed=seed, minutes=minutes
            )
    _say(found.trial, found.decision, {"made": found.made, "command": found.command}, as_json=as_json)


def _paused(config: str | None, *, as_json: bool, dry_run: bool) -> tuple[Trial, Decision]:
    if dry_run:
        steps = ["measure the application", "wait until the change is made", "start it anew and measure again"]
        _say_plan(steps, as_json=as_json)
        raise click.exceptions.Exit(0)
    told: set[str] = set()

    def progress(_done: float, what: str) -> None:
        # No bar: it would be drawn over the question.
        phase = what.partition(":")[0]
        if phase not in told and not as_json:
            err.print(f"· measuring {phase} the change …")
        told.add(phase)

    with opened(config, application=True, evidence=False) as app:
        return before_after.before_and_after(
            app, _wait, Ledger(app.state_dir), progress, restart=lambda: before_after.restarted(app)
        )


def _wait() -> None:
    click.prompt("Make the change now, then press Enter", default="", show_default=False, err=True)


def _say_plan(steps: list[str], *, as_json: bool) -> None:
    if as_json:
        say_json({"would_do": steps})
    else:
        out.print("\n".join(map(plain, steps)), soft_wrap=True)


def _say(trial: Trial, decision: Decision, more: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json({"decision": decision, **more, "trial": trial})
    else:
        out.print(tables.trial(trial))
        out.print(tables.guards(trial.guards), soft_wrap=True)
        for line in trial.notes:
            out.print(f"[dim]{plain(line)}[/]", soft_wrap=True)
        out.print(f"{decision.verdict}: {plain(decision.reason)}", soft_wrap=True)
        if trial.looks:
            out.print(f"the same again, from the ledger alone: [bold]hasten recompute {trial.change}[/]")
    if decision.verdict is not Verdict.KEEP:
        sys.exit(2)
