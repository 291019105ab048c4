"""
Reasons and expectations for people.
"""

import msgspec
import pytest

from hasten.optimize.database._indexes.definition import Definition, Key
from hasten.optimize.database._indexes.telling import expectation, reason, slower, spell
from hasten.optimize.database._indexes.workload import Statement
from hasten.sql import read_statement

SERVED = Statement(
    query_id="q", shape=read_statement("SELECT 1"), calls=1000, total_s=50.0, mean_s=0.05, is_write=False, samples=[]
)
WANTED = Definition(table="messages", keys=(Key(text="inquiry_id"),))


def test_the_reason_says_what_is_slow_and_how_often() -> None:
    """
    Table, columns, calls, seconds and their share.
    """
    assert (
        "1 statement (1,000 calls) look into messages by inquiry_id, which no index serves: "
        "50 s, 50% of the database's time while it was observed"
    ).replace("look", "looks") == reason(WANTED, [SERVED], 100.0)


def test_the_expectation_has_the_price_too() -> None:
    """
    What it brings per call and in all, what it takes on disk and from writes.
    """
    said = expectation([SERVED], {"q": 49.0}, {"q": 50.0}, 0.49, 35_000_000, 0.02)

    assert (
        "the dearest of them from 50 ms to 1 ms per call, 49% less database time, 35 MB on disk, "
        "writes 20 ms slower in all"
    ) == said


def test_what_gets_slower_is_no_secret() -> None:
    """
    A report that loses is told with its calls, before and after.
    """
    shape = read_statement("SELECT a FROM sla, messages")
    report = msgspec.structs.replace(SERVED, query_id="r", calls=2, shape=shape)
    said = slower([report], {"r": -0.6}, {"r": 1.38})

    assert f", one on {' and '.join(shape.tables)} (2 calls) slower: 690 ms, then 990 ms" == said
    assert "" == slower([], {}, {})


@pytest.mark.parametrize(
    ("seconds", "said"), [(2.345, "2.35 s"), (0.0123, "12.3 ms"), (0.000042, "42 µs"), (0.0, "0 µs")]
)
def test_durations_have_the_unit_that_people_read(seconds: float, said: str) -> None:
    """
    Seconds, milliseconds or microseconds.
    """
    assert said == spell(seconds)
