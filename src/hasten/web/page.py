"""
report.html: one file without any outside reference, rendered from the ledger.
"""

from pathlib import Path
from typing import Any

import jinja2
import msgspec

from hasten import __version__
from hasten.model import Measurement
from hasten.objectives import OBJECTIVES, Standing
from hasten.picture import PARTS, RoutePicture
from hasten.quantities import amount, duration
from hasten.record.history import Measured
from hasten.record.report import Report
from hasten.web import plots
from hasten.web.plots import Dumbbell


def write_page(found: Report, path: Path, name: str) -> None:
    """
    The page is at `path`, wholly new or as it was before.
    """
    temporary = path.with_suffix(".html.new")
    temporary.write_text(render(found, name), encoding="utf-8")
    temporary.replace(path)


def render(found: Report, name: str) -> str:
    """
    The page as text.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("hasten.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = duration
    return environment.get_template("report.html.j2").render(
        name=name,
        version=__version__,
        found=found,
        cards=[_card(standing) for standing in found.objectives],
        reached=sum(standing.met for standing in found.objectives),
        board_plot=plots.dumbbells(_distances(found.objectives), "× target (1 is reached, logarithmic)"),
        pictures=_pictures(found.runs),
        picture_plot=plots.stacks(
            [(each.route, {part: 1000 * s for part, s in each.parts.items()}) for each in _pictures(found.runs)],
            PARTS,
            "mean request, ms",
        ),
        route_plot=plots.dumbbells(_routes(found.runs), "p95 of each route, ms (logarithmic)"),
        forest_plot=plots.forest(
            [(line.label.removeprefix("index "), line.trial) for line in found.changes if line.trial]
        ),
        block_plots={line.id: plots.blocks(line.trial) for line in found.changes if line.trial},
        first=found.runs[0] if found.runs else None,
        last=found.runs[-1] if found.runs else None,
    )


def _card(standing: Standing) -> dict[str, Any]:
    objective = next(o for o in OBJECTIVES if o.name == standing.name)
    return {
        "title": objective.title,
        "baseline": amount(standing.baseline, standing.unit),
        "now": amount(standing.now, standing.unit),
        "target": ("≤ " if objective.lower_is_better else "≥ ") + amount(standing.target, standing.unit),
        "state": "met" if standing.met else "unknown" if standing.now is None else "open",
        "change": _gain(standing),
    }


def _gain(standing: Standing) -> str:
    if not standing.baseline or not standing.now:
        return ""
    ratio = standing.now / standing.baseline
    return f"{(ratio - 1) * 100:+.0f} %" if abs(ratio - 1) >= 0.005 else "unchanged"


def _distances(standings: list[Standing]) -> list[Dumbbell]:
    rows = []
    for standing in standings:
        objective = next(o for o in OBJECTIVES if o.name == standing.name)
        if not objective.lower_is_better:
            continue
        rows.append(
            Dumbbell(
                objective.title,
                _over(standing.baseline, standing.target),
                _over(standing.now, standing.target),
                1.0,
                f"{amount(standing.baseline, standing.unit)} → {amount(standing.now, standing.unit)}",
            )
        )
    return rows


def _over(value: float | None, target: float) -> float | None:
    return None if value is None else value / target


def _pictures(runs: list[Measured]) -> list[RoutePicture]:
    """
    The routes whose time the latest run could take apart.
    """
    found = msgspec.convert(runs[-1].details.get("pictures", []), list[RoutePicture]) if runs else []
    # The ledger keeps names in the order of the alphabet.
    return [
        msgspec.structs.replace(each, parts={part: each.parts[part] for part in PARTS if part in each.parts})
        for each in found
    ]


def _routes(runs: list[Measured]) -> list[Dumbbell]:
    if not runs:
        return []
    before, after = _p95s(runs[0].measurements), _p95s(runs[-1].measurements)
    rows = [
        Dumbbell(route, value, after.get(route), None, f"{amount(value, 'ms')} → {amount(after.get(route), 'ms')}")
        for route, value in before.items()
    ]
    return sorted(rows, key=lambda row: row.before or 0.0, reverse=True)[:16]


def _p95s(measurements: list[Measurement]) -> dict[str, float]:
    return {
        m.where.name: m.distribution.p95 * 1000
        for m in measurements
        if m.metric == "http.client.request.duration" and m.where.kind == "route" and m.distribution.p95 is not None
    }
