"""
Same answers over HTTP: recorded requests to control, control once more and the candidate, compared field by field.

    compare_answers(requests, ask, plan) ─▶ Equivalence ─▶ guard(…)

Fields that differ between the controls are noise; all others must agree.
"""

from hasten.verify.answers.asking import ARMS, CANDIDATE, CONTROL, CONTROL_AGAIN, NO_ANSWER, Answer, Ask
from hasten.verify.answers.compare import compare_answers
from hasten.verify.answers.plan import COMPRESSION, ComparisonPlan, Declared
from hasten.verify.answers.result import Equivalence, Field, FieldVerdict, RouteClass, Sample, guard

__all__ = [
    "ARMS",
    "CANDIDATE",
    "COMPRESSION",
    "CONTROL",
    "CONTROL_AGAIN",
    "NO_ANSWER",
    "Answer",
    "Ask",
    "ComparisonPlan",
    "Declared",
    "Equivalence",
    "Field",
    "FieldVerdict",
    "RouteClass",
    "Sample",
    "compare_answers",
    "guard",
]
