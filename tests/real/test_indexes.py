"""
`database.indexes` on a real server: what it finds, how it builds, and what it refuses.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import psycopg
import pytest

from hasten.application import App
from hasten.errors import ApplyFailed, NotAllowed, RevertFailed
from hasten.evidence import Observation
from hasten.model import Change
from hasten.optimize.database import indexes
from hasten.optimize.database._indexes import building
from hasten.optimize.database._indexes.changes import Choice, change_of
from hasten.optimize.database._indexes.definition import Definition, Key
from hasten.target import Allow, Target
from hasten.testing.laws import Snapshot, snapshot, writing_to
from hasten.testing.servers import findings_of, observe_statements, private_app
from hasten.world import clone

pytestmark = pytest.mark.real

SEED = """
CREATE TABLE inquiries (
    id int PRIMARY KEY, customer_id int NOT NULL, status text NOT NULL, created_at timestamptz NOT NULL, subject text
);
CREATE TABLE messages (id int PRIMARY KEY, inquiry_id int NOT NULL, body text NOT NULL);
CREATE TABLE customers (id int PRIMARY KEY, email varchar(200) NOT NULL);
CREATE TABLE tiny (id int PRIMARY KEY, name text);
CREATE SCHEMA "Odd ""Place";
CREATE TABLE "Odd ""Place"."Select" (id int PRIMARY KEY, "Group By" int);
INSERT INTO inquiries SELECT i, i % 3000, (ARRAY['open', 'closed', 'closed', 'closed'])[1 + i % 4],
    '2026-01-01'::timestamptz + i * interval '1 minute', md5(i::text) FROM generate_series(1, 60000) i;
INSERT INTO messages SELECT i, 1 + i % 60000, repeat('m', 60) FROM generate_series(1, 120000) i;
INSERT INTO customers SELECT i, 'Name' || i || '@Example.org' FROM generate_series(1, 30000) i;
INSERT INTO tiny SELECT i, 'n' || i FROM generate_series(1, 50) i;
INSERT INTO "Odd ""Place"."Select" SELECT i, i FROM generate_series(1, 1000) i;
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """
    A help desk without its indexes.
    """
    with private_app(tmp_path_factory.mktemp("indexes"), SEED) as app:
        yield replace(app, gathered=Observation(name="empty"))


@pytest.fixture
def app(server: App) -> Iterator[App]:
    """
    The same App; no test leaves an index behind.
    """
    before = snapshot(server)
    yield server
    after = snapshot(server)
    for row in server.database.rows("SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisprimary"):
        if "pg_" not in row["name"]:
            server.database.run(f"DROP INDEX IF EXISTS {row['name']}")
    assert before == after


def change(app: App, table: str, *keys: Key) -> Change:
    """
    The change that creates this index.
    """
    wanted = Definition(table=table, keys=keys)
    choice = Choice(definition=wanted, why="", expects="", serves=[], saves_share=0.5, size_bytes=1, priced_by="clone")
    return change_of(choice, app, [])


STATUS = Key(text="status")
CREATED = Key(text="created_at")


def names(app: App, table: str) -> list[str]:
    """
    The indexes on a table, whole or not.
    """
    rows = app.database.rows(
        "SELECT i.relname AS name FROM pg_index x JOIN pg_class i ON i.oid = indexrelid"
        " WHERE indrelid = %s::regclass ORDER BY 1",
        [table],
    )
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("inquiries", (STATUS, CREATED)),
        ("inquiries", (STATUS, Key(text="created_at", descending=True))),
        ("customers", (Key(text="lower(email)", is_expression=True),)),
        ("inquiries", (Key(text="date_part('year', created_at AT TIME ZONE 'UTC')", is_expression=True), STATUS)),
        ('Odd "Place.Select', (Key(text="Group By"),)),
    ],
)
def test_what_is_applied_is_recognized_and_goes(app: App, table: str, keys: tuple[Key, ...]) -> None:
    """
    Directions, expressions that the server writes in its own way, and names that need quotes.
    """
    step = change(app, table, *keys)
    indexes.apply(step, app)
    there = indexes.is_applied(step, app), indexes.has_remains(step, app)
    indexes.apply(step, app)
    indexes.revert(step, app)

    assert (True, True) == there
    assert (False, False) == (indexes.is_applied(step, app), indexes.has_remains(step, app))


def test_the_commands_for_a_person_work(app: App) -> None:
    """
    What `by_hand` prints can be typed as it is.
    """
    step = change(app, 'Odd "Place.Select', Key(text="Group By"))
    indexes.apply(step, app)
    with psycopg.connect(app.database.dsn, autocommit=True) as connection:
        for command in indexes.by_hand(step):
            connection.execute(command.encode())

    assert not indexes.has_remains(step, app)


