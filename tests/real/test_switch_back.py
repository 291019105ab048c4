"""
Trials on a live database that has the change by turns: what helps is kept with grade B, nothing else stays.
"""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hasten import cycle, optimize, way_back
from hasten.application import App
from hasten.decide import decide
from hasten.errors import NoData, NotAllowed
from hasten.model import Change, Decision, Grade, Kind, Risk, Step, Trial, Verdict, Where, from_json, to_json
from hasten.optimize.database._indexes.search import search
from hasten.record import history
from hasten.record.ledger import Ledger
from hasten.target import Allow, Target
from hasten.testing.laws import snapshot
from hasten.testing.servers import findings_of, observe_statements, private_app
from hasten.verify.recompute import again
from hasten.verify.switch_back import run_switch_back
from hasten.verify.trial import Terms

pytestmark = pytest.mark.real

SEED = """
CREATE TABLE orders (id int PRIMARY KEY, buyer int NOT NULL, note text NOT NULL);
INSERT INTO orders SELECT i, i % 5000, md5(i::text) FROM generate_series(1, 60000) i;
"""
FIND = "SELECT id, note FROM orders WHERE buyer = $1"
LOCK = "SELECT id FROM orders WHERE id = $1 FOR UPDATE"
WRITE = "INSERT INTO orders VALUES ($1, $2, $3)"
READS: dict[str, list[list[str | None]]] = {FIND: [["7"], ["77"], ["777"]]}
INDEX = ["CREATE INDEX CONCURRENTLY IF NOT EXISTS hasten_buyer ON orders (buyer)"]
NO_INDEX = ["DROP INDEX CONCURRENTLY IF EXISTS hasten_buyer"]
TERMS = Terms(seed=5, least_gain=0.2, time_budget_s=120, calibrated=False)
_THERE = "SELECT count(*) FROM pg_class WHERE relname = 'hasten_buyer'"


def _do(app: App, statements: list[str]) -> None:
    for statement in statements:
        app.database.run(statement)


#: A remedy that executes the statements of its change, there and back.
DOING: Any = SimpleNamespace(
    about=SimpleNamespace(least_gain=0.2),
    apply=lambda change, app: _do(app, change.after["do"]),
    revert=lambda change, app: _do(app, change.inverse["do"]),
    is_applied=lambda _change, app: bool(app.database.value(_THERE)),
    has_remains=lambda _change, app: bool(app.database.value(_THERE)),
    by_hand=lambda change: change.inverse["do"],
)


def doing(there: list[str], back: list[str]) -> Change:
    """
    A change of the table `orders` that consists of these statements.
    """
    return Change(
        optimization="test.doing", kind=Kind.SCHEMA, where=Where(kind="table", name="orders"), before={},
        after={"table": "orders", "do": there}, inverse={"do": back}, why="", expects="", risk=Risk.R2,
    )  # fmt: skip


MISSING = doing(INDEX, NO_INDEX)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """
    A shop with one index missing, which no clone may be made of.
    """
    with private_app(tmp_path_factory.mktemp("shop"), SEED) as made:
        seen = observe_statements(made.database, READS)
        yield replace(made, gathered=seen, target=Target(allow=Allow(mode="auto", clones=False)))


@pytest.fixture
def app(shop: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """
    The shop, as it is found by each test and has to be left.
    """
    monkeypatch.setattr(optimize, "catalogue", lambda: {"test.doing": DOING})
    before = snapshot(shop)
    yield shop
    assert before == snapshot(shop)


def tried(app: App, change: Change, terms: Terms = TERMS) -> tuple[Trial, Decision]:
    """
    The trial of a change, which is undone after it.
    """
    try:
        trial = run_switch_back(change, DOING, app, terms, lambda _done, _what: None)
    finally:
        DOING.revert(change, app)
    return trial, decide(trial)


def guard(trial: Trial, name: str) -> bool | None:
    """
    Whether the guard of that name held.
    """
    return next(each.ok for each in trial.guards if each.name == name)


def carried_out(app: App, change: Change, book: Ledger, progress: Any) -> Decision:
    """
    The decision about a change that was planned.
    """
    book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})
    return cycle.carry_out(change, app, book, progress)


def test_what_helps_is_kept_and_goes_back(app: App, tmp_path: Any) -> None:
    """
    The whole loop: a noise floor, a verdict of grade B that can be computed again, the index live, and a rollback.
    """
    book = Ledger(tmp_path)
    decision = carried_out(app, MISSING, book, lambda _done, _what: None)
    (state,) = history.changes(book.read())
    trial = state.trial

    assert Verdict.KEEP == decision.verdict, decision
    assert trial is not None
    assert (Grade.B, "switch-back", 24) == (trial.grade, trial.arena, trial.noise and trial.noise.pairs)
    assert guard(trial, "writes") is True
    assert [] == again(from_json(to_json(trial), Trial)).differs
    assert ["switch-back", "live"] == [e.body["arena"] for e in book.read() if e.step is Step.APPLIED]
    assert DOING.is_applied(MISSING, app)
    assert history.latest_noise(book.read(), "switch-back") is not None
    assert [MISSING] == way_back.rollback(app, book, None)


