"""
sequential_independent_statements: questions that wait for each other and need not.
"""

from typing import Any

import pytest
from tests.traced import Written

from hasten.diagnose import sequential_independent_statements as symptom

FIRST, SECOND, THIRD = (f"SELECT {name}, count(*) FROM inquiries WHERE day >= ? GROUP BY 1" for name in ("a", "b", "c"))


def ask(written: Written, *steps: tuple[str, float, float, str], count: int = 6, **given: Any) -> None:
    """
    Requests that execute these statements; "{}" in the values stands for another value in each request.
    """
    for number in range(count):
        values = {name: value(number) if callable(value) else value for name, value in given.items()}
        written.add(
            *(
                written.step("db", begins, takes, text, detail=detail.format(number))
                for text, begins, takes, detail in steps
            ),
            **values,
        )


def test_equal_values_cannot_come_from_an_answer(observed: Any, target: Any, written: Written) -> None:
    """
    Three statements with the same day: 20 + 30 + 40 ms one after the other, 40 at once.
    """
    ask(written, (FIRST, 0, 20, "day {}"), (SECOND, 25, 30, "day {}"), (THIRD, 60, 40, "day {}"))
    [found] = symptom.find(observed(traces=written.traces), target)

    assert "GET /api/inquiries" == found.where.name
    assert pytest.approx(4000 * 0.050) == found.cost_s_per_day
    assert [0.02, 0.03, 0.04] == [each["mean_s"] for each in found.evidence["statements"]]
    assert "3 statements one after the other" in found.says


def test_a_statement_without_values_needs_nobody(observed: Any, target: Any, written: Written) -> None:
    """
    Its text is the whole question.
    """
    ask(written, (FIRST, 0, 30, "day {}"), ("SELECT count(*) FROM roles", 40, 30, "text"))
    [found] = symptom.find(observed(traces=written.traces), target)

    assert 2 == len(found.evidence["statements"])


def test_values_that_were_known_before_both_are_independent(observed: Any, target: Any, written: Written) -> None:
    """
    The id was used before the list was asked for, so what is asked with it afterwards is not from the list.
    """
    by_id = "SELECT name FROM users WHERE id = ?"
    ask(
        written,
        (by_id, 0, 1, "id {}"),
        ("SELECT id FROM inquiries WHERE status = ?", 5, 30, "open {}"),
        ("SELECT count(*) FROM messages WHERE user_id = ?", 40, 30, "id {}"),
    )
    [found] = symptom.find(observed(traces=written.traces), target)

    assert 3 >= len(found.evidence["statements"]) >= 2
    assert pytest.approx(0.03, abs=0.002) == found.evidence["avoidable_s"]


@pytest.mark.parametrize(
    ("steps", "given"),
    [
        ([(FIRST, 0, 30, "day {}"), (SECOND, 40, 30, "from the answer {}")], {}),
        ([(FIRST, 0, 30, "always"), (SECOND, 40, 30, "always")], {}),
        ([(FIRST, 0, 30, "{}"), (SECOND, 40, 30, "{}")], {"pid": int}),
        ([(FIRST, 0, 60, "day {}"), (SECOND, 1, 60, "day {}")], {}),
        ([(FIRST, 0, 10, "day {}"), (SECOND, 20, 10, "day {}")], {}),
        ([(FIRST, 0, 30, "day {}"), (SECOND, 40, 30, "day {}")], {"takes_ms": 400}),
        ([(FIRST, 0, 30, "day {}"), (SECOND, 40, 30, "day {}")], {"count": 4}),
        ([(FIRST, 0, 30, "day {}"), (SECOND, 40, 30, "")], {}),
        ([(FIRST, 0, 30, "day {}"), ("UPDATE a SET day = ?", 40, 30, "day {}")], {}),
    ],
    ids=[
        "depends",
        "constants",
        "constants of other workers",
        "at once",
        "too short",
        "too small",
        "too few",
        "unknown values",
        "a write",
    ],
)
def test_what_may_depend_or_saves_little_is_left_alone(
    observed: Any, target: Any, written: Written, steps: Any, given: Any
) -> None:
    """
    Other values could be from the answer, equal ones in all requests could be equal by accident.
    """
    ask(written, *steps, **given)

    assert [] == symptom.find(observed(traces=written.traces), target)


def test_what_not_every_request_asks_may_hang_on_an_answer(observed: Any, target: Any, written: Written) -> None:
    """
    A second look that only some requests need is asked because of the first.
    """
    ask(written, (FIRST, 0, 30, "day {}"), (SECOND, 40, 30, "day {}"))
    ask(written, (FIRST, 0, 30, "other {}"), count=1)

    assert [] == symptom.find(observed(traces=written.traces), target)


def test_authentication_comes_first(observed: Any, target: Any, written: Written) -> None:
    """
    What a person may see is not asked for before it is known who it is.
    """
    for number in range(6):
        written.add(
            written.step("db", 0, 30, FIRST, detail=f"user {number}", at="shop/auth.py:30 permissions_of"),
            written.step("db", 40, 30, SECOND, detail=f"user {number}"),
        )

    assert [] == symptom.find(observed(traces=written.traces), target)


def test_lookups_per_row_are_another_symptom(observed: Any, target: Any, written: Written) -> None:
    """
    Twelve executions of one statement are n_plus_one.
    """
    for number in range(6):
        written.add(*(written.step("db", 8 * n, 8, FIRST, detail=f"{number}") for n in range(12)))

    assert [] == symptom.find(observed(traces=written.traces), target)
