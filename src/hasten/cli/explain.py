"""
hasten explain: tell why a change was kept or taken back, look by look.
"""

import math

import click
from rich import box
from rich.table import Table
from rich.text import Text

from hasten.cli.chosen import name_of, tried_change
from hasten.cli.options import common
from hasten.cli.output import out, plain, say_json
from hasten.model import Guard, Look, Trial
from hasten.record.history import ChangeState, Tried
from hasten.record.ledger import Ledger
from hasten.session import located
from hasten.verify.noise import half_width

_MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


@click.command()
@click.argument("change", metavar="CHANGE")
@common
@click.option("--no-html", is_flag=True, help="Do not write the page with the plot.")
def command(change: str, config: str | None, as_json: bool, no_html: bool) -> None:
    """
    Tell why CHANGE was kept or taken back: every look, every guard, and a page with a plot of all pairs.

    Reads only the ledger: the application need not run.
    """
    place = located(config)
    state, tried = tried_change(Ledger(place.state_dir).read(), change)
    path = place.state_dir / f"explain-{state.change.id}.html"
    if not no_html:
        from hasten.web.explanation import write_explanation

        write_explanation(state, tried, path, place.target.application.name)
    if as_json:
        page = None if no_html else str(path)
        say_json({"change": state.change, "state": state.step, "decision": tried.decision, "trial": tried.trial,
                  "page": page})  # fmt: skip
        return
    say_story(state, tried)
    if not no_html:
        out.print(f"written: {plain(str(path))}", soft_wrap=True)


def say_story(state: ChangeState, tried: Tried) -> None:
    """
    The trial on the terminal, from what was asked to what was decided.
    """
    trial = tried.trial
    out.print(f"[bold]{plain(name_of(state.change))}[/]", soft_wrap=True)
    out.print(plain(state.change.why), soft_wrap=True)
    for line in story(trial):
        out.print(plain(line), soft_wrap=True)
    if trial.looks:
        out.print(looks(trial.looks))
    if trial.guards:
        out.print(guards(trial.guards))
    for note in trial.notes:
        out.print(f"note: {plain(note)}", soft_wrap=True)
    out.print(f"[bold]{tried.decision.verdict}[/]: {plain(tried.decision.reason)}", soft_wrap=True)
    if state.step != "TRIED":
        out.print(f"now: {state.step}{plain(f', {state.reason}' if state.reason else '')}", soft_wrap=True)


def story(trial: Trial) -> list[str]:
    """
    What was asked of the trial, and how it went, in sentences.
    """
    found = [
        f"grade {trial.grade}, {trial.arena}: {len(trial.blocks)} pairs in {trial.duration_s:.0f} s, seed {trial.seed}",
        f"to be kept it had to save {trial.least_gain:.0%}, at a one-sided level of {trial.level:.2%}",
    ]
    noise = trial.noise
    if noise is not None:
        width = half_width(noise, trial.level)
        found.append(
            f"control against control: {noise.pairs} pairs, so the last look would tell an effect of ± {width:.1%}"
        )
    if trial.ended is not None:
        found.append(f"it ended by: {trial.ended}")
    return found


def looks(found: list[Look]) -> Table:
    """
    Every look with its repeated interval.
    """
    table = Table(box=box.SIMPLE_HEAVY, title="Looks", title_style="bold", title_justify="left")
    for column in ("Pairs", "Candidate / control", "Repeated interval", "z"):
        table.add_column(column, justify="right", no_wrap=True)
    for look in found:
        ratio = f"× {math.exp(look.log_ratio):.3g}"
        table.add_row(str(look.pairs), ratio, f"{look.low:.3g} – {look.high:.3g}", f"{look.z:.2f}")
    return table


def guards(found: list[Guard]) -> Table:
    """
    Every guard, whether it held, and what it saw.
    """
    table = Table(box=box.SIMPLE_HEAVY, title="Guards", title_style="bold", title_justify="left")
    table.add_column("")
    table.add_column("Guard", no_wrap=True)
    table.add_column("What was seen")
    for guard in found:
        mark, color = _MARKS[guard.ok]
        table.add_row(Text(mark, style=color), guard.name, Text(guard.detail))
    return table
