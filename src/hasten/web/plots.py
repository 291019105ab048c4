"""
Plots as inline SVG that takes its colors from the page, so that it is right in light and in dark.
"""

import io
import math
import os
import re
import tempfile
import zlib
from collections.abc import Sequence
from typing import Any, TypeGuard

import msgspec

from hasten.model import Block, Look, Trial

# The configuration folder may be unwritable (a service user); matplotlib then warns on every start.
os.environ.setdefault("MPLCONFIGDIR", os.path.join(tempfile.gettempdir(), f"hasten-plots-{os.getuid()}"))  # noqa: PTH118

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

# Stand-ins that become CSS variables of the page after drawing.
INK, SOFT, LINE, BAD, GOOD, ACCENT = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
_VARIABLES = {INK: "--ink", SOFT: "--soft", LINE: "--line", BAD: "--bad", GOOD: "--good", ACCENT: "--accent"}

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "hasten",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": LINE,
    "xtick.color": SOFT,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
}


_plain = FuncFormatter(lambda value, _: f"{value:,g}")


class Dumbbell(msgspec.Struct, frozen=True):
    """
    One row: from where, to where, and what was wanted; None where there is no number.
    """

    label: str
    before: float | None
    after: float | None
    wanted: float | None
    text: str = ""


def dumbbells(rows: Sequence[Dumbbell], xlabel: str) -> str:
    """
    An SVG with a line from before to after per row, on a logarithmic axis, with a tick at what is wanted.
    """
    rows = [row for row in rows if any(_positive(v) for v in (row.before, row.after))]
    if not rows:
        return ""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(len(rows))
        for y, row in enumerate(reversed(rows)):
            _dumbbell(axes, y, row)
        axes.set_xscale("log")
        axes.set_yticks(range(len(rows)), [row.label for row in reversed(rows)])
        axes.set_xlabel(xlabel)
        _frame(axes, len(rows))
        return _svg(figure, xlabel)


def _dumbbell(axes: Axes, y: int, row: Dumbbell) -> None:
    before = row.before if _positive(row.before) else None
    after = row.after if _positive(row.after) else None
    better = before is not None and after is not None and after < before
    color = GOOD if better else BAD
    if before is not None and after is not None:
        axes.plot([before, after], [y, y], color=color, linewidth=3, solid_capstyle="round", zorder=2)
    if before is not None:
        axes.plot([before], [y], "o", markersize=9, color=SOFT, zorder=3)
    if after is not None:
        axes.plot([after], [y], "o", markersize=10, color=color, zorder=4)
    if _positive(row.wanted):
        axes.plot([row.wanted, row.wanted], [y - 0.34, y + 0.34], color=ACCENT, linewidth=2.5, zorder=3)
    if row.text:
        axes.annotate(
            row.text,
            (1.0, y),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
            color=SOFT,
        )


def forest(trials: Sequence[tuple[str, Trial]]) -> str:
    """
    An SVG with the effect of each change and its interval; left of 1 is faster.
    """
    rows = [(label, trial.effect) for label, trial in trials if trial.effect is not None]
    if not rows:
        return ""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(len(rows))
        for y, (_, effect) in enumerate(reversed(rows)):
            color = GOOD if effect.high < 1 else BAD if effect.low > 1 else SOFT
            axes.plot([effect.low, effect.high], [y, y], color=color, linewidth=3, solid_capstyle="round")
            axes.plot([effect.ratio], [y], "D", markersize=8, color=color)
            axes.annotate(
                f"× {effect.ratio:.3g}  [{effect.low:.3g}, {effect.high:.3g}]",
                (1.0, y),
                xycoords=("axes fraction", "data"),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontsize=10,
                color=SOFT,
            )
        axes.axvline(1.0, color=ACCENT, linewidth=2)
        axes.set_xscale("log")
        axes.set_yticks(range(len(rows)), [label for label, _ in reversed(rows)])
        axes.set_xlabel("candidate / control – left of 1 is faster")
        _frame(axes, len(rows))
        return _svg(figure, "effect of each change")


#: Parts of a bar, in the order of the bars: tones that stand out from light and dark paper alike.
_PARTS = (
    "#4477aa", "#66a3d9", "#1f9e9e", "#cc6677", "#aa4499", "#882255", "#ddaa33", "#b58900", "#999999", "#44aa66",
    "#777799",
)  # fmt: skip


def stacks(rows: Sequence[tuple[str, dict[str, float]]], parts: Sequence[str], xlabel: str) -> str:
    """
    An SVG with a bar per row, made of its parts one after the other in the order of `parts`; a legend names them.
    """
    rows = [row for row in rows if any(row[1].values())]
    if not rows:
        return ""
    used = [part for part in parts if any(row.get(part) for _, row in rows)]
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(len(rows))
        left = [0.0] * len(rows)
        for part in used:
            widths = [row.get(part, 0.0) for _, row in reversed(rows)]
            color = _PARTS[list(parts).index(part) % len(_PARTS)]
            axes.barh(range(len(rows)), widths, left=left, height=0.62, color=color, label=part)
            left = [begin + width for begin, width in zip(left, widths, strict=True)]
        axes.set_yticks(range(len(rows)), [label for label, _ in reversed(rows)])
        axes.set_xlabel(xlabel)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_formatter(_plain)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), labelcolor=INK)
        return _svg(figure, xlabel)


