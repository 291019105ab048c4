"""
Where a request's time goes, as a table on the terminal.
"""

from rich import box
from rich.table import Table
from rich.text import Text

from hasten.picture import RoutePicture
from hasten.quantities import amount

#: A part below this share of the time is left out of the line; --json has all of them.
LEAST_SHARE = 0.01


def table(found: list[RoutePicture], *, most: int = 12) -> Table:
    """
    One line for each route: its mean time, its parts with the largest first, and whether they add up.
    """
    shown = Table(
        box=box.SIMPLE_HEAVY, title="Where a request's time goes", title_style="bold", title_justify="left",
        padding=(0, 1, 0, 0),
    )  # fmt: skip
    shown.add_column("Route")
    shown.add_column("Mean", justify="right", no_wrap=True)
    shown.add_column("Of it")
    shown.add_column("Adds up")
    for picture in found[:most]:
        total = amount(picture.total_s, "s")
        shown.add_row(Text(picture.route), total, Text(shares(picture)), Text(verdict(picture), style=_style(picture)))
    if len(found) > most:
        shown.caption = f"and {len(found) - most} more routes; --json has them"
    return shown


def shares(picture: RoutePicture) -> str:
    """
    The parts with their shares, the largest first.
    """
    total = picture.total_s or 1.0
    parts = sorted(picture.parts.items(), key=lambda item: -item[1])
    return " · ".join(f"{name} {seconds / total:.0%}" for name, seconds in parts if seconds >= LEAST_SHARE * total)


def verdict(picture: RoutePicture) -> str:
    """
    Whether the parts add up to what was measured from outside, or why that cannot be said.
    """
    if picture.adds_up is None:
        return picture.why
    off = f"{picture.error or 0.0:+.1%} of {amount(picture.measured_s, 's')}"
    return f"yes, {off}" if picture.adds_up else f"no, {off}: {picture.why}"


def _style(picture: RoutePicture) -> str:
    return {True: "green", False: "red", None: "yellow"}[picture.adds_up]
