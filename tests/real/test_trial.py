"""
Trials on real clones: what helps is kept, what does not is not, and what harms is caught by its guard.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from msgspec import structs

from hasten.application import App
from hasten.decide import decide
from hasten.errors import NoData
from hasten.evidence import Observation
from hasten.model import Change, Ending, Grade, Kind, Risk, Trial, Verdict, Where, from_json, to_json
from hasten.testing.laws import snapshot
from hasten.testing.servers import observe_statements, private_app
from hasten.verify.looks import ending
from hasten.verify.recompute import again
from hasten.verify.trial import Terms, run_schema_trial

pytestmark = pytest.mark.real

SEED = """
CREATE TABLE orders (id int PRIMARY KEY, buyer int NOT NULL, note text NOT NULL);
CREATE TABLE goods (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO orders SELECT i, i % 5000, md5(i::text) FROM generate_series(1, 150000) i;
INSERT INTO goods SELECT i, 'g' || i FROM generate_series(1, 1000) i;
"""
FIND = "SELECT id, note FROM orders WHERE buyer = $1"
COUNT = "SELECT count(*) FROM orders WHERE note LIKE $1"
WRITE = "INSERT INTO orders VALUES ($1, $2, $3)"
GOODS = "SELECT name FROM goods WHERE id = $1"
WORKLOAD: dict[str, list[list[str | None]]] = {
    FIND: [["7"], ["77"], ["777"]],
    COUNT: [["a%"], ["b%"]],
    WRITE: [["1000001", "1", "x"], ["1000002", "2", "y"]],
    GOODS: [["1"], ["2"]],
}


#: A machine that runs other tests beside this one is restless; a fifth can be told on it.
TERMS = Terms(seed=5, least_gain=0.2, time_budget_s=120, calibrated=False)


class Doing:
    """
    A remedy that executes the statements of its change, whatever they are.
    """

    def apply(self, change: Change, app: App) -> None:
        """
        They were executed.
        """
        for statement in change.after["do"]:
            app.database.run(statement)


def doing(*statements: str) -> Change:
    """
    A change of the table `orders` that consists of these statements.
    """
    return Change(
        optimization="test.doing",
        kind=Kind.SCHEMA,
        where=Where(kind="table", name="orders"),
        before={},
        after={"table": "orders", "do": list(statements)},
        inverse={},
        why="",
        expects="",
        risk=Risk.R2,
    )


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """
    A shop with one index missing.
    """
    with private_app(tmp_path_factory.mktemp("shop"), SEED) as made:
        seen = observe_statements(made.database, WORKLOAD)
        # It is looked for ten times as often as counted: what an index saves can be told beside the scans that stay.
        often = [
            structs.replace(each, calls=each.calls * 10, total_s=each.total_s * 10) if each.text == FIND else each
            for each in seen.statements
        ]
        yield replace(made, gathered=structs.replace(seen, statements=often))


def tried(app: App, *statements: str, terms: Terms = TERMS) -> Trial:
    """
    The trial of a change that executes these statements.
    """
    return run_schema_trial(doing(*statements), Doing(), app, terms)


def guard(trial: Trial, name: str) -> bool | None:
    """
    Whether the guard of that name held.
    """
    return next(each.ok for each in trial.guards if each.name == name)


@pytest.fixture(scope="module")
def helpful(app: App) -> Trial:
    """
    The trial of the missing index; the live database was the same before and after.
    """
    before = snapshot(app)
    trial = tried(app, "CREATE INDEX ON orders (buyer)", terms=replace(TERMS, calibrated=True))
    assert before == snapshot(app)
    return trial


def test_what_helps_is_kept_at_the_first_conclusive_look(helpful: Trial) -> None:
    """
    A missing index: kept at a look whose repeated interval excludes no gain, on clones (grade A); none before it did.
    """
    decision = decide(helpful)

    assert Verdict.KEEP == decision.verdict, decision.reason
    assert (Grade.A, "clone", Ending.GAIN) == (helpful.grade, helpful.arena, helpful.ended)
    assert len(helpful.blocks) == helpful.looks[-1].pairs
    assert [None] * len(helpful.looks[:-1]) == [ending(look, helpful.least_gain) for look in helpful.looks[:-1]]


def test_the_verdict_can_be_computed_again_from_json(helpful: Trial) -> None:
    """
    The trial in the ledger gives the same looks, effects, guards and noise, and so the same decision.
    """
    stored = from_json(to_json(helpful), Trial)
    found = again(stored)

    assert [] == found.differs
    assert decide(helpful) == decide(found.trial)


def test_the_clones_were_played_against_each_other_first(helpful: Trial) -> None:
    """
    Control against control: 24 pairs, in order, under the conditions of this server.
    """
    noise = helpful.noise

    assert noise is not None
    assert (24, False, True) == (noise.pairs, noise.is_off, len(noise.blocks) == 24)
    assert noise.half_width > 0


def test_the_noise_floor_is_reused(app: App, helpful: Trial) -> None:
    """
    The next trial on the same data refers to it and does not play it again.
    """
    trial = tried(app, "CREATE INDEX ON orders (buyer)", terms=replace(TERMS, calibrated=True, noise=helpful.noise))

    assert helpful.noise is not None
    assert trial.noise == structs.replace(helpful.noise, blocks=[])


def test_where_nothing_can_be_told_no_trial_is_begun(app: App, helpful: Trial) -> None:
    """
    A hopeless noise floor: no round is played, and the decision says how many pairs it would take.
    """
    assert helpful.noise is not None
    noisy = structs.replace(helpful.noise, half_width=1.0)
    trial = tried(app, "CREATE INDEX ON orders (buyer)", terms=replace(TERMS, calibrated=True, noise=noisy))
    decision = decide(trial)

    assert ([], Ending.NOISE, Verdict.INCONCLUSIVE) == (trial.blocks, trial.ended, decision.verdict)
    assert "cannot judge here" in decision.reason
    assert f"about {trial.needs_pairs} pairs" in decision.reason
    assert [] == again(trial).differs


def test_only_statements_on_the_table_are_replayed(app: App, helpful: Trial) -> None:
    """
    Each round has the reads and writes of the table, and nothing of others; each arm is first equally often.
    """
    expected = {each.query_id for each in app.observation.statements if each.text != GOODS}

    assert [expected] * len(helpful.blocks) == [set(block.control) for block in helpful.blocks]
    assert [expected] * len(helpful.blocks) == [set(block.candidate) for block in helpful.blocks]
    assert len(helpful.blocks) == 2 * sum(block.order == "control first" for block in helpful.blocks)


def test_what_does_nothing_is_not_kept(app: App) -> None:
    """
    Two equal arms: no gain is shown.
    """
    assert Verdict.KEEP != decide(tried(app)).verdict


def test_what_slows_reads_is_not_kept(app: App) -> None:
    """
    A table made five times bigger, with the same rows to be seen: its reads are shown to be slower.
    """
    trial = tried(
        app,
        "ALTER TABLE orders ADD filler text",
        "UPDATE orders SET filler = repeat('f', 600)",
        "VACUUM orders",
        "ALTER TABLE orders DROP filler",
    )

    assert Verdict.ROLL_BACK == decide(trial).verdict
    assert Ending.HARM == trial.ended
    assert guard(trial, "harm") is False


def test_other_rows_are_caught(app: App) -> None:
    """
    Faster and wrong is not an optimization: a missing row rolls the change back.
    """
    trial = tried(app, "CREATE INDEX ON orders (buyer)", "DELETE FROM orders WHERE id = 777")
    decision = decide(trial)

    assert guard(trial, "rows") is False
    assert (Verdict.ROLL_BACK, "guard:rows") == (decision.verdict, decision.rule)


def test_new_errors_are_caught(app: App) -> None:
    """
    A statement that fails only with the change rolls it back.
    """
    trial = tried(app, "CREATE INDEX ON orders (buyer)", "ALTER TABLE orders ADD CHECK (note <> 'x')")
    decision = decide(trial)

    assert guard(trial, "errors") is False
    assert (Verdict.ROLL_BACK, "guard:errors") == (decision.verdict, decision.rule)


def test_slower_writes_are_caught(app: App) -> None:
    """
    Reads gain and writes lose 20 ms each: the guard of writes speaks.
    """
    trial = tried(
        app,
        "CREATE INDEX ON orders (buyer)",
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM count(*) FROM generate_series(1, 100000); RETURN NEW; END $$",
        "CREATE TRIGGER slow BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION slow()",
    )

    assert guard(trial, "writes") is False
    assert Verdict.ROLL_BACK == decide(trial).verdict


def test_too_big_a_change_is_caught(app: App) -> None:
    """
    What it adds on disk is measured against hasten.toml.
    """
    small = structs.replace(app.target, allow=structs.replace(app.target.allow, max_index_mb=0.5))
    trial = tried(replace(app, target=small), "CREATE INDEX ON orders (buyer)")

    assert guard(trial, "size") is False


def test_nothing_to_replay_is_no_trial(app: App) -> None:
    """
    Without recorded statements nothing can be said, and the error says what to do.
    """
    empty = replace(app, gathered=Observation(name="empty"))
    with pytest.raises(NoData) as refused:
        tried(empty, "CREATE INDEX ON orders (buyer)")

    assert "record_parameters" in refused.value.hint


def test_a_budget_without_room_for_the_first_look_is_no_trial(app: App) -> None:
    """
    Fewer than sixteen rounds can never be conclusive, so they are not begun; no clone is left behind.
    """
    with pytest.raises(NoData, match="not even the first look"):
        tried(app, "CREATE INDEX ON orders (buyer)", terms=replace(TERMS, time_budget_s=0.1))

    assert ["postgres"] == list(app.supervisor.running)


def test_nothing_but_errors_is_never_kept(app: App) -> None:
    """
    Recorded statements that all fail on the clones, as those of a dropped function do: undecided, and it says why.
    """
    broken = [
        structs.replace(profile, samples=[structs.replace(each, parameters=["x"] * 9) for each in profile.samples])
        for profile in app.observation.statements
    ]
    failing = replace(app, gathered=structs.replace(app.observation, statements=broken))
    trial = tried(failing, "CREATE INDEX ON orders (buyer)")
    decision = decide(trial)

    assert (Verdict.INCONCLUSIVE, Ending.NO_DATA) == (decision.verdict, trial.ended)
    assert any("fails on the clones" in note for note in trial.notes)
