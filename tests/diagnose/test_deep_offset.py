"""
deep_offset: far pages against near ones, by measured times.
"""

from typing import Any

import pytest

from hasten.diagnose import deep_offset

TEXT = "SELECT id FROM inquiries ORDER BY updated_at LIMIT $1 OFFSET $2"


def pages(make: Any, *kinds: tuple[int, int, float], text: str = TEXT) -> Any:
    """
    A statement with so many executions at each offset, of so many seconds.
    """
    samples = [
        sample
        for offset, count, seconds in kinds
        for sample in make.executions(text, [["50", str(offset)]] * count, seconds=seconds)
    ]
    return make.statement(text, samples=samples)


def test_far_pages_that_take_longer_are_found(observed: Any, target: Any, make: Any) -> None:
    """
    A quarter of the calls are far and take 0.3 s longer.
    """
    [found] = deep_offset.find(observed(statements=[pages(make, (0, 9, 0.1), (5000, 3, 0.4))]), target)

    assert pytest.approx(4000 * 0.25 * 0.3) == found.cost_s_per_day
    assert "Far pages of inquiries take 400 ms, near ones 100 ms" in found.says


def test_offsets_in_the_text_are_read_too(observed: Any, target: Any, make: Any) -> None:
    """
    A driver that writes values into the text shows them all the same.
    """
    near, far = (
        make.executions(f"SELECT id FROM inquiries ORDER BY updated_at LIMIT 50 OFFSET {n}", [[]] * 4, seconds=s)
        for n, s in ((0, 0.1), (9000, 0.5))
    )
    ill = make.statement(TEXT, samples=[*near, *far])

    assert 1 == len(deep_offset.find(observed(statements=[ill]), target))


@pytest.mark.parametrize(
    "kinds",
    [
        [(0, 9, 0.1), (5000, 2, 0.4)],
        [(0, 2, 0.1), (5000, 9, 0.4)],
        [(0, 9, 0.1), (900, 3, 0.4)],
        [(0, 9, 0.1), (5000, 3, 0.12)],
    ],
    ids=["two far ones", "two near ones", "not far", "not slower"],
)
def test_below_the_support_nothing_is_said(observed: Any, target: Any, make: Any, kinds: Any) -> None:
    """
    Three of each kind, a thousand rows, and half as long again are the least.
    """
    assert [] == deep_offset.find(observed(statements=[pages(make, *kinds)]), target)


def test_a_statement_without_offset_has_no_finding(observed: Any, target: Any, make: Any) -> None:
    """
    Keyset paging is healthy.
    """
    text = "SELECT id FROM inquiries WHERE (updated_at, id) < ($1, $2) ORDER BY updated_at DESC, id DESC LIMIT 50"
    healthy = make.statement(text, samples=make.executions(text, [["2026-01-01", "7"]] * 9))

    assert [] == deep_offset.find(observed(statements=[healthy]), target)
