"""
Counting statements.
"""

import threading
from time import perf_counter_ns as now

import pytest

from hasten_runtime.telemetry import pulse, requests, statements
from hasten_runtime.telemetry.request import OUTSIDE, ROOM, begun, set_doing
from hasten_runtime.telemetry.statements import BATCH, MOST_STATEMENTS, MOST_TEXTS, OTHERS, counted, took

MS = 1_000_000


def executed(query: str, duration_ns: int = MS, **named: bool) -> None:
    """
    The statement was executed and took about as long.
    """
    took(query, now() - duration_ns, **named)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Taking texts apart may take any time.
    """
    monkeypatch.setattr(statements, "LEARN_BURST_NS", 10**15)
    statements.forget()


def test_executions_of_one_statement_are_one() -> None:
    """
    Whatever its values, a statement is counted once, with its durations and its errors.
    """
    executed("select * from t where id = 1")
    executed("select * from t where id = 2", failed=True)
    executed("select * from t where id = $1")
    (found,) = counted()

    assert ("select * from t where id = ?", "SELECT", 3, 1) == (found.text, found.operation, found.count, found.errors)
    assert found.quantile_ns(0.5) == pytest.approx(MS, rel=0.5)
    assert 3 * MS <= found.sum_ns


def test_bytes_are_texts_too() -> None:
    """
    What a driver sends as bytes is counted under the same statement.
    """
    took(b"COMMIT", now())
    took("COMMIT", now())

    assert [("COMMIT", 2)] == [(found.text, found.count) for found in counted()]


def test_no_text_is_kept_but_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nothing that is remembered holds a literal, not even to recognize a text again.
    """
    executed("select * from people where name = 'Ann Example'")
    monkeypatch.setattr(statements, "_at_once", 0)
    executed("select * from people where name = 'Ann Another'")
    assert 2 == counted()[0].count
    state = (
        repr(statements.pending)
        + repr((statements._known, statements._older, statements._table))
        + repr([each.text for each in counted()])
    )

    assert "Ann" not in state
    assert all(isinstance(key, int) for key in statements._known)


@pytest.mark.usefixtures("endless")
def test_the_number_of_statements_is_bounded() -> None:
    """
    Beyond the bound all others count as one, and none is lost.
    """
    for number in range(MOST_STATEMENTS + 50):
        executed(f"select a{number} from t")
    found = {each.text: each.count for each in counted()}

    assert MOST_STATEMENTS + 1 == len(found)
    assert 50 == found[OTHERS]


@pytest.mark.usefixtures("endless")
def test_the_number_of_texts_is_bounded() -> None:
    """
    An application that writes values into its texts fills no memory, and its statement is still one.
    """
    for number in range(3 * MOST_TEXTS):
        executed(f"select {number}")

    assert [("select ?", 3 * MOST_TEXTS)] == [(each.text, each.count) for each in counted()]
    assert len(statements._known) <= MOST_TEXTS
    assert len(statements._older) <= MOST_TEXTS


def test_new_texts_may_take_only_so_much_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where the time for new texts is used up they are counted without a look, and known ones as before.
    """
    executed("select a from t")
    monkeypatch.setattr(statements._budget, "left_ns", -(10**15))
    executed("select b from t")
    executed("select a from t")

    assert {"select a from t": 2, OTHERS: 1} == {each.text: each.count for each in counted()}


@pytest.mark.parametrize("at_once", [1, 2, 64])
def test_a_request_knows_what_it_executed(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """
    The statements of a request, and their time, are summed in it; what comes after its end is counted all the same.
    """
    doing = begun(statements.room)
    set_doing(doing)
    executed("select 1", 2 * MS)
    monkeypatch.setattr(statements, "_at_once", at_once)
    executed("select 2", 3 * MS)
    executed("select 3", MS)
    requests.over("/", "GET", now(), doing)
    requests.count()

    assert 3 == doing.statements
    assert 6 * MS <= doing.database_ns < 30 * MS
    executed("select 4", MS)
    assert 4 == counted()[0].count


def test_the_code_that_executes_it_is_named() -> None:
    """
    The nearest line of the application stands beside a statement, and no line of a library.
    """
    executed("select 1")

    assert counted()[0].callers[0].endswith(" executed")
    assert "test_statements.py:" in counted()[0].callers[0]


def test_executions_are_counted_many_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Once everything is known an execution only waits to be counted, in a request and outside, and never for long.
    """
    executed("select 1")
    monkeypatch.setattr(statements, "_at_once", 0)
    doing = begun(ROOM)
    for number in range(1, 10 * BATCH):
        set_doing(doing if number % 3 else OUTSIDE)
        executed("select 1")
        assert len(statements.pending) < 2 * BATCH
        assert len(doing) <= ROOM + 2
    requests.over("/", "GET", now(), doing)
    requests.count()

    assert 10 * BATCH == counted()[0].count
    assert [] == statements.pending


def test_a_new_statement_has_the_next_ones_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A statement that is found to be new in a batch gets its caller with its next execution.
    """
    monkeypatch.setattr(statements, "_at_once", 0)
    executed("select 1")
    assert [] == counted()[0].callers
    executed("select 1")

    assert 1 == len(counted()[0].callers)


def test_nothing_is_raised(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A text that is none is not counted, which is said once.
    """
    for _ in range(3):
        took([], now())  # type: ignore[arg-type]

    assert [] == counted()
    assert 1 == capsys.readouterr().err.count("a statement is not counted")


def test_a_due_snapshot_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An execution that ends when a snapshot is due asks for it.
    """
    asked: list[int] = []
    monkeypatch.setattr(pulse, "_act", [lambda: asked.append(1)])
    executed("select 1")
    monkeypatch.setattr(pulse, "due_ns", 0)
    executed("select 1")

    assert [1] == asked


def test_threads_that_learn_together_learn_one() -> None:
    """
    A statement that is new in several threads at once is one statement, and all its executions count.
    """
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        for number in range(500):
            executed(f"select a{number % 10} from t")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [400] * 10 == [each.count for each in counted()]