def test_what_does_nothing_is_not_kept(app: App) -> None:
    """
    Two equal states: no gain is shown.
    """
    _, decision = tried(app, doing([], []), replace(TERMS, most_pairs=32))

    assert Verdict.KEEP != decision.verdict


def test_other_rows_are_caught(app: App) -> None:
    """
    A row that is missing with the change and there without it, also when it is looked at again.
    """
    there = [*INDEX, "UPDATE orders SET note = 'x' WHERE id = 777"]
    back = [*NO_INDEX, "UPDATE orders SET note = md5(id::text) WHERE id = 777"]
    trial, decision = tried(app, doing(there, back))

    assert (Verdict.ROLL_BACK, "guard:rows") == (decision.verdict, decision.rule)
    assert [1] == [len(trial.equivalence["unequal"])]


def test_what_others_write_meanwhile_is_no_difference(app: App) -> None:
    """
    A row that changes for good between the two looks differs in the second look without the change too.
    """
    trial, decision = tried(app, doing([*INDEX, "UPDATE orders SET note = note || '+' WHERE id = 777"], NO_INDEX))
    app.database.run("UPDATE orders SET note = md5(id::text) WHERE id = 777")

    assert (True, 1) == (guard(trial, "rows"), trial.equivalence["noisy"])
    assert Verdict.KEEP == decision.verdict, decision


def test_where_something_writes_the_live_database_is_left_alone(app: App) -> None:
    """
    Writes cannot be repeated on a live database, so such a change could not be kept: it is not even begun.
    """
    seen = observe_statements(app.database, {**READS, WRITE: [["1000001", "1", "x"]]})
    before = snapshot(app)

    with pytest.raises(NoData, match="1 recorded statements write"):
        tried(replace(app, gathered=seen), MISSING)
    assert before == snapshot(app)


def test_where_something_locks_doubt_goes_back(app: App) -> None:
    """
    What locks rows is refused in a session that only reads: the guard has no data, and a note names the statement.
    """
    seen = observe_statements(app.database, {**READS, LOCK: [["7"]]})
    trial, decision = tried(replace(app, gathered=seen), MISSING)
    (name,) = (each.query_id for each in seen.statements if each.text == LOCK)

    assert (None, Verdict.INCONCLUSIVE, "guard:writes") == (guard(trial, "writes"), decision.verdict, decision.rule)
    assert any("not played on the live database" in note and name in note for note in trial.notes)
    assert [] == again(trial).differs


def test_a_switch_that_is_too_dear_is_no_trial(app: App) -> None:
    """
    It says how long it would take, once it has seen one switch.
    """
    with pytest.raises(NoData, match="a switch takes") as refused:
        tried(app, doing([*INDEX, "SELECT pg_sleep(0.2)"], NO_INDEX), replace(TERMS, time_budget_s=1.0))

    assert "it would take about" in refused.value.hint


def test_a_trial_that_is_stopped_leaves_nothing(app: App, tmp_path: Any) -> None:
    """
    Stopped between two pairs while the change is in place: it is undone, and the ledger says so.
    """
    book = Ledger(tmp_path)

    def stop(_done: float, what: str) -> None:
        if what.startswith("pair ") and DOING.is_applied(MISSING, app):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carried_out(app, MISSING, book, stop)

    assert Step.ROLLED_BACK == history.changes(book.read())[0].step


def test_a_trial_that_was_killed_is_undone_by_recover(app: App, tmp_path: Any) -> None:
    """
    All that a kill leaves is the entry before the step, and the change in the database.
    """
    book = Ledger(tmp_path)
    book.append(Step.PLANNED, {"change": msgspec.to_builtins(MISSING), "id": MISSING.id})
    book.append(Step.APPLIED, {"change": MISSING.id, "arena": "switch-back"})
    DOING.apply(MISSING, app)

    (done,) = way_back.recover(replace(app, store=replace(app.database, instance="0a0a0a0a")), book)
    assert "undone" == done["did"]
    assert not DOING.is_applied(MISSING, app)


def test_a_plan_without_clones_says_what_it_needs(app: App) -> None:
    """
    Candidates are priced with HypoPG or on a clone; where there is neither, nothing is guessed.
    """
    with pytest.raises(NotAllowed, match="HypoPG") as refused:
        search(findings_of(app.observation), app)

    assert "clones = true" in refused.value.hint
