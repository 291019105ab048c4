"""
large_payload: answers beyond 100 kB.
"""

from typing import Any

import pytest

from hasten.diagnose import large_payload

JSON = [("content-type", "application/json")]


def test_what_is_beyond_100_kb_costs_its_time_on_the_wire(observed: Any, target: Any, make: Any) -> None:
    """
    300 kB too many at 200 kB/s, 4,000 times a day.
    """
    seen = observed(responses=[make.answer(headers=JSON, body_bytes=400_000, wire_bytes=400_000)])

    [found] = large_payload.find(seen, target)

    assert pytest.approx(4000 * 1.5) == found.cost_s_per_day
    assert "answers with 400 kB; all beyond 100 kB takes a visitor 1.5 s" in found.says


def test_compression_makes_it_cheaper(observed: Any, target: Any, make: Any) -> None:
    """
    What travels compressed costs in proportion.
    """
    seen = observed(responses=[make.answer(body_bytes=400_000, wire_bytes=40_000)])

    [found] = large_payload.find(seen, target)

    assert pytest.approx(0.15) == found.evidence["avoidable_s"]


@pytest.mark.parametrize(
    "change",
    [
        {"body_bytes": 99_000},
        {"status": 500},
        {"headers": [("content-type", "application/pdf")]},
        {"headers": [("content-type", "text/csv"), ("content-disposition", 'attachment; filename="a.csv"')]},
    ],
    ids=["small", "an error", "a document", "a download"],
)
def test_what_is_meant_to_be_large_has_no_finding(observed: Any, target: Any, make: Any, change: Any) -> None:
    """
    Small answers, errors and downloads are left alone.
    """
    seen = observed(responses=[make.answer(**{"headers": JSON, "body_bytes": 400_000, "wire_bytes": 400_000} | change)])

    assert [] == large_payload.find(seen, target)


def test_below_three_requests_nothing_is_said(observed: Any, target: Any, make: Any) -> None:
    """
    Two requests of a route say nothing about a day.
    """
    few = [make.requests("application", "application", 80), make.requests("GET /api/inquiries", "route", 2)]
    seen = observed(responses=[make.answer(headers=JSON, body_bytes=400_000, wire_bytes=400_000)], measurements=few)

    assert [] == large_payload.find(seen, target)
