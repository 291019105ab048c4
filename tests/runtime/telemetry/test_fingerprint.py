"""
Fingerprints: the same for the same statement, and nothing personal in them.
"""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten_runtime.telemetry.fingerprint import MOST_CHARACTERS, fingerprint, operation

CASES = {
    "select 1": "select ?",
    "SELECT * FROM t1 WHERE a2 = 42": "SELECT * FROM t1 WHERE a2 = ?",
    "SELECT  a,\n\tb FROM t -- the owner is Ann\nWHERE x=1.5e-3;": "SELECT a, b FROM t WHERE x=?",
    "/* trace='00-abc' */ SELECT 1 /* a /* b */ c */ FROM t": "SELECT ? FROM t",
    "select 'it''s', E'it\\'s', $$a 'b'$$, $x$ $$ $x$, B'01', U&'d', N'x'": "select ?",
    "select a from t where b = 'x' and c = $1 and d = %s and e = %(name)s": (
        "select a from t where b = ? and c = ? and d = ? and e = ?"
    ),
    "select * from t where id in (1, 2, 3)": "select * from t where id in (?)",
    "select * from t where id in (%s,%s)": "select * from t where id in (?)",
    "insert into t (a, b) values (1, 'x'), (2, 'y'),(3, lower('Z'))": ("insert into t (a, b) values (?),(?, lower(?))"),
    "insert into t values (%s, now()), (%s, now())": "insert into t values (?, now())",
    'SELECT "Name 7" FROM "T" WHERE x = -5': 'SELECT "Name 7" FROM "T" WHERE x = -?',
    "SELECT 0xFF, 1_000, .5, 1.": "SELECT ?",
    "SELECT x[1:2], y::int4, z->>'k' FROM t": "SELECT x[?:?], y::int4, z->>? FROM t",
    "SAVEPOINT s140_x12": "SAVEPOINT ?",
    'RELEASE SAVEPOINT "_pg3_1"': "RELEASE SAVEPOINT ?",
    "ROLLBACK TO SAVEPOINT s1": "ROLLBACK TO SAVEPOINT ?",
    'DECLARE "c1" CURSOR FOR SELECT 1': "DECLARE ? CURSOR FOR SELECT ?",
    "SET app.user_name TO ann": "SET app.user_name TO ?",
    "SET LOCAL app.tenant = ann, bob": "SET LOCAL app.tenant = ?",
    "update t set a = b where c = 'd'": "update t set a = b where c = ?",
    "select doc ?| array['a'] from t": "select doc ?| array[?] from t",
    "ALTER ROLE ann PASSWORD 'secret'": "ALTER ROLE ann PASSWORD ?",
    "select 'never ends": "select ?",
    "select $$ never ends": "select ?",
    "select 'it\\'s a secret' from t": "select ?",
    "select 1 /* never ends 'secret": "select ?",
    "": "",
}


@pytest.mark.parametrize("statement", CASES)
def test_a_statement_without_what_it_is_about(statement: str) -> None:
    """
    Literals, parameters, comments and names for one use are gone; the rest stands as it was written.
    """
    assert CASES[statement] == fingerprint(statement)


TEXTS = st.text(alphabet=st.characters(exclude_characters="\\\0"), max_size=30)


@given(TEXTS, st.integers(), st.floats(allow_nan=False))
def test_no_literal_is_left(text: str, whole: int, broken: float) -> None:
    """
    Whatever a well-formed literal holds, the fingerprint is the one of any other.
    """
    quoted = text.replace("'", "''")
    statement = f"SELECT a FROM t WHERE b = '{quoted}' AND c = {abs(whole)} AND d < {abs(broken)!r}"
    if "inf" not in repr(broken):
        assert "SELECT a FROM t WHERE b = ? AND c = ? AND d < ?" == fingerprint(statement)


@given(st.text(max_size=200))
def test_any_text_has_a_fingerprint(text: str) -> None:
    """
    Nothing is raised, and the fingerprint of a fingerprint adds nothing.
    """
    assert len(fingerprint(text)) <= max(len(text) + 1, 1)


@pytest.mark.parametrize("piece", ["(", "(a", "a, ", "'", "/*", "$a$", "(?), ", "((a),", "\\'", '"', "?, "])
def test_a_strange_text_takes_no_time(piece: str) -> None:
    """
    Whatever is repeated, the time is that of reading the text, not of going back and forth in it.
    """
    began = time.process_time()
    fingerprint(piece * 20_000)

    assert time.process_time() - began < 2.0


def test_a_bulk_insert_is_one_short_statement() -> None:
    """
    Thousands of rows have the fingerprint of one, and what is not looked at is not in it.
    """
    rows = ", ".join(f"({number}, 'Ann {number}')" for number in range(20_000))
    found = fingerprint(f"INSERT INTO people (id, name) VALUES {rows}")

    assert found.startswith("INSERT INTO people (id, name) VALUES (?)")
    assert "Ann" not in found
    assert len(found) < 100


def test_a_fingerprint_is_bounded() -> None:
    """
    A statement of many columns is cut.
    """
    assert MOST_CHARACTERS == len(fingerprint("select " + ", ".join(f"column_{n}" for n in range(5000))))


@pytest.mark.parametrize(
    ("of", "name"), [("select ?", "SELECT"), ("(SELECT ?)", "SELECT"), ("COMMIT", "COMMIT"), ("", ""), ("???", "")]
)
def test_the_operation_is_the_first_word(of: str, name: str) -> None:
    """
    What is not a word is no operation.
    """
    assert name == operation(of)
