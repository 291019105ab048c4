"""
hasten report: write report.html and print the board.
"""

import click

from hasten.cli import tables
from hasten.cli.options import common
from hasten.cli.output import out, plain, say_json
from hasten.quantities import amount
from hasten.record.ledger import Ledger
from hasten.record.report import Report, contract, report
from hasten.session import located


@click.command()
@common
@click.option("--no-html", is_flag=True, help="Do not write report.html.")
def command(config: str | None, as_json: bool, no_html: bool) -> None:
    """
    Write report.html beside the ledger, and print the board and what each change contributed.

    Reads only the ledger: the application need not run.
    """
    place = located(config)
    found = report(Ledger(place.state_dir), place.target.objectives)
    path = place.state_dir / "report.html"
    if not no_html:
        from hasten.web.page import write_page

        write_page(found, path, place.target.application.name)
    if as_json:
        say_json(contract(found))
        return
    say_report(found)
    if not no_html:
        out.print(f"written: {plain(str(path))}", soft_wrap=True)


def beside(found: Report) -> list[str]:
    """
    What stands beside the objectives: the worst route and the database's time, then and now.
    """
    first, last = found.runs[0].details, found.runs[-1].details
    lines = []
    if "worst_route" in last:
        worst = last["worst_route"]
        lines.append(f"worst route now: {worst['name']}, p95 {amount(worst['p95_ms'], 'ms')}")
    before, after = (run.get("database_time", {}).get("total_s") for run in (first, last))
    if before and after and found.runs[0].seq != found.runs[-1].seq:
        change = f"{(after / before - 1) * 100:+.0f} %"
        lines.append(f"database time under the same load: {amount(before, 's')} → {amount(after, 's')} ({change})")
    return lines


def say_report(found: Report) -> None:
    """
    The board and the contributions on the terminal.
    """
    if not found.ledger_ok:
        out.print(f"[bold red]the ledger does not hold:[/] {plain(found.ledger_problem)}", soft_wrap=True)
        return
    if not found.runs:
        out.print("Nothing was measured yet: run [bold]hasten baseline[/].")
        return
    out.print(tables.board(found.objectives))
    if found.changes:
        out.print(tables.contributions(found.changes))
    for line in beside(found):
        out.print(plain(line), soft_wrap=True)
    if found.is_stale:
        out.print(
            "[yellow]a change was made after the last measurement:[/] `hasten baseline --name now` measures again"
        )
