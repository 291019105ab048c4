"""
About: what every optimization says of itself.
"""

from hasten.model import Kind, Noun, Risk


class About(Noun, frozen=True, kw_only=True):
    """
    The facts of one optimization.

    title: what it does, as a remedy, for a line in a list.
    treats: the symptoms it is a remedy for.
    improves: the metrics that must improve for it to stay.
    needs: what must be there, in words ("PostgreSQL 13").
    least_gain: the share of time it must save to pay for itself.
    upkeep: what somebody has to look after for as long as it stays, in words.
    """

    title: str
    kind: Kind
    risk: Risk
    treats: tuple[str, ...]
    improves: tuple[str, ...]
    needs: tuple[str, ...] = ()
    least_gain: float = 0.05
    upkeep: str = "none"
