"""
unused_index: never asked, and nothing asks for it.
"""

from typing import Any

import msgspec
import pytest

from hasten.diagnose import unused_index
from hasten.evidence import IndexProfile

SUBJECT = IndexProfile(
    name="ix_subject",
    table="inquiries",
    definition="CREATE INDEX ix_subject ON public.inquiries USING btree (subject)",
    columns=["subject"],
    size_bytes=20_000_000,
)


@pytest.fixture
def busy(observed: Any, make: Any) -> Any:
    """
    Makes an observation of a busy table with one idle index, with changes to the index.
    """

    def build(text: str = "SELECT 1 FROM inquiries WHERE id = $1", reads: int = 500, **changes: Any) -> Any:
        table = msgspec.structs.replace(
            make.inquiries, seq_scans=reads // 2, index_scans=reads - reads // 2, updated=70
        )
        return observed(
            tables=[table],
            indexes=[make.primary, msgspec.structs.replace(SUBJECT, **changes)],
            statements=[make.statement(text)],
        )

    return build


def test_an_idle_index_is_found(busy: Any, target: Any) -> None:
    """
    500 reads of the table, none by the index, 70 writes that kept it up to date.
    """
    [found] = unused_index.find(busy(), target)

    assert ("ix_subject", 500, 70, 0.0) == (
        found.evidence["index"], found.evidence["table_reads"], found.evidence["rows_written"], found.cost_s_per_day,
    )  # fmt: skip


def test_a_search_with_a_pattern_does_not_count_as_use(busy: Any, target: Any) -> None:
    """
    ILIKE '%x%' names the column and cannot use the index.
    """
    assert 1 == len(unused_index.find(busy("SELECT 1 FROM inquiries WHERE subject ILIKE '%x%'"), target))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM inquiries WHERE subject = $1",
        "SELECT 1 FROM inquiries ORDER BY subject",
        "SELECT count(*) FROM inquiries GROUP BY subject",
        "SELECT 1 FROM inquiries a JOIN roles r ON r.name = a.subject",
    ],
)
def test_a_statement_that_asks_for_its_column_keeps_it(busy: Any, target: Any, text: str) -> None:
    """
    The planner may have had its reasons today.
    """
    assert [] == unused_index.find(busy(text), target)


@pytest.mark.parametrize(
    "changes",
    [{"scans": 1}, {"size_bytes": 900_000}, {"unique": True}, {"constraint": True}, {"valid": False}],
    ids=["used once", "small", "unique", "a constraint", "broken"],
)
def test_an_index_with_a_purpose_is_left_alone(busy: Any, target: Any, changes: Any) -> None:
    """
    Used, small, enforcing or unfinished: silent.
    """
    assert [] == unused_index.find(busy(**changes), target)


def test_too_few_reads_say_nothing(busy: Any, target: Any) -> None:
    """
    A table that was read 99 times has not had the chance.
    """
    assert [] == unused_index.find(busy(reads=99), target)
