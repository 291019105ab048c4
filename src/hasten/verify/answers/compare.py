"""
The recorded requests go to control, control once more and the candidate, and their answers are compared.
"""

from collections.abc import Sequence

from hasten.verify.answers.asking import Ask
from hasten.verify.answers.plan import ComparisonPlan
from hasten.verify.answers.result import Equivalence
from hasten.world.load.plan import LoadRequest


def compare_answers(requests: Sequence[LoadRequest], ask: Ask, plan: ComparisonPlan) -> Equivalence:
    """
    Whether the candidate answers as control does, field by field.
    """
    raise NotImplementedError
