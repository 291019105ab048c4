"""
Which differences between two results count.
"""

from dataclasses import replace

import pytest

from hasten.evidence import IndexProfile, StatementSample
from hasten.model import now
from hasten.sql import read_statement
from hasten.verify.equivalence import Comparison, has_total_order, leaves_a_choice
from hasten.verify.replay import Replayed, Run
from hasten.world.execution import Column, Rows

PRIMARY = IndexProfile(name="p", table="t", definition="", columns=["id"], unique=True, primary=True)


def run(multiset: str, ordered: str = "", count: int = 3, error: str | None = None) -> Run:
    """
    An execution with that digest.
    """
    return Run(seconds=1.0, count=count, rows=Rows(count, multiset, ordered or multiset), error=error)


def compared(text: str, pair: tuple[Run, Run], again: Run | None = None, *, total_order: bool = False) -> Comparison:
    """
    The comparison of one pair of executions of a statement.
    """
    shape = read_statement(text)
    sample = StatementSample(at=now(), query_id="q", text=text)
    statement = Replayed(query_id="q", calls=1, is_write=shape.is_write, shape=shape, samples=(sample,), seconds=1.0)
    found = Comparison()
    found.add(statement, 0, pair, lambda: again or pair[0], total_order=total_order)
    return found


@pytest.mark.parametrize(
    ("text", "pair", "total_order", "outcome"),
    [
        ("SELECT a FROM t", (run("x"), run("x")), False, "equal"),
        ("SELECT a FROM t", (run("x", "1"), run("x", "2")), False, "equal"),
        ("SELECT a FROM t ORDER BY id", (run("x", "1"), run("x", "2")), True, "unequal"),
        ("SELECT a FROM t", (run("x"), run("y")), False, "unequal"),
        ("SELECT a FROM t LIMIT 3", (run("x"), run("y")), False, "free"),
        ("SELECT a FROM t LIMIT 3", (run("x"), run("y", count=2)), False, "unequal"),
        ("SELECT a FROM t ORDER BY id LIMIT 3", (run("x"), run("y")), True, "unequal"),
        ("SELECT string_agg(a, ',') FROM t", (run("x"), run("y")), False, "free"),
        ("INSERT INTO t VALUES (1) RETURNING id", (run("x"), run("y")), False, "equal"),
        ("UPDATE t SET a = 1", (run("x"), run("x", count=4)), False, "unequal"),
    ],
)
def test_each_difference_has_its_name(text: str, pair: tuple[Run, Run], total_order: bool, outcome: str) -> None:
    """
    The order counts where ORDER BY is total, and a statement may leave rows to the server's choice.
    """
    found = compared(text, pair, total_order=total_order).as_data()
    counts = {name: len(found[name]) if name == "unequal" else found[name] for name in found}

    nothing = dict.fromkeys(counts, 0)

    assert {**nothing, "compared": 1, outcome: 1} == counts


def test_what_differs_from_itself_is_noise() -> None:
    """
    A result that control gives only once, now() for example, says nothing of the change.
    """
    assert 1 == compared("SELECT now()", (run("x"), run("y")), again=run("z")).noisy


@pytest.mark.parametrize(
    ("text", "errors", "counts"),
    [
        ("SELECT a FROM t", (None, "22012"), (1, 0, 1)),
        ("SELECT a FROM t", ("22012", None), (1, 0, 1)),
        ("SELECT a FROM t", ("22012", "22003"), (1, 0, 1)),
        ("SELECT a FROM t", ("22012", "22012"), (0, 1, 0)),
        ("SELECT a FROM t", (None, "57014"), (0, 0, 0)),
        ("SELECT a FROM t", (None, "40001"), (0, 0, 0)),
        ("UPDATE t SET a = 1", ("23505", None), (0, 0, 0)),
    ],
)
def test_errors_must_be_the_same(
    text: str, errors: tuple[str | None, str | None], counts: tuple[int, int, int]
) -> None:
    """
    A statement fails in both arms with one SQLSTATE, or in none; time-outs and a write's own error say nothing.
    """
    found = compared(text, (run("x", error=errors[0]), run("x", error=errors[1])))

    assert counts == (found.compared, found.failed_alike, len(found.unequal))


@pytest.mark.parametrize(
    "column",
    [Column("m", 23, -1), Column("n", 20, -1), Column("n", 23, 8), None],
    ids=["name", "type", "typmod", "gone"],
)
def test_columns_must_be_the_same(column: Column | None) -> None:
    """
    The name, the type and its modifier of every column are part of the answer, whatever the rows are.
    """
    control = replace(run("x"), columns=(Column("n", 23, -1),))
    candidate = replace(run("x"), columns=(column,) if column else ())

    assert ["columns"] == [each["what"] for each in compared("SELECT n FROM t", (control, candidate)).unequal]


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("SELECT * FROM t ORDER BY a, id", True),
        ("SELECT * FROM t WHERE id = 1 ORDER BY a", True),
        ("SELECT * FROM t WHERE id IN (1, 2) ORDER BY a", False),
        ("SELECT * FROM t ORDER BY a", False),
        ("SELECT * FROM t", False),
        ("SELECT a, count(*) FROM t GROUP BY a, id ORDER BY id", False),
        ("SELECT * FROM t JOIN u ON u.t = t.id ORDER BY t.id", False),
    ],
)
def test_an_order_is_total_with_the_whole_key(text: str, total: bool) -> None:
    """
    Only an order over the primary key of the only table leaves no choice.
    """
    assert total == has_total_order(read_statement(text), [PRIMARY])


def test_a_plain_statement_leaves_no_choice() -> None:
    """
    Without LIMIT and the like the rows are determined.
    """
    assert not leaves_a_choice(read_statement("SELECT a FROM t WHERE b = 1 ORDER BY c"))
