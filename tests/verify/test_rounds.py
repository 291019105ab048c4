"""
The first pass and the timed rounds, on a real server whose two sessions see different things.
"""

import pytest

from hasten.application import App
from hasten.evidence import StatementSample
from hasten.model import now
from hasten.sql import read_statement
from hasten.verify.replay import Replayed, duet
from hasten.verify.rounds import Record, compare, play_round

pytestmark = pytest.mark.real


def statement(name: str, text: str, *parameters: str) -> Replayed:
    """
    A statement with one execution for each parameter, or one without.
    """
    made = [StatementSample(at=now(), query_id=name, text=text, parameters=[each]) for each in parameters] or [
        StatementSample(at=now(), query_id=name, text=text)
    ]
    return Replayed(
        query_id=name, calls=1, is_write=False, shape=read_statement(text), samples=tuple(made), seconds=0.1
    )


GOOD = statement("good", "SELECT name FROM parents WHERE id = $1", "1", "2")
BROKEN = statement("broken", "SELECT 1 / $1::int", "0")
HALF = statement("half", "SELECT 1 / $1::int", "0", "1")
DIFFERENT = statement("different", "SELECT current_setting('work_mem')")
ONE_SIDED = statement("one sided", "SELECT 1 / (current_setting('work_mem') = '4MB')::int")


def test_errors_and_differences_are_recorded(small_app: App) -> None:
    """
    What fails in both arms is left out, what fails in one is counted there, other rows are found.
    """
    record = Record()
    with small_app.database.connect() as control, small_app.database.connect() as candidate:
        candidate.execute("SET work_mem = '5MB'")
        with duet(control, candidate) as playing:
            kept = compare(playing, [GOOD, BROKEN, HALF, DIFFERENT, ONE_SIDED], [], record)

    assert {"good": 2, "half": 1, "different": 1} == {each.query_id: len(each.samples) for each in kept}
    assert [0, 1] == record.first_errors
    assert ["different", "one sided"] == [each["query_id"] for each in record.comparison.unequal]
    assert 5 == record.comparison.compared
    assert 2 == len(record.notes)


def test_a_block_has_the_mean_seconds_of_each_statement(small_app: App) -> None:
    """
    Fast statements run several times; a one-sided error is in the block, and the statement is not.
    """
    with small_app.database.connect() as control, small_app.database.connect() as candidate:
        candidate.execute("SET work_mem = '5MB'")
        with duet(control, candidate) as playing:
            block = play_round(playing, [GOOD, ONE_SIDED], 3, control_first=False, seed=1)

    assert (3, "candidate first", 0, 1) == (
        block.index,
        block.order,
        block.control_errors,
        block.candidate_errors,
    )
    assert ["good"] == list(block.control) == list(block.candidate)
    assert block.control["good"] > 0


def test_the_slower_arm_sets_the_length_of_a_round(small_app: App) -> None:
    """
    A statement that the change made fast still takes its old time in control.
    """
    slow = statement("slow", "SELECT pg_sleep(CASE WHEN current_setting('work_mem') = '4MB' THEN 0.2 ELSE 0 END)")
    with small_app.database.connect() as control, small_app.database.connect() as candidate:
        candidate.execute("SET work_mem = '5MB'")
        with duet(control, candidate) as playing:
            [kept] = compare(playing, [slow], [], Record())

    assert kept.seconds >= 0.2
    assert 1 == kept.repeats
