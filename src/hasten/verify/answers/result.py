"""
What a comparison of answers found, as it goes into the trial and the ledger, and the guard that follows from it.
"""

from enum import StrEnum
from typing import Any

import msgspec

from hasten.model import Guard, Noun


class FieldVerdict(StrEnum):
    """
    What a field's differences come to; a field that never differed is not listed.
    """

    NOISE = "noise"
    MISMATCH = "mismatch"


class Sample(Noun, frozen=True, kw_only=True):
    """
    One request whose answers differed in a field; values are shortened, and secrets are redacted.
    """

    request: str
    principal: str
    control: str
    candidate: str


class Field(Noun, frozen=True, kw_only=True):
    """
    One field of a route class that differed at least once.

    compared: triples of answers. noisy: the controls differed. odd: the controls agreed and the candidate differed.
    confirmed: … and did so again when all three were asked once more.
    p: how likely so many odd candidates would be if it were one more control.
    """

    route: str
    name: str
    verdict: FieldVerdict
    compared: int
    noisy: int
    odd: int
    confirmed: int
    p: float = 1.0
    samples: list[Sample] = []


class RouteClass(Noun, frozen=True, kw_only=True):
    """
    How well one route class was compared.

    clean: comparisons of answers that are no errors and that agree in all but noise.
    shapes, covered: the parameter shapes that are known, and those among them that were compared often enough.
    """

    route: str
    compared: int
    clean: int
    errors: int
    shapes: int
    covered: int
    is_enough: bool


class Equivalence(Noun, frozen=True, kw_only=True):
    """
    Whether control and candidate give the same answers, and how much was compared to say so.
    """

    seed: int
    compared: int
    clean: int
    routes: list[RouteClass] = []
    fields: list[Field] = []
    noise_is_fatal: bool = False
    skipped: dict[str, int] = {}
    notes: list[str] = []

    @property
    def mismatches(self) -> list[Field]:
        """
        The fields in which the candidate answers differently.
        """
        return [field for field in self.fields if field.verdict is FieldVerdict.MISMATCH]

    @property
    def noise(self) -> list[Field]:
        """
        The fields in which control does not agree with itself.
        """
        return [field for field in self.fields if field.verdict is FieldVerdict.NOISE]

    def as_data(self) -> dict[str, Any]:
        """
        The comparison for Trial.equivalence.
        """
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data


def guard(found: Equivalence) -> Guard:
    """
    The guard `answers`: both arms give the same answers, and enough of them were compared to say so.
    """
    wrong, noise = found.mismatches, found.noise
    if wrong:
        detail = f"{len(wrong)} fields differ between the arms: {_named(wrong)}"
        return Guard(name="answers", ok=False, detail=detail, value=float(len(wrong)), limit=0.0)
    if found.noise_is_fatal and noise:
        detail = f"control does not agree with itself, and a cache would freeze it: {_named(noise)}"
        return Guard(name="answers", ok=False, detail=detail, value=float(len(noise)), limit=0.0)
    if not found.clean:
        detail = "no answer was compared that is not an error" if found.compared else "no answer was compared"
        return Guard(name="answers", ok=None, detail=detail)
    few = [route for route in found.routes if not route.is_enough]
    if few:
        names = ", ".join(f"{each.route} ({each.clean} clean)" for each in few[:3])
        detail = f"{len(few)} of {len(found.routes)} routes were not compared often enough: {names}"
        return Guard(name="answers", ok=None, detail=detail, value=float(found.clean))
    detail = f"{found.clean} answers of {len(found.routes)} routes are the same in both arms"
    return Guard(name="answers", ok=True, detail=detail, value=0.0, limit=0.0)


def _named(fields: list[Field]) -> str:
    # A status or a header says more in a line than one of many places in a body.
    fields = sorted(fields, key=lambda each: (each.name != "status", each.name.startswith("$")))
    named = "; ".join(f"{each.name} of {each.route}" for each in fields[:3])
    return named + (f" and {len(fields) - 3} more" if len(fields) > 3 else "")
