"""
Metrics in Prometheus' text format, and in OpenMetrics, which a scraper may ask for.

Names as OpenTelemetry translates them: dots are underscores, the unit is a suffix, a counter ends in `_total`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from hasten.world.metrics.families import Family, Labels, Metrics, Point

Format = Literal["prometheus", "openmetrics"]

CONTENT_TYPES: dict[Format, str] = {
    "prometheus": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}
#: What becomes of a unit; one in braces counts things and has no name.
_UNITS = {"s": "seconds", "By": "bytes"}


def text_of(metrics: Metrics, form: Format = "prometheus") -> str:
    """
    All families, in the format that is wanted.
    """
    lines = [line for family in metrics.families for line in _family(family, form)]
    if form == "openmetrics":
        lines.append("# EOF")
    return "".join(line + "\n" for line in lines)


def wanted(accept: str) -> Format:
    """
    The format that an Accept header asks for: OpenMetrics where it is named and not refused.
    """
    for part in accept.split(","):
        media, *parameters = (each.strip().lower() for each in part.split(";"))
        if media == "application/openmetrics-text" and "q=0" not in parameters:
            versions = [each for each in parameters if each.startswith("version=")]
            if not versions or versions[0] in ("version=1.0.0", "version=0.0.1"):
                return "openmetrics"
    return "prometheus"


def name_of(family: Family) -> str:
    """
    The name of a family, without the `_total` of a counter.
    """
    name = _name(family.name)
    unit = _UNITS.get(family.unit, "")
    return f"{name}_{unit}" if unit and not name.endswith(f"_{unit}") else name


def _family(family: Family, form: Format) -> Iterator[str]:
    name = name_of(family)
    sample = f"{name}_total" if family.kind == "counter" else name
    # In the older format the family of a counter has the name of its samples.
    title = name if form == "openmetrics" else sample
    yield f"# TYPE {title} {family.kind}"
    if form == "openmetrics" and family.unit in _UNITS:
        yield f"# UNIT {title} {_UNITS[family.unit]}"
    yield f"# HELP {title} {_escaped(family.says, quote=form == 'openmetrics')}"
    for point in family.points:
        if family.kind == "histogram":
            yield from _histogram(name, family.bounds, point)
        else:
            yield f"{sample}{_labels(point.labels)} {_number(point.value)}"


def _histogram(name: str, bounds: tuple[float, ...], point: Point) -> Iterator[str]:
    below, pairs = 0, _pairs(point.labels)
    front = f"{name}_bucket{{{pairs}{',' if pairs else ''}le="
    for bound, count in zip([*map(repr, bounds), "+Inf"], point.counts, strict=True):
        below += count
        yield f'{front}"{bound}"}} {below}'
    yield f"{name}_count{_labels(point.labels)} {below}"
    yield f"{name}_sum{_labels(point.labels)} {_number(point.value)}"


def _labels(labels: Labels) -> str:
    pairs = _pairs(labels)
    return f"{{{pairs}}}" if pairs else ""


def _pairs(labels: Labels) -> str:
    # An empty value is the same as no label.
    return ",".join(f'{_name(key)}="{_escaped(value)}"' for key, value in labels if value)


@lru_cache(maxsize=256)
def _name(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)


def _escaped(text: str, *, quote: bool = True) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quote else text


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
