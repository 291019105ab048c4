"""
What is replayed, in which order, and one execution on a real server.
"""

import os
import signal
from collections import Counter
from threading import Timer
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.application import App
from hasten.evidence import Observation, StatementProfile, StatementSample
from hasten.model import now
from hasten.sql import read_statement
from hasten.testing.servers import observe_statements
from hasten.verify.replay import Reach, Replayed, corpus_of, duet, touched_by, turns


def sample(text: str, *parameters: str | None, seconds: float = 0.01) -> StatementSample:
    """
    One recorded execution.
    """
    return StatementSample(at=now(), query_id="q", text=text, parameters=list(parameters), seconds=seconds)


def profile(text: str, total_s: float, samples: int = 3) -> StatementProfile:
    """
    A recorded statement with that many executions.
    """
    shape = read_statement(text)
    return StatementProfile(
        query_id=text,
        text=text,
        calls=10,
        total_s=total_s,
        mean_s=total_s / 10,
        tables=shape.tables,
        is_write=shape.is_write,
        samples=[sample(text, str(n), seconds=n) for n in range(samples)],
    )


READ = "SELECT * FROM children WHERE parent_id = $1"
ELSE = "SELECT * FROM strangers WHERE id = $1"
PARENT = "SELECT * FROM parents WHERE id = $1"
DELETE = "DELETE FROM parents WHERE id = $1"


def test_only_statements_that_can_feel_the_change_are_replayed() -> None:
    """
    Reads of the table, and writes where its foreign keys lead to; the share of all time is known.
    """
    seen = Observation(name="o", statements=[profile(text, 1.0) for text in (READ, ELSE, PARENT, DELETE)])
    corpus = corpus_of(seen, Reach(anyhow=frozenset({"children"}), written=frozenset({"parents"})))

    assert {READ, DELETE} == {each.query_id for each in corpus.statements}
    assert (0.5, 4.0) == (corpus.share, corpus.total_s)


def test_a_statement_without_executions_is_named() -> None:
    """
    It cannot be replayed, and whoever judges must know.
    """
    seen = Observation(name="o", statements=[profile(READ, 1.0), profile(DELETE, 1.0, samples=0)])
    corpus = corpus_of(seen, Reach(anyhow=frozenset({"children", "parents"})))

    assert {DELETE: True} == corpus.unsampled
    assert 0.5 == corpus.share


def replayed(seconds: float, samples: int) -> Replayed:
    """
    A statement of the corpus.
    """
    return Replayed(
        query_id=f"{seconds}",
        calls=1,
        is_write=False,
        shape=read_statement(READ),
        samples=tuple(sample(READ, str(n)) for n in range(samples)),
        seconds=seconds,
    )


@given(st.integers(1, 8), st.sampled_from([0.0001, 0.004, 0.01, 1.0]), st.integers(0, 99))
def test_executions_take_turns(samples: int, seconds: float, seed: int) -> None:
    """
    Over as many rounds as there are executions, each is run equally often; a fast statement several times a round.
    """
    statement = replayed(seconds, samples)
    ran = Counter(
        execution.parameters[0] for index in range(samples) for _, execution in turns([statement], index, seed)
    )

    assert {statement.repeats} == set(ran.values())
    assert samples == len(ran)


@pytest.mark.real
def test_views_and_references_are_reached(small_app: App) -> None:
    """
    A view over the table shows it by another name; writing where it refers to looks for rows in it.
    """
    with small_app.database.connect() as connection:
        found = touched_by(connection, ["children"])

    assert Reach(anyhow=frozenset({"children", "heavy"}), written=frozenset({"parents"})) == found


@pytest.mark.real
def test_both_arms_run_at_the_same_time(small_app: App) -> None:
    """
    Two executions of half a second take together less than two of them one after the other would.
    """
    half_a_second = sample("SELECT pg_sleep(0.5)")
    with small_app.database.connect() as first, small_app.database.connect() as second:
        with duet(first, second) as playing:
            start = perf_counter()
            runs = playing.both(half_a_second, control_first=True)
            seconds = perf_counter() - start

    assert [None, None] == [run.error for run in runs]
    assert seconds < sum(run.seconds for run in runs)


@pytest.mark.real
def test_an_interrupt_ends_what_both_arms_run(small_app: App) -> None:
    """
    Ctrl-C in the middle of a long statement: both are cancelled, and nobody waits for their end.
    """
    long = sample("SELECT pg_sleep(60)")
    start = perf_counter()
    with small_app.database.connect() as first, small_app.database.connect() as second:
        with pytest.raises(KeyboardInterrupt), duet(first, second) as playing:
            Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
            playing.both(long, control_first=True)

    assert perf_counter() - start < 30


@pytest.mark.real
def test_observed_statements_are_measured(small_app: App) -> None:
    """
    The observation for tests holds what was really run.
    """
    seen = observe_statements(small_app.database, {PARENT: [["1"], ["2"]]}, calls=7)

    assert (7, 2, ["parents"]) == (seen.statements[0].calls, len(seen.statements[0].samples), seen.statements[0].tables)
    assert {"parents", "children", "strangers"} == {table.name for table in seen.tables}
