"""
About: what every symptom says of itself.
"""

from hasten.model import Noun


class About(Noun, frozen=True, kw_only=True):
    """
    The facts of one symptom.

    symptom: its name, the same as its file's.
    title: the problem, for a line in a list.
    phase: 1 quick wins · 2 database · 3 front end · 4 back end · 5 infrastructure.
    place: what `where.name` of its findings is, which [[ignore]] matches.
    reads: the parts of an Observation it judges by; one that was not measured is told, never read as healthy.
    minimum: the support below which it stays silent, by a name that holds the unit.
    treated_by: the ids of the optimizations that are a remedy for it.
    """

    symptom: str
    title: str
    phase: int
    place: str
    reads: tuple[str, ...]
    minimum: dict[str, float] = {}
    treated_by: tuple[str, ...] = ()
