"""
The result as data, and its guard.
"""

import pytest

from hasten.model import from_json, to_json
from hasten.verify.answers import Equivalence, Field, FieldVerdict, RouteClass, guard


def field(name: str, verdict: FieldVerdict = FieldVerdict.MISMATCH) -> Field:
    """
    A field that differed.
    """
    return Field(route="GET /a", name=name, verdict=verdict, compared=9, noisy=0, odd=1, confirmed=1)


def found(*fields: Field, is_enough: bool = True, clean: int = 9, noise_is_fatal: bool = False) -> Equivalence:
    """
    A comparison of one route.
    """
    route = RouteClass(route="GET /a", compared=9, clean=clean, errors=0, shapes=1, covered=1, is_enough=is_enough)
    return Equivalence(
        seed=1, compared=9, clean=clean, routes=[route], fields=list(fields), noise_is_fatal=noise_is_fatal
    )


@pytest.mark.parametrize(
    ("equivalence", "ok"),
    [
        (found(), True),
        (found(field("$.a")), False),
        (found(field("$.a", FieldVerdict.NOISE)), True),
        (found(field("$.a", FieldVerdict.NOISE), noise_is_fatal=True), False),
        (found(is_enough=False), None),
        (found(field("$.a"), is_enough=False), False),
        (found(clean=0), None),
        (Equivalence(seed=1, compared=0, clean=0), None),
    ],
)
def test_the_guard_follows_from_the_fields(equivalence: Equivalence, ok: bool | None) -> None:
    """
    A mismatch is enough to fail; too little is no good news.
    """
    assert ok is guard(equivalence).ok


def test_the_status_is_told_first() -> None:
    """
    Of many fields those come first that say most.
    """
    detail = guard(found(field("$.a"), field("$.b"), field("header:vary"), field("status"))).detail

    assert detail.index("status") < detail.index("header:vary") < detail.index("$.a")


def test_it_goes_into_a_trial() -> None:
    """
    As data it is the same in JSON and back.
    """
    equivalence = found(field("$.a"))

    assert equivalence == from_json(to_json(equivalence.as_data()), Equivalence)