def blocks(trial: Trial) -> str:
    """
    An SVG with both arms of every pair of a trial, the ratio of each, and the repeated interval of every look.
    """
    pairs = _totals(trial.blocks, trial.weights)
    if not pairs:
        return ""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(8.2, 4.4))
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.1))
        _arms(upper, pairs, "candidate")
        _ratios(lower, pairs)
        for look in trial.looks:
            _look(lower, look)
        lower.axhline(1 - trial.least_gain, color=GOOD, linewidth=1.2, linestyle=":")
        lower.set_xlabel("pair")
        lower.set_xticks(_ticks(len(pairs)))
        return _svg(figure, "pairs and looks of the trial")


def noise(trial: Trial) -> str:
    """
    An SVG with the pairs of control against control, where this trial played them.
    """
    pairs = _totals(trial.noise.blocks, trial.noise.weights) if trial.noise else []
    if not pairs:
        return ""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(8.2, 2.2))
        axes = figure.add_subplot()
        _ratios(axes, pairs)
        axes.set_xlabel("pair of two equal arms")
        axes.set_xticks(_ticks(len(pairs)))
        return _svg(figure, "control against control")


def _totals(found: Sequence[Block], weights: dict[str, float]) -> list[tuple[float, float]]:
    """
    Weighted mean seconds of control and candidate per pair, over what both have.
    """
    pairs = []
    for block in found:
        names = block.control.keys() & block.candidate.keys()
        pair = tuple(
            _weighted({name: arm[name] for name in names}, weights) for arm in (block.control, block.candidate)
        )
        if min(pair) > 0:
            pairs.append((pair[0], pair[1]))
    return pairs


def _arms(axes: Axes, pairs: Sequence[tuple[float, float]], other: str) -> None:
    x = range(1, len(pairs) + 1)
    for arm, (color, label) in enumerate(((SOFT, "control"), (GOOD, other))):
        axes.plot(x, [pair[arm] * 1000 for pair in pairs], "o-", color=color, linewidth=1.2, markersize=4, label=label)
    _log_y(axes)
    axes.set_ylabel("ms per call")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), labelcolor=INK)


def _ratios(axes: Axes, pairs: Sequence[tuple[float, float]]) -> None:
    ratios = [candidate / control for control, candidate in pairs]
    axes.plot(range(1, len(pairs) + 1), ratios, "o", color=SOFT, markersize=4)
    axes.axhline(1.0, color=ACCENT, linewidth=2)
    _log_y(axes)
    axes.set_ylabel("candidate / control")


def _look(axes: Axes, look: Look) -> None:
    color = GOOD if look.high < 1 else BAD if look.low > 1 else INK
    axes.plot(
        [look.pairs, look.pairs], [look.low, look.high], color=color, linewidth=4, solid_capstyle="round", alpha=0.8
    )
    axes.plot([look.pairs], [math.exp(look.log_ratio)], "D", markersize=7, color=color)


def _log_y(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(_plain)
    low, high = axes.get_ylim()
    axes.yaxis.set_minor_locator(LogLocator(subs=(2.0, 5.0)))
    axes.yaxis.set_minor_formatter(_plain if high / low < 50 else NullFormatter())
    axes.grid(axis="y")


def _ticks(pairs: int) -> list[int]:
    step = 1 if pairs <= 20 else 8
    return list(range(1 if step == 1 else step, pairs + 1, step))


def _weighted(per_statement: dict[str, float], weights: dict[str, float]) -> float:
    known = {name: weights.get(name, 1.0) for name in per_statement}
    total = sum(known.values()) or 1.0
    return sum(per_statement[name] * weight for name, weight in known.items()) / total


def _figure(rows: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8.2, 0.42 * rows + 0.9))
    return figure, figure.add_subplot()


def _frame(axes: Axes, rows: int) -> None:
    axes.set_ylim(-0.6, rows - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(_plain)
    low, high = axes.get_xlim()
    # Within a decade there may be no power of ten to label; all nine between two of them would overlap.
    axes.xaxis.set_minor_locator(LogLocator(subs=(2.0, 5.0)))
    axes.xaxis.set_minor_formatter(_plain if high / low < 50 else NullFormatter())
    axes.grid(axis="x")
    axes.set_axisbelow(True)


def _positive(value: float | None) -> TypeGuard[float]:
    return value is not None and value > 0


def _svg(figure: Figure, title: str) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None, "Title": title})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    for color, variable in _VARIABLES.items():
        text = text.replace(color, f"var({variable})")
    # Points would fix the size; the page decides the width.
    text = re.sub(r'<svg ([^>]*?)height="[\d.]+pt"', r"<svg \1", text, count=1)
    text = re.sub(r'<svg ([^>]*?)width="[\d.]+pt"', r'<svg \1class="plot"', text, count=1)
    # Ids repeat between plots of one page; each plot gets its own.
    mark = f"p{zlib.crc32(text.encode())}"
    return re.sub(r'(id="|url\(#|xlink:href="#)', rf"\g<1>{mark}", text)
