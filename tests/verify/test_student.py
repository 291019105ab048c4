"""
Small samples.
"""

from itertools import pairwise

import pytest

from hasten.verify import student
from hasten.verify.student import widening


@pytest.mark.parametrize(
    ("freedom", "table"), [(4, 2.7764), (5, 2.5706), (7, 2.3646), (11, 2.2010), (15, 2.1314), (30, 2.0423)]
)
def test_student_quantiles_are_those_of_the_table(freedom: int, table: float) -> None:
    """
    The expansion is within 0.05 % of the printed tables.
    """
    assert pytest.approx(table, rel=5e-4) == student.student_quantile(0.975, freedom)


def test_few_pairs_widen_more_than_many() -> None:
    """
    An error from few pairs is less certain, and so taken wider; from many it is taken as it is.
    """
    found = [widening(pairs) for pairs in (6, 16, 32, 80, 10_000)]

    assert all(more > less > 1 for more, less in pairwise(found))
    assert [1.09, 1.02] == [round(found[1], 2), round(found[3], 2)]
    assert pytest.approx(1, abs=0.001) == found[-1]
