"""
The table of where a request's time goes.
"""

from msgspec.structs import replace
from rich.console import Console

from hasten.cli import pictures
from hasten.picture import RoutePicture

GOOD = RoutePicture(
    route="GET /orders", traces=30, requests=60, parts={"database": 0.03, "auth": 0.0001, "application": 0.07},
    inside_s=0.1, measured_s=0.101, error=-0.01, adds_up=True,
)  # fmt: skip


def shown(*found: RoutePicture, most: int = 12) -> str:
    """
    The table as text.
    """
    console = Console(width=160)
    with console.capture() as captured:
        console.print(pictures.table(list(found), most=most))
    return captured.get()


def test_the_largest_parts_come_first_and_the_sum_is_judged() -> None:
    """
    What is less than a hundredth of the time is left out of the line.
    """
    text = shown(GOOD)

    assert "application 70% · database 30%" in text
    assert "auth" not in text
    assert "yes, -1.0% of 101.0 ms" in text


def test_what_does_not_add_up_says_why() -> None:
    """
    As does what cannot be judged.
    """
    off = replace(GOOD, error=0.2, adds_up=False, why="chance")
    unknown = replace(GOOD, adds_up=None, why="too few")

    assert "no, +20.0% of 101.0 ms: chance" in shown(off)
    assert "too few" in shown(unknown)


def test_a_long_list_is_cut_and_says_so() -> None:
    """
    The rest is in --json.
    """
    assert "and 3 more routes" in shown(*([GOOD] * 5), most=2)
