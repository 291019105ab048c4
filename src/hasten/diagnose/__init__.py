"""
What costs the most, and how we know: every symptom is looked for, findings are ranked by seconds per day.

One file per symptom; to add one is to add one file, there is no list to edit. Pure: only the Observation is read, so
a diagnosis can be repeated without the application. Costs of different symptoms may be about the same time (a slow
statement and the index that it misses): they rank, they do not add up.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Protocol, cast

from hasten.diagnose.about import About
from hasten.errors import NoData
from hasten.evidence import Observation
from hasten.model import Finding, Noun
from hasten.target import Ignore, Target

__all__ = ["About", "Diagnosis", "Symptom", "catalogue", "diagnose"]


class Symptom(Protocol):
    """
    What a file of this folder offers.
    """

    __name__: str
    __doc__: str | None
    about: About

    def find(self, observation: Observation, target: Target) -> list[Finding]:
        """
        Every place that has the symptom. Raises NoData: nothing can be said.
        """


class Diagnosis(Noun, frozen=True, kw_only=True):
    """
    What was found, dearest first.

    ignored: findings that hasten.toml accepts, each with its reason.
    silent: symptoms of which nothing, or not everything, could be said, each with why.
    stale: one sentence for each [[ignore]] that matched nothing.
    """

    findings: list[Finding] = []
    ignored: list[tuple[Finding, str]] = []
    silent: dict[str, str] = {}
    stale: list[str] = []


@cache
def _found() -> dict[str, Symptom]:
    found: dict[str, Symptom] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        candidate: Any = importlib.import_module(f"{__name__}.{module.name}")
        if isinstance(getattr(candidate, "about", None), About):
            found[module.name] = cast(Symptom, candidate)
    return dict(sorted(found.items()))


def catalogue() -> dict[str, Symptom]:
    """
    Every symptom by its name, sorted.
    """
    return dict(_found())


def diagnose(observation: Observation, target: Target, symptoms: Mapping[str, Symptom] | None = None) -> Diagnosis:
    """
    All symptoms are looked for in one observation.

    Args:
        symptoms: Those to look for; all of the catalogue if None.
    """
    chosen = catalogue() if symptoms is None else dict(symptoms)
    findings: list[Finding] = []
    silent: dict[str, str] = {}
    for name, symptom in chosen.items():
        unsaid = [told for part in symptom.about.reads for told in _not_measured(part, observation)]
        try:
            findings += symptom.find(observation, target)
        except NoData as error:
            unsaid.append(str(error))
        if unsaid:
            silent[name] = "; ".join(dict.fromkeys(unsaid))
    findings.sort(key=lambda finding: (-finding.cost_s_per_day, finding.symptom, finding.where))
    accepted = [(finding, _accepting(finding, target.ignore)) for finding in findings]
    return Diagnosis(
        findings=[finding for finding, rule in accepted if rule is None],
        ignored=[(finding, rule.reason) for finding, rule in accepted if rule is not None],
        silent=silent,
        stale=_stale(findings, silent, target.ignore, list(chosen)),
    )


def _not_measured(part: str, observation: Observation) -> list[str]:
    """
    What is missing of one part of the observation: all of it, or a detail ("statements.percentiles").
    """
    if getattr(observation, part):
        return [why for probe, why in observation.missing.items() if probe.startswith(f"{part}.")]
    why = observation.missing.get(part) or "; ".join(
        f"{probe}: {why}" for probe, why in observation.missing.items() if part.rstrip("s") in probe
    )
    return [f"{_PARTS.get(part, part)} not measured" + (f" ({why})" if why else "")]


_PARTS = {
    "responses": "the API's answers were",
    "pages": "pages were",
    "bundle": "the built front end was",
    "statements": "statements were",
    "tables": "tables were",
    "indexes": "indexes were",
    "processes": "processes were",
    "traces": "requests from inside were",
    "workers": "workers of the application were",
}


def _accepting(finding: Finding, rules: list[Ignore]) -> Ignore | None:
    return next((rule for rule in rules if _matches(rule, finding)), None)


def _matches(rule: Ignore, finding: Finding) -> bool:
    return rule.symptom == finding.symptom and (not rule.where or fnmatchcase(finding.where.name, rule.where))


def _stale(findings: list[Finding], silent: dict[str, str], rules: list[Ignore], known: list[str]) -> list[str]:
    told = []
    for rule in rules:
        if any(_matches(rule, finding) for finding in findings):
            continue
        place = f" at {rule.where!r}" if rule.where else ""
        if rule.symptom not in known:
            close = difflib.get_close_matches(rule.symptom, known, n=1)
            told.append(
                f"[[ignore]] names the symptom {rule.symptom!r}, which does not exist"
                + (f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}")
            )
        elif rule.symptom not in silent:
            told.append(f"[[ignore]] of {rule.symptom}{place} matches nothing any more; it can go")
    return told