def test_an_invalid_leftover_is_replaced(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What a crashed build left under the same name is no obstacle and does not stay.
    """
    step = change(app, "inquiries", STATUS)
    leave_invalid(step, app)
    before = indexes.is_applied(step, app), indexes.has_remains(step, app)
    indexes.apply(step, app)
    after = indexes.is_applied(step, app)
    indexes.revert(step, app)

    assert ((False, True), True) == (before, after)


def test_an_invalid_leftover_is_reverted(app: App) -> None:
    """
    Going back from a half-made index leaves nothing.
    """
    step = change(app, "inquiries", STATUS)
    leave_invalid(step, app)
    indexes.revert(step, app)

    assert not indexes.has_remains(step, app)


def leave_invalid(step: Change, app: App) -> None:
    """
    The index of the change is there and invalid, as after a crash.
    """
    with writing_to("inquiries", app), psycopg.connect(app.database.dsn, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            connection.execute(step.after["create"].encode())


def test_a_forgotten_transaction_is_found_before_anything_is_built(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Apply fails with the session that is in the way, and nothing has to be taken back.
    """
    monkeypatch.setattr(building, "LOCK_TIMEOUT_S", 0.3)
    monkeypatch.setattr(building, "OLD_TRANSACTION_S", 0)
    step = change(app, "inquiries", STATUS)
    with writing_to("inquiries", app), pytest.raises(ApplyFailed, match="transaction open") as failed:
        indexes.apply(step, app)

    assert "pg_terminate_backend" in failed.value.hint
    assert not indexes.has_remains(step, app)


def test_a_build_that_is_caught_by_a_transaction_says_how_to_finish(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    While a fresh transaction blocks the build and its removal, the exact command is given; later revert does it.
    """
    monkeypatch.setattr(building, "LOCK_TIMEOUT_S", 0.3)
    monkeypatch.setattr(building, "DROP_LOCK_TIMEOUT_S", 0.3)
    step = change(app, "inquiries", STATUS)
    with writing_to("inquiries", app), pytest.raises(RevertFailed) as failed:
        indexes.apply(step, app)
    left = indexes.has_remains(step, app), indexes.is_applied(step, app)
    indexes.revert(step, app)

    assert [f"{step.inverse['drop']};"] == failed.value.data["by_hand"]
    assert (True, False) == left
    assert not indexes.has_remains(step, app)


def test_a_disk_without_room_is_found_before_anything_is_built(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where Hasten runs the server itself it looks at the disk first.
    """
    monkeypatch.setattr(clone, "ROOM_BYTES", 1 << 60)
    step = change(app, "inquiries", STATUS)
    with pytest.raises(ApplyFailed, match="free"):
        indexes.apply(step, app)

    assert not indexes.has_remains(step, app)


def test_a_foreign_index_of_that_name_is_left_alone(app: App) -> None:
    """
    Neither apply nor revert touches what Hasten did not make.
    """
    step = change(app, "inquiries", STATUS)
    app.database.run(f"CREATE INDEX {step.after['name']} ON inquiries (subject)")
    with pytest.raises(ApplyFailed, match="something else"):
        indexes.apply(step, app)
    with pytest.raises(RevertFailed, match="not the index"):
        indexes.revert(step, app)
    left = names(app, "inquiries")
    app.database.run(f"DROP INDEX {step.after['name']}")

    assert sorted(["inquiries_pkey", step.after["name"]]) == left
    assert not indexes.is_applied(step, app)


@pytest.mark.parametrize("keys", ["status", "status, created_at"])
def test_a_second_index_for_the_same_purpose_is_refused(app: App, keys: str) -> None:
    """
    Somebody made one meanwhile, of another name: it serves as well, so ours is not built.
    """
    step = change(app, "inquiries", STATUS)
    app.database.run(f"CREATE INDEX by_hand ON inquiries ({keys})")
    with pytest.raises(ApplyFailed, match="by_hand serves the same purpose"):
        indexes.apply(step, app)
    app.database.run("DROP INDEX by_hand")

    assert not indexes.has_remains(step, app)


@pytest.mark.parametrize(
    "other",
    [
        "(status) WHERE id > 5",
        "(created_at, status)",
        "USING hash (status)",
        "(status DESC)",
        "(status text_pattern_ops)",
    ],
)
def test_an_index_for_another_purpose_is_no_obstacle(app: App, other: str) -> None:
    """
    Partial, of another order, method or operator class: it does not serve every statement that ours would.
    """
    step = change(app, "inquiries", STATUS)
    app.database.run(f"CREATE INDEX by_hand ON inquiries {other}")
    indexes.apply(step, app)
    indexes.revert(step, app)

    assert ["by_hand", "inquiries_pkey"] == names(app, "inquiries")

    app.database.run("DROP INDEX by_hand")


@pytest.mark.parametrize("key", ["missing", "now()"])
def test_what_cannot_be_built_fails_with_nothing_left(app: App, key: str) -> None:
    """
    A column that is gone, an expression that is not immutable: ApplyFailed, and the schema is as before.
    """
    step = change(app, "inquiries", Key(text=key, is_expression=key != "missing"))
    with pytest.raises(ApplyFailed) as failed:
        indexes.apply(step, app)

    assert failed.value.hint
    assert not indexes.has_remains(step, app)


def test_a_role_without_the_right_is_told_what_to_do(app: App) -> None:
    """
    A role that does not own the table gets an error that names the way out.
    """
    app.database.run("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    app.database.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    step = change(app, "inquiries", STATUS)
    reader = replace(app, store=replace(app.database, dsn=app.database.dsn.replace("//hasten:", "//reader:")))
    dsn = psycopg.conninfo.make_conninfo(app.database.dsn, user="reader", password="reader")
    reader = replace(app, store=replace(app.database, dsn=dsn))
    with pytest.raises((ApplyFailed, NotAllowed)) as failed:
        indexes.apply(step, reader)
    app.database.run("DROP OWNED BY reader")
    app.database.run("DROP ROLE reader")

    assert "owns" in failed.value.hint


WORKLOAD: dict[str, list[list[str | None]]] = {
    "SELECT id, body FROM messages WHERE inquiry_id = $1": [["5"], ["500"], ["5000"]],
    "SELECT id FROM customers WHERE lower(email) = $1": [["name5@example.org"], ["name50@example.org"]],
    "SELECT id, subject FROM inquiries WHERE status = $1 ORDER BY created_at DESC LIMIT 20": [["open"], ["closed"]],
    "SELECT id, name FROM tiny WHERE name = $1": [["n5"]],
    "SELECT count(*) FROM inquiries": [[]],
    "INSERT INTO messages VALUES ($1, $2, $3)": [["1000001", "5", "x"], ["1000002", "6", "y"]],
}


def observed(app: App, target: Target | None = None) -> App:
    """
    The App with the workload recorded on it.
    """
    return replace(app, gathered=observe_statements(app.database, WORKLOAD), target=target or app.target)


def test_it_finds_the_missing_indexes(app: App) -> None:
    """
    One index for each slow statement, none for a table of fifty rows or for a count of everything.
    """
    seen = observed(app)
    found = indexes.propose_all(findings_of(seen.observation), seen)
    made = {step.after["table"]: step.after["columns"][0] for step in found}

    assert "inquiry_id" == made["messages"]
    assert "lower(email)" == made["customers"]
    assert made["inquiries"] in ("created_at", "status")
    assert {"messages", "customers", "inquiries"} == set(made)
    assert all(step.finding and "%" in step.why and "MB" in step.expects for step in found)


def test_one_finding_gets_its_own_index(app: App) -> None:
    """
    Asked about one statement, it proposes for that one only.
    """
    seen = observed(app)
    [finding] = [f for f in findings_of(seen.observation) if "customers" in f.evidence["tables"]]

    assert ["customers"] == [step.where.name for step in indexes.propose(finding, seen)]


def test_it_leaves_a_healthy_application_alone(app: App) -> None:
    """
    Statements that find their rows by the primary key get no index.
    """
    healthy = observe_statements(app.database, {"SELECT body FROM messages WHERE id = $1": [["7"], ["8"]]})
    seen = replace(app, gathered=healthy)

    assert [] == indexes.propose_all(findings_of(healthy), seen)


@pytest.mark.parametrize(
    ("allow", "most"),
    [(Allow(mode="auto", max_indexes=1), 1), (Allow(mode="auto", max_indexes=0), 0), (Allow(max_index_mb=0.001), 0)],
)
def test_hasten_toml_limits_what_is_proposed(app: App, allow: Allow, most: int) -> None:
    """
    No more indexes than allowed, and none that is bigger than allowed.
    """
    seen = observed(app, Target(allow=allow))

    assert most == len(indexes.propose_all(findings_of(seen.observation), seen))


def test_the_same_observation_gives_the_same_changes(app: App) -> None:
    """
    A change has the same id when it is proposed again, so that what went back is known.
    """
    seen = observed(app)
    first = indexes.propose_all(findings_of(seen.observation), seen)
    again = indexes.propose_all(findings_of(seen.observation), seen)

    assert {step.where.name: step.id for step in first if step.where.name != "inquiries"} == {
        step.where.name: step.id for step in again if step.where.name != "inquiries"
    }


def test_a_snapshot_sees_a_single_row(app: App) -> None:
    """
    The law that proposing touches nothing would notice one changed value.
    """
    before = snapshot(app)
    app.database.run("UPDATE tiny SET name = 'other' WHERE id = 1")
    after = snapshot(app)
    app.database.run("UPDATE tiny SET name = 'n1' WHERE id = 1")

    assert isinstance(before, Snapshot)
    assert before != after
    assert before == snapshot(app)


def test_a_change_of_something_else_is_refused(app: App, tmp_path: Path) -> None:
    """
    A damaged change is an error and not a guess.
    """
    step = msgspec.structs.replace(change(app, "inquiries", STATUS), after={"name": "x"})
    with pytest.raises(Exception, match="not an index"):
        indexes.apply(step, app)
