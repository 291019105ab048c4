"""
Plots are SVG that takes its colors from the page.
"""

import re
import xml.etree.ElementTree as ET

import msgspec

from hasten.model import Block, Effect, Grade, Look, Noise, Trial, Where
from hasten.web.plots import Dumbbell, blocks, dumbbells, forest, noise, stacks

LOOK = Look(pairs=16, log_ratio=-2.3, error=0.05, z=4.56, low=0.08, high=0.126)
BLOCKS = [Block(index=n, order="", control={"q": 0.1 + n / 100}, candidate={"q": 0.01}) for n in range(16)]
TRIAL = Trial(
    change="c", grade=Grade.A, arena="clone", seed=1,
    blocks=BLOCKS, looks=[LOOK],
    noise=Noise(pairs=16, log_ratio=0.0, error=0.1, half_width=0.1, is_off=False, blocks=BLOCKS, weights={"q": 3.0}),
    effect=Effect(metric="m", where=Where(kind="table", name="t"), ratio=0.1, low=0.08, high=0.12, pairs=6,
                  control=0.1, candidate=0.01),
    weights={"q": 3.0},
)  # fmt: skip


def texts(svg: str) -> list[str]:
    """
    All texts in the SVG, which is well-formed.
    """
    namespaced = svg.replace("xlink:href", "href")
    return [element.text or "" for element in ET.fromstring(namespaced).iter() if element.tag.endswith("text")]


def test_a_dumbbell_row_has_its_label_and_numbers() -> None:
    """
    Each row is named and says what it says; rows without any number are left out.
    """
    rows = [Dumbbell("API p95", 3000.0, 400.0, 200.0, "3 s → 0.4 s"), Dumbbell("nothing", None, None, 1.0)]
    found = texts(dumbbells(rows, "ms"))

    assert "API p95" in found
    assert "3 s → 0.4 s" in found
    assert "nothing" not in found


def test_nothing_to_plot_is_no_plot() -> None:
    """
    Empty input gives no empty frame.
    """
    empty = Trial(change="c", grade=Grade.A, arena="clone", seed=1, blocks=[], effect=None)
    assert [""] * 4 == [dumbbells([], ""), forest([("x", empty)]), blocks(empty), noise(empty)]


def test_colors_are_those_of_the_page() -> None:
    """
    No stand-in color is left: all have become variables, so that dark mode works.
    """
    for svg in (forest([("messages", TRIAL)]), blocks(TRIAL), noise(TRIAL)):
        assert "var(--" in svg
        assert not re.search(r"#0[1-6]0[1-6]0[1-6]", svg)


def test_ids_of_two_plots_do_not_collide() -> None:
    """
    Two plots on one page refer to their own parts only.
    """
    first, second = forest([("messages", TRIAL)]), blocks(TRIAL)
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (first, second)]

    assert not ids[0] & ids[1]


def test_pairs_are_shown_with_their_looks() -> None:
    """
    Both arms, the ratio of each pair, and one interval more for each look.
    """
    without = blocks(msgspec.structs.replace(TRIAL, looks=[]))

    assert {"control", "candidate", "candidate / control", "pair"} <= set(texts(blocks(TRIAL)))
    assert blocks(TRIAL).count("<path") > without.count("<path")


def test_pairs_with_nothing_in_common_are_left_out() -> None:
    """
    A pair whose arms answered different things has no ratio to show.
    """
    apart = Block(index=0, order="", control={"a": 1.0}, candidate={"b": 1.0})

    assert "" == blocks(msgspec.structs.replace(TRIAL, blocks=[apart]))


def test_a_bar_is_made_of_its_parts() -> None:
    """
    A row per route, in the legend only the parts that are there; rows without any time are left out.
    """
    rows = [("GET /orders", {"database": 30.0, "application": 70.0}), ("GET /nothing", {})]
    found = texts(stacks(rows, ("database", "auth", "application"), "ms"))

    assert {"GET /orders", "database", "application", "ms"} <= set(found)
    assert not {"GET /nothing", "auth"} & set(found)
    assert "" == stacks([], ("database",), "ms")
