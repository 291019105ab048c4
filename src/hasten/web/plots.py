"""
Plots as inline SVG that takes its colors from the page, so that it is right in light and in dark.
"""

import io
import os
import re
import tempfile
import zlib
from collections.abc import Sequence
from typing import Any, TypeGuard

import msgspec

from hasten.model import Trial

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


def blocks(trial: Trial) -> str:
    """
    An SVG with both arms of every round of a trial: what the interval was computed from.
    """
    if not trial.blocks:
        return ""
    control = [_weighted(block.control, trial.weights) for block in trial.blocks]
    candidate = [_weighted(block.candidate, trial.weights) for block in trial.blocks]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(8.2, 2.4))
        axes = figure.add_subplot()
        x = range(1, len(control) + 1)
        axes.plot(x, [value * 1000 for value in control], "o-", color=SOFT, linewidth=1.5, label="control")
        axes.plot(x, [value * 1000 for value in candidate], "o-", color=GOOD, linewidth=1.5, label="candidate")
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(_plain)
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylabel("ms per call")
        axes.set_xlabel("round (both arms at the same time)")
        axes.grid(axis="y")
        axes.set_xticks(list(x))
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), labelcolor=INK)
        return _svg(figure, "rounds of the trial")


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
