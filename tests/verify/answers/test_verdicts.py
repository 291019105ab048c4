"""
Noise, a mismatch, or nothing.
"""

import json

import pytest

from hasten.verify.answers import Answer, Declared, FieldVerdict
from hasten.verify.answers.tally import Tally
from hasten.verify.answers.triples import Triple, triple_of
from hasten.verify.answers.verdicts import fields_of


def triple(*values: object) -> Triple:
    """
    Three answers in JSON, compared.
    """
    lines = [("content-type", "application/json")]
    one, two, three = (Answer(status=200, headers=lines, body=json.dumps(value).encode()) for value in values)
    return triple_of((one, two, three), Declared())


EQUAL, ODD, NOISE, BLUR = (1, 1, 1), (1, 1, 2), (1, 2, 1), (1, 2, 3)


@pytest.mark.parametrize(
    ("triples", "confirmed", "verdict"),
    [
        ([EQUAL] * 5, False, None),
        ([EQUAL, ODD], False, None),
        ([EQUAL, ODD], True, FieldVerdict.MISMATCH),
        ([ODD] * 8, False, FieldVerdict.MISMATCH),
        ([BLUR] * 9, False, FieldVerdict.NOISE),
        ([NOISE, NOISE, ODD], True, FieldVerdict.NOISE),
        ([NOISE, *[ODD] * 12], False, FieldVerdict.MISMATCH),
    ],
)
def test_each_history_has_its_verdict(
    triples: list[tuple[int, int, int]], confirmed: bool, verdict: FieldVerdict | None
) -> None:
    """
    Once and confirmed is enough where there is no noise; where there is, only more than chance.
    """
    tally = Tally("r")
    for values in triples:
        tally.add(triple(*values), triple(*values) if confirmed and values == ODD else None)
    found = fields_of([tally], level=0.01)

    assert verdict == (found[0].verdict if found else None)


def test_only_what_is_wrong_is_shown() -> None:
    """
    Noise has no samples: it is nobody's fault.
    """
    noisy, wrong = Tally("noisy"), Tally("wrong")
    noisy.add(triple(*NOISE))
    wrong.add(triple(*ODD), triple(*ODD))
    found = fields_of([noisy, wrong], level=0.01)

    assert [("wrong", 1), ("noisy", 0)] == [(each.route, len(each.samples)) for each in found]
