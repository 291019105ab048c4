"""
The tables on the terminal: the board, the findings, the changes.
"""

from rich import box
from rich.table import Table
from rich.text import Text

from hasten.model import Change, Finding, Guard, Trial, Verdict
from hasten.objectives import OBJECTIVES, Standing
from hasten.quantities import amount, duration
from hasten.record.checked import Item, Status
from hasten.record.report import ChangeLine
from hasten.record.wording import way_back_of, what_of

_STATUS = {
    Status.HELD: ("✓", "green"),
    Status.BROKEN: ("✗", "red"),
    Status.NOT_SHOWN: ("–", "yellow"),
    Status.NO_DATA: ("?", "yellow"),
}
_COLOR = {Verdict.KEEP: "green", Verdict.ROLL_BACK: "red", Verdict.INCONCLUSIVE: "yellow"}


def board(standings: list[Standing], *, with_baseline: bool = True) -> Table:
    """
    Baseline → now → target per objective.
    """
    table = Table(box=box.SIMPLE_HEAVY, title="Success board", title_style="bold", title_justify="left")
    table.add_column("Objective")
    if with_baseline:
        table.add_column("Baseline", justify="right")
    table.add_column("Now", justify="right")
    table.add_column("Target", justify="right")
    table.add_column("Reached")
    titles = {objective.name: objective for objective in OBJECTIVES}
    for standing in standings:
        objective = titles[standing.name]
        relation = "≤" if objective.lower_is_better else "≥"
        row = [objective.title]
        if with_baseline:
            row.append(amount(standing.baseline, standing.unit))
        row += [amount(standing.now, standing.unit), f"{relation} {amount(standing.target, standing.unit)}"]
        table.add_row(*row, _reached(standing))
    return table


def _reached(standing: Standing) -> Text:
    if standing.now is None:
        return Text("not measured", style="yellow")
    return Text("✓ reached", style="green") if standing.met else Text("✗ not yet", style="red")


def findings(found: list[Finding], most: int = 15) -> Table:
    """
    What costs the most, dearest first.
    """
    table = Table(box=box.SIMPLE_HEAVY, title="What costs the most", title_style="bold", title_justify="left")
    table.add_column("#", justify="right")
    table.add_column("Symptom", no_wrap=True)
    table.add_column("Cost per day", justify="right", no_wrap=True)
    table.add_column("What was seen")
    for number, finding in enumerate(found[:most], start=1):
        table.add_row(str(number), finding.symptom, duration(finding.cost_s_per_day), Text(finding.says))
    if len(found) > most:
        table.caption = f"and {len(found) - most} more: hasten diagnose --all"
    return table


def planned(changes: list[Change]) -> Table:
    """
    The changes that are proposed, with the exact statement and its inverse.
    """
    table = Table(box=box.SIMPLE_HEAVY, title="Plan", title_style="bold", title_justify="left", show_lines=True)
    table.add_column("Change", no_wrap=True)
    table.add_column("What · why · way back")
    for change in changes:
        text = Text(what_of(change), style="bold")
        text.append(f"\n{change.why}", style="default not bold")
        text.append(f"\nexpects: {change.expects}", style="not bold")
        text.append(f"\nway back: {way_back_of(change)}", style="dim not bold")
        table.add_row(f"{change.id}\n{change.optimization}\n{change.risk}", text)
    return table


def contributions(lines: list[ChangeLine]) -> Table:
    """
    What each change contributed, with its interval.
    """
    table = Table(box=box.SIMPLE_HEAVY, title="What each change contributed", title_style="bold", title_justify="left")
    table.add_column("Change", no_wrap=True)
    table.add_column("What")
    table.add_column("Effect", justify="right", no_wrap=True)
    table.add_column("Interval", justify="right", no_wrap=True)
    table.add_column("Grade", justify="center")
    table.add_column("Verdict", no_wrap=True)
    for line in lines:
        verdict = Text(line.verdict or str(line.state), style=_COLOR.get(line.verdict, "") if line.verdict else "red")
        interval = f"{line.interval[0]:.3g} – {line.interval[1]:.3g}" if line.interval else "–"
        effect = f"× {line.effect:.3g}" if line.effect is not None else "–"
        table.add_row(line.id, Text(line.label), effect, interval, line.grade or "–", verdict)
    what = "weighted time of the statements on the table, or of the answers"
    table.caption = f"effect: candidate / control, {what}; below 1 is faster"
    return table


def trial(found: Trial) -> Table:
    """
    What a trial of two instances measured: the effect on everything and on each route, and what was guarded.
    """
    table = Table(box=box.SIMPLE_HEAVY, title="Measured", title_style="bold", title_justify="left")
    for column in ("Where", "Control", "Candidate", "Effect", "Interval"):
        table.add_column(column, justify="left" if column == "Where" else "right", no_wrap=column != "Where")
    for effect in [*([found.effect] if found.effect else []), *found.effects]:
        name, quantile = effect.where.name, effect.metric.rpartition(".")[2]
        table.add_row(
            Text(name if effect.where.kind == "application" or quantile == "mean" else f"{name} {quantile}"),
            amount(effect.control * 1000, "ms"),
            amount(effect.candidate * 1000, "ms"),
            f"× {effect.ratio:.3g}",
            f"{effect.low:.3g} – {effect.high:.3g}",
        )
    pairs = found.effect.pairs if found.effect else 0
    table.caption = f"evidence grade {found.grade}; {pairs} pairs, {found.duration_s:.0f} s; below 1 is faster"
    return table


def guards(found: list[Guard]) -> Text:
    """
    What must not get worse, a line each: held, not held, or no data.
    """
    text = Text()
    for number, guard in enumerate(found):
        mark, color = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}[guard.ok]
        text.append("\n" if number else "").append(f"{mark} {guard.name}", style=color)
        text.append(f": {guard.detail.removeprefix(f'{guard.name}: ')}")
    return text


def checks(items: list[Item]) -> Table:
    """
    Each item of a check with its status, what breaks the build first.
    """
    table = Table(box=box.SIMPLE_HEAVY, title="Check", title_style="bold", title_justify="left")
    for column in ("", "What", "Status", "Says"):
        table.add_column(column, no_wrap=column in ("", "Status"))
    order = [Status.BROKEN, Status.NOT_SHOWN, Status.NO_DATA, Status.HELD]
    for item in sorted(items, key=lambda each: order.index(each.status)):
        mark, color = _STATUS[item.status]
        table.add_row(Text(mark, style=color), item.name, Text(str(item.status), style=color), Text(item.says))
    return table
