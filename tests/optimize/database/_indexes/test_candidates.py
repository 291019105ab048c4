"""
Which indexes are worth a price, from the statements alone.
"""

from typing import Any

import pytest

from hasten.evidence import ColumnProfile, IndexProfile, TableProfile
from hasten.optimize.database._indexes.candidates import Candidate, candidates, fairly
from hasten.optimize.database._indexes.definition import Definition, Key
from hasten.optimize.database._indexes.workload import Statement
from hasten.sql import read_statement


def column(name: str, type_name: str = "integer", distinct: float | None = -1.0, **more: Any) -> ColumnProfile:
    """
    A column as pg_stats tells of it.
    """
    return ColumnProfile(name=name, type=type_name, distinct=distinct, **more)


INQUIRIES = TableProfile(
    name="inquiries",
    rows=400_000,
    size_bytes=10**8,
    columns=[
        column("id"),
        column("customer_id", distinct=20_000),
        column("status", "text", distinct=4, most_common_frequency=0.6),
        column("is_spam", "boolean", distinct=2, most_common_frequency=0.999),
        column("is_read", "boolean", distinct=2, most_common_frequency=0.5),
        column("created_at", "timestamp without time zone"),
        column("subject", "text"),
        column("payload", "jsonb"),
        column("labels", "text[]"),
    ],
)
MESSAGES = TableProfile(
    name="messages", rows=2_500_000, size_bytes=10**9, columns=[column("id"), column("inquiry_id", distinct=-0.16)]
)
TINY = TableProfile(name="tiny", rows=50, size_bytes=8192, columns=[column("id"), column("name", "text")])
PRIMARY = IndexProfile(name="p", table="inquiries", definition="", columns=["id"], unique=True, primary=True)


def statement(text: str, total_s: float = 10.0, name: str = "") -> Statement:
    """
    A recorded statement.
    """
    columns = {table.name: [each.name for each in table.columns] for table in (INQUIRIES, MESSAGES, TINY)}
    shape = read_statement(text, columns)
    return Statement(
        query_id=name or text, shape=shape, calls=1, total_s=total_s, mean_s=1.0, is_write=shape.is_write, samples=[]
    )


def found(*texts: str, indexes: list[IndexProfile] | None = None) -> set[str]:
    """
    The candidates for these statements, as words.
    """
    made = candidates([statement(text) for text in texts], [INQUIRIES, MESSAGES, TINY], [PRIMARY, *(indexes or [])])
    return {str(each.definition) for each in made}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SELECT * FROM inquiries WHERE customer_id = $1", "inquiries (customer_id)"),
        ("SELECT * FROM inquiries WHERE customer_id IN ($1, $2)", "inquiries (customer_id)"),
        ("SELECT * FROM inquiries WHERE lower(subject) = $1", "inquiries (lower(subject))"),
        ("SELECT * FROM inquiries WHERE status = $1 AND customer_id = $2", "inquiries (customer_id, status)"),
        (
            "SELECT * FROM inquiries WHERE customer_id = $1 AND created_at > $2",
            "inquiries (customer_id, created_at)",
        ),
        (
            "SELECT * FROM inquiries WHERE status = $1 ORDER BY created_at DESC LIMIT 20",
            "inquiries (status, created_at)",
        ),
        ("SELECT * FROM inquiries ORDER BY created_at LIMIT 20", "inquiries (created_at)"),
        (
            "SELECT * FROM inquiries ORDER BY created_at DESC, id LIMIT 20",
            "inquiries (created_at DESC, id)",
        ),
        ("SELECT count(*) FROM inquiries i JOIN messages m ON m.inquiry_id = i.id", "messages (inquiry_id)"),
        ("SELECT status, count(*) FROM inquiries GROUP BY status", "inquiries (status)"),
        ("SELECT * FROM inquiries WHERE is_spam", "inquiries (is_spam)"),
        ("DELETE FROM messages WHERE inquiry_id = $1", "messages (inquiry_id)"),
    ],
)
def test_a_shape_has_its_candidate(text: str, wanted: str) -> None:
    """
    Equal columns first, the most selective of them leading, then one range or the order that is asked for.
    """
    assert wanted in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM inquiries WHERE id = $1",
        "SELECT * FROM inquiries WHERE is_read",
        "SELECT * FROM inquiries WHERE status = $1",
        "SELECT * FROM inquiries WHERE payload = $1",
        "SELECT * FROM inquiries WHERE labels = $1",
        "SELECT * FROM inquiries WHERE payload ->> $1 = $2",
        "SELECT * FROM inquiries WHERE customer_id = $1 OR subject = $2",
        "SELECT * FROM inquiries ORDER BY created_at",
        "SELECT * FROM inquiries",
        "SELECT * FROM tiny WHERE name = $1",
        "SELECT * FROM elsewhere WHERE x = $1",
        "INSERT INTO inquiries (id) VALUES ($1)",
    ],
)
def test_what_no_index_helps_has_no_candidate(text: str) -> None:
    """
    The primary key serves it, half the table is wanted, there is no order to use, or the table is tiny.
    """
    assert set() == found(text)


def test_what_an_index_serves_is_no_candidate() -> None:
    """
    An index that begins with the same columns does the same work, unless it is partial, invalid or another method.
    """
    text = "SELECT * FROM inquiries WHERE customer_id = $1"
    serving = IndexProfile(name="i", table="inquiries", definition="", columns=["customer_id", "status"])
    others: list[dict[str, Any]] = [
        {"partial": True},
        {"valid": False},
        {"method": "hash"},
        {"columns": ["status", "customer_id"]},
        {"table": "messages"},
    ]

    assert set() == found(text, indexes=[serving])
    for other in others:
        fields = {"name": "i", "table": "inquiries", "definition": "", "columns": ["customer_id"], **other}
        assert {"inquiries (customer_id)"} == found(text, indexes=[IndexProfile(**fields)])


def test_no_candidate_is_wider_than_three() -> None:
    """
    However many columns a statement names.
    """
    wide = "SELECT * FROM inquiries WHERE customer_id = 1 AND status = 'x' AND subject = 'y' AND is_spam AND id > 5"

    assert found(wide)
    assert all(each.count(",") <= 2 for each in found(wide))


def test_a_candidate_knows_what_it_could_save() -> None:
    """
    The time of all statements that ask for it, and their names.
    """
    made = candidates(
        [
            statement("SELECT * FROM inquiries WHERE customer_id = $1", 10.0, "a"),
            statement("SELECT subject FROM inquiries WHERE customer_id = $1", 5.0, "b"),
        ],
        [INQUIRIES],
        [],
    )

    assert [(["a", "b"], 15.0)] == [(each.query_ids, each.potential_s) for each in made]


def test_every_dear_statement_comes_before_a_second_candidate_for_one() -> None:
    """
    While time lasts for a few only, they are spread over the statements.
    """

    def candidate(name: str, *ids: str) -> Candidate:
        return Candidate(definition=Definition(table=name, keys=(Key(text="x"),)), query_ids=list(ids), potential_s=0)

    statements = [statement("SELECT 1", 10.0, "a"), statement("SELECT 1", 4.0, "b")]
    queue = fairly([candidate("first", "a"), candidate("second", "a"), candidate("third", "b")], statements)

    assert ["first", "third", "second"] == [each.definition.table for each in queue]
