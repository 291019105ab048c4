"""
What a statement's fingerprint tells, and how it is found again among the server's statements.
"""

from typing import Any

import pytest
from tests.traced import Written

from hasten.diagnose import _traces


@pytest.mark.parametrize(
    ("fingerprint", "text"),
    [
        ("SELECT id FROM a WHERE id = ?::INTEGER", "SELECT id FROM a WHERE id = $1::INTEGER"),
        ("SELECT id FROM a WHERE b IN (?::VARCHAR, ?::VARCHAR)", "SELECT id FROM a WHERE b IN ($1 /*, ... */)"),
        ("SELECT id FROM a WHERE b IN (?) LIMIT ?", "select id\n  from a where b in ($1, $2, $3) limit $4"),
        ("SELECT id FROM a WHERE at > ?::TIMESTAMP WITHOUT TIME ZONE", "SELECT id FROM a WHERE at > $1"),
        ("SELECT count(*) FROM a WHERE kind = ?", "SELECT count(*) FROM a WHERE kind = 'x'"),
    ],
)
def test_one_statement_has_one_key(fingerprint: str, text: str) -> None:
    """
    As the agent writes it and as the server does.
    """
    assert _traces.folded(text) == _traces.folded(fingerprint)


def test_other_statements_have_other_keys() -> None:
    """
    A column more is another statement.
    """
    assert _traces.folded("SELECT a FROM t WHERE a = ?") != _traces.folded("SELECT a FROM t WHERE b = ?")


@pytest.mark.parametrize(
    ("name", "is_question", "is_write"),
    [
        ("SELECT id FROM a WHERE b = ?", True, False),
        ("WITH x AS (SELECT id FROM a) SELECT id FROM x", True, False),
        ("SELECT payload ? ? FROM a", True, False),
        ("SELECT nextval(?)", False, True),
        ("SELECT id FROM a FOR UPDATE", False, True),
        ("WITH x AS (DELETE FROM a RETURNING id) SELECT id FROM x", False, True),
        ("INSERT INTO a (b) VALUES (?)", False, True),
        ("CALL tidy(?)", False, True),
        ("COMMIT", False, False),
        ("SAVEPOINT ?", False, False),
        ("select pg_catalog.version()", False, False),
        ("SHOW transaction_isolation", False, False),
    ],
)
def test_questions_writes_and_what_is_neither(name: str, is_question: bool, is_write: bool) -> None:
    """
    What acts is no question, whatever its first word; what is about the transaction or the server is neither.
    """
    assert (is_question, is_write) == (_traces.is_question(name), _traces.is_write(name))


def test_places_stay_the_same_when_a_file_is_edited() -> None:
    """
    The line goes, the function stays.
    """
    assert "shop/orders.py show" == _traces.without_line("shop/orders.py:42 show")


def test_requests_come_by_route_and_in_their_order(observed: Any, written: Written) -> None:
    """
    Those that went well can be told from the others.
    """
    written.add(at=2.0, status=404)
    written.add(at=1.0)
    found = _traces.followed(observed(traces=written.traces))

    assert [1.0, 2.0] == [each.trace.at for each in found["GET /api/inquiries"]]
    assert 1 == len(_traces.succeeded(found["GET /api/inquiries"]))
    assert {} == _traces.followed(observed(traces=None))


def test_the_most_common_text_wins() -> None:
    """
    Nothing of nothing.
    """
    assert ("b", "") == (_traces.most_common(["a", "b", "", "", "", "b"]), _traces.most_common([""]))
