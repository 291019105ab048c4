"""
over_fetch: more comes from the database than goes to the visitor.
"""

from typing import Any

import pytest
from tests.traced import Written

from hasten.diagnose import over_fetch
from hasten.evidence import ColumnProfile, TableProfile

MESSAGES = TableProfile(
    name="messages",
    rows=1000,
    size_bytes=1,
    columns=[
        ColumnProfile(name="id", type="bigint", width_bytes=8),
        ColumnProfile(name="inquiry_id", type="integer", width_bytes=4),
        ColumnProfile(name="body", type="text", width_bytes=294),
    ],
)
ALL = "SELECT messages.id, messages.inquiry_id, messages.body FROM messages WHERE messages.inquiry_id IN (?)"


def ask(written: Written, text: str = ALL, *, rows: int = 300, count: int = 3, **given: Any) -> None:
    """
    Requests that fetch so many rows, and answer with 20 kB.
    """
    for number in range(count):
        written.add(written.step("db", 5, 40, text, rows=rows, detail=f"{number}"), **given)


def find(observed: Any, target: Any, written: Written, **given: Any) -> Any:
    """
    What is found with the table of messages; its answers are not compressed.
    """
    given.setdefault("responses", [])
    return over_fetch.find(observed(traces=written.traces, tables=[MESSAGES], **given), target)


def test_texts_that_are_not_answered_are_found(observed: Any, target: Any, written: Written, make: Any) -> None:
    """
    300 rows of 300 bytes are 90 kB for 20: seven ninths of 40 ms, 4,000 times a day.
    """
    ask(written)
    sample = make.answer(headers=[("content-type", "application/json")], body_bytes=20_000, wire_bytes=20_000)
    [found] = find(observed, target, written, responses=[sample])

    assert (90_000, 20_000) == (found.evidence["fetched_bytes"], found.evidence["answer_bytes"])
    assert pytest.approx(4000 * 0.040 * 7 / 9) == found.cost_s_per_day
    assert "shop/orders.py:42 show" in found.says


def test_what_a_compressed_answer_holds_counts_before_compression(
    observed: Any, target: Any, written: Written, make: Any
) -> None:
    """
    20 kB on the wire that are 100 kB of text hold all of it.
    """
    ask(written)
    sample = make.answer(body_bytes=100_000, wire_bytes=20_000)

    assert [] == find(observed, target, written, responses=[sample])


@pytest.mark.parametrize(
    "given",
    [
        {"rows": 70},
        {"count": 2},
        {"text": "SELECT messages.id, messages.inquiry_id FROM messages WHERE messages.inquiry_id IN (?)"},
        {"text": "SELECT count(*) FROM messages WHERE messages.inquiry_id IN (?)"},
        {"text": "SELECT strange FROM unheard_of WHERE id = ?"},
        {"rows": -1},
        {"status": 500},
        {"status": 304, "sent_bytes": 0},
        {"route": "HEAD /api/inquiries", "sent_bytes": 0},
        {"left_out": 1},
    ],
    ids=str,
)
def test_what_fits_into_the_answer_is_healthy(
    observed: Any, target: Any, written: Written, make: Any, given: Any
) -> None:
    """
    Few rows, narrow ones, counts, and what is not known.
    """
    ask(written, **given)
    sample = make.answer(headers=[("content-type", "application/json")], body_bytes=20_000, wire_bytes=20_000)

    assert [] == find(observed, target, written, responses=[sample])


def test_of_an_answer_that_is_no_text_nothing_is_said(observed: Any, target: Any, written: Written, make: Any) -> None:
    """
    A spreadsheet is compressed in itself; and without a sample nobody knows.
    """
    ask(written)
    sheet = make.answer(headers=[("content-type", "application/zip")], body_bytes=20_000, wire_bytes=20_000)

    assert [] == find(observed, target, written, responses=[sheet])
    assert [] == find(observed, target, written, responses=[])
