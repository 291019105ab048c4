"""
What a round has: all that may differ, and of the rest what there is time for.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.application import App
from hasten.evidence import StatementSample
from hasten.model import now
from hasten.sql import read_statement
from hasten.testing.servers import observe_statements
from hasten.verify.replay import Corpus, Reach, Replayed, corpus_of
from hasten.verify.selection import LEAST_SAMPLES, MOST_SAMPLES, PASS_S, ROUND_S, replanned, select


def statement(name: str, seconds: float, samples: int = 10, *, is_write: bool = False) -> Replayed:
    """
    A statement that takes so long and has so many executions.
    """
    made = tuple(StatementSample(at=now(), query_id=name, text="SELECT 1", parameters=[str(n)]) for n in range(samples))
    return Replayed(
        query_id=name,
        calls=10,
        is_write=is_write,
        shape=read_statement("SELECT 1"),
        samples=made,
        seconds=seconds,
        total_s=10 * seconds,
    )


def corpus(*statements: Replayed) -> Corpus:
    """
    A corpus that stands for half of the database's time.
    """
    return Corpus(statements=statements, share=0.5, total_s=2 * sum(each.total_s for each in statements))


def test_what_may_differ_is_always_timed() -> None:
    """
    However slow: statements with another plan, and writes.
    """
    chosen = select(corpus(statement("a", 9.0), statement("w", 9.0, is_write=True), statement("b", 1.0)), {"a"})

    assert (["a", "w"], ("b",)) == ([each.query_id for each in chosen.statements], chosen.untimed)
    assert ("w",) == chosen.alike


def test_the_rest_is_timed_as_far_as_time_goes() -> None:
    """
    The quickest first; what is left out is named and not counted in the share.
    """
    chosen = select(corpus(statement("a", 1.0), statement("b", 1.9), statement("c", 2.1)), {"a"})

    assert (["a", "b"], ("c",)) == ([each.query_id for each in chosen.statements], chosen.untimed)
    assert pytest.approx(0.5 * 2.9 / 5.0) == chosen.share


def test_a_change_that_changes_no_plan_is_still_tried() -> None:
    """
    With nothing but alike plans there is something to compare all the same.
    """
    assert ["a"] == [each.query_id for each in select(corpus(statement("a", ROUND_S * 2)), set()).statements]


@given(st.lists(st.floats(0.0001, 10), min_size=1, max_size=12))
def test_the_first_pass_stays_short(times: list[float]) -> None:
    """
    Executions are left out until a pass takes PASS_S, but never all but one.
    """
    statements = [statement(f"{n:02}", seconds) for n, seconds in enumerate(times)]
    chosen = select(corpus(*statements), {each.query_id for each in statements})
    counts = [len(each.samples) for each in chosen.statements]
    pass_s = sum(len(each.samples) * each.seconds for each in chosen.statements)

    assert all(LEAST_SAMPLES <= count <= MOST_SAMPLES for count in counts)
    assert pass_s <= PASS_S or max(counts) == LEAST_SAMPLES


@pytest.mark.real
def test_only_the_statement_that_uses_the_index_is_planned_anew(small_app: App) -> None:
    """
    Two sessions stand for the arms: in one of them no index may be scanned.
    """
    find, everything = "SELECT name FROM parents WHERE id = $1", "SELECT count(*) FROM parents WHERE name > $1"
    seen = observe_statements(small_app.database, {find: [["1"], ["2"]], everything: [["a"]]})
    ids = {profile.text: profile.query_id for profile in seen.statements}
    found = corpus_of(seen, Reach(anyhow=frozenset({"parents"})))
    with small_app.database.connect() as control, small_app.database.connect() as candidate:
        alike = replanned(found, control, candidate)
        control.execute("SET enable_seqscan = off")
        candidate.execute("SET enable_indexscan = off")
        candidate.execute("SET enable_bitmapscan = off")
        differ = replanned(found, control, candidate)

    assert (set(), {ids[find]}) == (alike, differ)
