"""
Which statements the noise floor is found with; the clones themselves are in tests/real/test_trial.py.
"""

import pytest

from hasten.evidence import StatementSample
from hasten.model import now
from hasten.sql import read_statement
from hasten.verify.calibration import chosen
from hasten.verify.replay import Replayed


def statement(name: str, seconds: float, total_s: float, *, is_write: bool = False) -> Replayed:
    """
    A recorded statement with four executions.
    """
    samples = tuple(
        StatementSample(at=now(), query_id=name, text="SELECT 1", parameters=[str(n)], seconds=seconds)
        for n in range(4)
    )
    shape = read_statement("SELECT 1")
    return Replayed(name, 10, is_write, shape, samples, seconds, total_s)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([statement("dear", 0.6, 60.0), statement("cheap", 0.1, 1.0)], ["cheap", "dear"]),
        ([statement("dear", 0.6, 60.0), statement("other", 0.5, 50.0)], ["dear"]),
        ([statement("write", 0.1, 60.0, is_write=True)], []),
        ([statement("slow", 3.0, 60.0), statement("slower", 4.0, 90.0)], ["slow"]),
        ([statement("endless", 9.0, 60.0)], []),
        ([], []),
    ],
)
def test_a_round_is_the_dearest_reads_that_fit_a_second(statements: list[Replayed], expected: list[str]) -> None:
    """
    Dearest first, as long as there is room; the quickest alone where nothing fits; nothing that takes for ever.
    """
    assert expected == [each.query_id for each in chosen(statements)]


def test_few_parameters_are_enough() -> None:
    """
    Two executions of each take turns.
    """
    assert [2] == [len(each.samples) for each in chosen([statement("a", 0.1, 1.0)])]
