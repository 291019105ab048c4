"""
Reading what requests have loaded with their objects.
"""

from tests.traced import Written

from hasten.diagnose import _eager
from hasten.diagnose._traces import Followed
from hasten.trace import seen


def followed(written: Written) -> list[Followed]:
    """
    The requests with their steps.
    """
    traces = written.traces
    return [Followed(each, seen(traces, each)) for each in traces.taken]


def test_all_times_of_a_request_are_one(written: Written) -> None:
    """
    Their objects and statements add up, and one read is a read.
    """
    written.add(
        written.step("eager", 0, 10, "selectin Order.lines line", detail="unread", rows=3),
        written.step("db", 1, 2, "SELECT line.id FROM line"),
        written.step("eager", 20, 10, "selectin Order.lines line", detail="read", rows=4),
        written.step("db", 21, 3, "SELECT line.id, line.text FROM line"),
    )
    [(relation, [loaded])] = _eager.by_relation(followed(written)).items()

    assert ("Order.lines", "selectin", "read", 7) == (relation, loaded.way, loaded.verdict, loaded.rows)
    assert 0.005 == round(loaded.seconds, 6)
    assert "SELECT line.id, line.text FROM line" == loaded.statement


def test_a_name_that_says_less_is_read_too(written: Written) -> None:
    """
    Without a table a join's share is not known.
    """
    written.add(
        written.step("eager", 0, 10, "joined Order.lines", detail="unread"), written.step("db", 0, 10, "SELECT 1")
    )
    [loaded] = _eager.by_relation(followed(written))["Order.lines"]

    assert (0.0, 0) == (loaded.seconds, loaded.rows)
