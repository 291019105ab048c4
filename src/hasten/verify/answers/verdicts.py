"""
Which fields are noise, and in which the candidate answers differently.
"""

from collections.abc import Iterable

from hasten.verify.answers.result import Field, FieldVerdict
from hasten.verify.answers.significance import accused, odd_p
from hasten.verify.answers.tally import Counted, Tally


def fields_of(tallies: Iterable[Tally], level: float) -> list[Field]:
    """
    Every field that is noise or wrong; `level` is the false-discovery rate over all fields that differed.

    A field in which the controls never differ must never differ: one confirmed difference is a mismatch. Beyond that
    the candidate must not be odd more often than a third control would be. A few differences that nobody could repeat,
    in a field without noise, were somebody else's writes.
    """
    everything = [(tally, name, counted) for tally in tallies for name, counted in sorted(tally.named().items())]
    chances = [_p_of(counted) for _, _, counted in everything]
    found = []
    for (tally, name, counted), p, is_odd in zip(everything, chances, accused(chances, level), strict=True):
        is_wrong = is_odd or bool(counted.confirmed and not counted.noise)
        if is_wrong or counted.noise:
            found.append(_field(tally, name, counted, p, is_wrong=is_wrong))
    return sorted(found, key=lambda field: (field.verdict, field.route, field.name))


def _p_of(counted: Counted) -> float:
    # Where one element of a list is noise and another is odd, the answer counts as noise for their common field.
    odd = len(counted.odd - counted.noise)
    return odd_p(odd, odd + len(counted.noise - counted.blur))


def _field(tally: Tally, name: str, counted: Counted, p: float, *, is_wrong: bool) -> Field:
    return Field(
        route=tally.route,
        name=name,
        verdict=FieldVerdict.MISMATCH if is_wrong else FieldVerdict.NOISE,
        compared=tally.compared,
        noisy=len(counted.noise),
        odd=len(counted.odd),
        confirmed=len(counted.confirmed),
        p=p,
        samples=counted.samples if is_wrong else [],
    )
