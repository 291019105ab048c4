"""
A strict reader of Prometheus' text format and of OpenMetrics, for tests: what a scraper would refuse, it refuses.
"""

import math
import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)\Z")
_ONE_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"')
_SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("",), "gauge": ("",)}

Labels = frozenset[tuple[str, str]]


@dataclass
class Read:
    """
    One family: its type, and its samples by name and labels.
    """

    kind: str
    says: str = ""
    unit: str = ""
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)


def read(text: str, *, openmetrics: bool = False) -> dict[str, Read]:
    """
    The families of a text.

    Raises:
        AssertionError: it is not in the format.
    """
    assert text == "" or text.endswith("\n")
    lines = text.split("\n")[:-1]
    if openmetrics:
        assert lines.pop() == "# EOF"
    found: dict[str, Read] = {}
    name = ""
    for line in lines:
        assert line == line.strip() and line
        if line.startswith("# "):
            _, word, title, rest = line.split(" ", 3)
            if word == "TYPE":
                assert title not in found, f"{title} comes twice"
                found[title] = Read(kind=rest)
                name = title
            assert title == name, "families are not side by side"
            if word == "HELP":
                found[name].says = rest
            elif word == "UNIT":
                assert openmetrics and title.endswith(f"_{rest}")
                found[name].unit = rest
            else:
                assert word == "TYPE" and rest in _SUFFIXES
            continue
        _sample(line, name, found[name], openmetrics)
    for family, each in found.items():
        assert each.samples, f"{family} has no sample"
        if each.kind == "histogram":
            _histogram(family, each)
    return found


def _sample(line: str, family: str, into: Read, openmetrics: bool) -> None:
    match = _SAMPLE.fullmatch(line)
    assert match, line
    name, labels, value = match.groups()
    suffixes = ("_total",) if into.kind == "counter" and openmetrics else _SUFFIXES[into.kind]
    assert name in [family + suffix for suffix in suffixes], f"{name} in {family}"
    if into.kind == "counter":
        assert name.endswith("_total")
    pairs = [(key, plain(text)) for key, text in _ONE_LABEL.findall(labels or "")]
    assert len({key for key, _ in pairs}) == len(pairs)
    key = (name, frozenset(pairs))
    assert key not in into.samples, f"{line} comes twice"
    into.samples[key] = float(value)
    assert not math.isnan(float(value))
    if into.kind != "gauge":
        assert float(value) >= 0


def _histogram(name: str, read_: Read) -> None:
    series: dict[Labels, list[tuple[float, float]]] = {}
    for (sample, labels), value in read_.samples.items():
        if sample == f"{name}_bucket":
            bound = next(text for key, text in labels if key == "le")
            series.setdefault(frozenset(each for each in labels if each[0] != "le"), []).append((float(bound), value))
    for labels, buckets in series.items():
        assert buckets == sorted(buckets) and buckets[-1][0] == math.inf
        assert [value for _, value in buckets] == sorted(value for _, value in buckets)
        assert read_.samples[(f"{name}_count", labels)] == buckets[-1][1]
        assert (f"{name}_sum", labels) in read_.samples
    assert len(read_.samples) == sum(len(each) + 2 for each in series.values())


def plain(text: str) -> str:
    """
    The value of a label as it was before it was escaped.
    """
    return re.sub(r"\\(.)", lambda found: "\n" if found.group(1) == "n" else found.group(1), text)
