"""
Clones of a real database in all three ways, and after a crash.
"""

import shutil
from collections import namedtuple
from pathlib import Path

import psycopg
import pytest

from hasten.errors import NotAllowed, Unreachable
from hasten.world import clone, clone_sample, clone_template, registry
from hasten.world.clone import cloned
from hasten.world.postgres import Database
from hasten.world.process_id import ProcessId
from hasten.world.supervisor import Supervisor
from hasten.world.unprivileged import own_folder

pytestmark = pytest.mark.real

SCHEMA = """
    CREATE TABLE customers (id int PRIMARY KEY, name text, twice int GENERATED ALWAYS AS (id * 2) STORED);
    INSERT INTO customers SELECT n, 'name ' || n FROM generate_series(1, 500) n;
    CREATE TABLE messages (id serial PRIMARY KEY, customer int REFERENCES customers, body text);
    INSERT INTO messages (customer, body) SELECT 1 + n % 500, repeat('x', 200) FROM generate_series(1, 20000) n;
    CREATE INDEX ON messages (customer);
"""


_PLACE = "SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'outside'"


@pytest.fixture
def shop(database):
    """
    Give a database with a little in it.
    """
    database.run(SCHEMA)
    database.run("ANALYZE")
    return database


@pytest.fixture
def plain(cluster, shop):
    """
    Give the same database as a role that may only read it.
    """
    role = f"plain_{shop.check().database}"
    shop.run(f"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    shop.run(f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
    yield Database(f"postgresql://{role}:x@127.0.0.1:{cluster.port}/{shop.check().database}")
    shop.run(f"REASSIGN OWNED BY {role} TO hasten; DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.fixture
def supervisor(place):
    """
    Give a supervisor with an empty state folder.
    """
    with Supervisor(place) as made:
        yield made


def nothing_is_left(supervisor: Supervisor) -> bool:
    """
    No process, no record, no folder.
    """
    left = [*supervisor.run_dir.iterdir(), *(supervisor.state_dir / "scratch").iterdir()]
    return {} == supervisor.running and [] == left


def test_a_backup_becomes_two_equal_clones(shop, supervisor):
    """
    Same rows, same schema, writable, apart from the original and from each other; gone afterwards.
    """
    with cloned(shop, supervisor, 2, instance="77") as clones:
        assert ("backup", {}) == (clones.way, clones.refused)
        assert clones.seconds > 0
        first, second = clones
        assert "77" == first.instance
        assert shop.schema_dump() == first.schema_dump() == second.schema_dump()
        first.run("DELETE FROM messages")
        counts = [each.value("SELECT count(*) FROM messages") for each in (shop, first, second)]
        assert [20000, 0, 20000] == counts
        pids = [running.record.process for running in supervisor.running.values()]

    assert [False, False] == [process.is_alive() for process in pids]
    assert nothing_is_left(supervisor)


def test_a_clone_reaches_nobody(shop, supervisor, cluster):
    """
    No archive, no subscription, no way to a foreign server; its log is off, its planner the source's.
    """
    shop.run("CREATE EXTENSION postgres_fdw")
    shop.run("CREATE SERVER live FOREIGN DATA WRAPPER postgres_fdw")
    shop.run("CREATE USER MAPPING FOR CURRENT_USER SERVER live OPTIONS (user 'hasten', password 'x')")
    cluster.database().run("ALTER SYSTEM SET random_page_cost = 1.7")
    cluster.database().run("SELECT pg_reload_conf()")
    try:
        with cloned(shop, supervisor) as (only,):
            names = (
                "archive_mode",
                "max_logical_replication_workers",
                "log_min_duration_statement",
                "random_page_cost",
            )
            assert ["off", "0", "-1", "1.7"] == [only.value(f"SHOW {name}") for name in names]
            assert 0 == only.value("SELECT count(*) FROM pg_user_mappings")
            assert 0 == only.value("SELECT count(*) FROM pg_stat_wal_receiver")
    finally:
        cluster.database().run("ALTER SYSTEM RESET random_page_cost")
        cluster.database().run("SELECT pg_reload_conf()")


def test_a_tablespace_is_cloned_too(shop, supervisor, place):
    """
    Each clone has its own copy of what lies outside of the data directory.
    """
    outside = own_folder(place / "outside")
    shop.run(f"CREATE TABLESPACE outside LOCATION '{outside}'")
    shop.run("ALTER TABLE messages SET TABLESPACE outside")
    try:
        with cloned(shop, supervisor, 2) as (first, second):
            first.run("DELETE FROM messages")
            counts = [each.value("SELECT count(*) FROM messages") for each in (shop, first, second)]
            places = [each.value(_PLACE) for each in (shop, first, second)]
        assert [20000, 0, 20000] == counts
        assert 3 == len(set(places))
    finally:
        shop.run("ALTER TABLE messages SET TABLESPACE pg_default")
        shop.run("DROP TABLESPACE outside")
    assert nothing_is_left(supervisor)


def test_an_error_in_the_block_leaves_nothing(shop, supervisor):
    """
    The clones go whatever happens.
    """
    with pytest.raises(KeyboardInterrupt), cloned(shop, supervisor):
        raise KeyboardInterrupt

    assert nothing_is_left(supervisor)


def test_a_full_disk_is_refused_before_anything_is_copied(shop, supervisor, monkeypatch):
    """
    The original is not asked for a backup that has no place.
    """
    usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    monkeypatch.setattr(clone, "_run_backup", lambda *_: pytest.fail("the backup was begun"))

    with pytest.raises(Unreachable, match=r"clones need .* GB are free"), cloned(shop, supervisor, 2):
        pass
    assert nothing_is_left(supervisor)


def test_nobody_connected_allows_a_template(shop, plain, supervisor):
    """
    Beside the original, by a role that may create databases but not replicate.
    """
    facts = plain.check()
    shop.run(f"ALTER ROLE {facts.role} CREATEDB; ALTER DATABASE {facts.database} OWNER TO {facts.role}")

    with cloned(plain, supervisor, 2, instance="88") as clones:
        assert "template" == clones.way
        assert {"backup"} == set(clones.refused)
        assert [20000, 20000] == [each.value("SELECT count(*) FROM messages") for each in clones]

    assert [] == shop.rows("SELECT datname FROM pg_database WHERE datname LIKE 'hasten_clone_%'")
    shop.run(f"ALTER DATABASE {facts.database} OWNER TO hasten")


def test_copies_of_a_dead_hasten_are_dropped(shop):
    """
    They are found by their name; another instance's stay.
    """
    facts = shop.check()
    clone_template.make(shop, facts, "99", 1)
    other = clone_template.make(shop, facts, "990", 1)

    assert 1 == clone_template.drop(shop, "99")
    assert 0 == clone_template.drop(shop, "99")
    assert 20000 == other[0].value("SELECT count(*) FROM messages")
    assert 1 == clone_template.drop(shop, "990")


def test_a_connected_application_forbids_a_template(shop):
    """
    Nobody is thrown out.
    """
    with psycopg.connect(shop.dsn), pytest.raises(NotAllowed, match="1 others are connected"):
        clone_template.make(shop, shop.check(), "66", 1)


def test_reading_is_enough_for_a_sample(shop, plain, supervisor, monkeypatch):
    """
    Small tables whole, large ones in part, with indexes and sequences; what may not be read is left out.
    """
    monkeypatch.setattr(clone_sample, "WHOLE_BYTES", 1_000_000)
    monkeypatch.setattr(clone_sample, "SAMPLE_BYTES", 2_000_000)
    shop.run("CREATE TABLE secret (a int)")
    shop.run("CREATE SCHEMA closed; CREATE TABLE closed.inner (a int)")

    with cloned(plain, supervisor, 2) as clones:
        assert "sample" == clones.way
        assert {"backup", "template"} == set(clones.refused)
        first, second = clones
        customers, messages = (first.value(f"SELECT count(*) FROM {table}") for table in ("customers", "messages"))
        assert 500 == customers
        assert 0 < messages < 20000
        assert messages == second.value("SELECT count(*) FROM messages")
        assert 2 == first.value("SELECT twice FROM customers WHERE id = 1")
        assert b"CREATE INDEX messages_customer_idx" in first.schema_dump()
        assert 20001 == first.value("SELECT nextval('messages_id_seq')")
        assert first.value("SELECT to_regclass('secret') IS NULL AND to_regclass('closed.inner') IS NULL")
    assert nothing_is_left(supervisor)


def test_no_way_at_all_names_each_reason(plain, supervisor, monkeypatch):
    """
    And what would open the best one.
    """
    monkeypatch.setattr(clone_sample, "make", lambda *_, **__: (_ for _ in ()).throw(NotAllowed("no rows")))

    with pytest.raises(NotAllowed, match=r"backup: .*replicate; template: .*; sample: no rows") as refused:
        with cloned(plain, supervisor):
            pass
    assert "REPLICATION" in refused.value.hint


@pytest.mark.parametrize("moment", ["running", "backup"])
def test_the_next_hasten_deletes_the_clones_of_a_dead_one(shop, place, moment, another):
    """
    kill -9 while clones run, and in the middle of the backup: no server, no folder is left.
    """
    code = """
import sys, time
from pathlib import Path
from hasten.world import clone
from hasten.world.postgres import Database
from hasten.world.supervisor import Supervisor
from hasten.world.unprivileged import own_folder
real = clone._run_backup
def slow(source, to, supervisor, programs):
    to.mkdir(); (to / "half").touch(); print("here", to.parent, flush=True); time.sleep(300)
if sys.argv[3] == "backup":
    clone._run_backup = slow
with clone.cloned(Database(sys.argv[1]), Supervisor(Path(sys.argv[2])).__enter__(), 2) as clones:
    print("here", next((Path(sys.argv[2]) / "scratch").iterdir()), flush=True)
    time.sleep(300)
"""
    hasten, (_, where) = another(code, shop.dsn, place, moment)
    folder = Path(where)
    processes = [record.process for _, record in registry.read_records(place / "run")]
    assert (2 if moment == "running" else 0) == len(processes)
    assert folder.is_dir()
    hasten.kill()
    hasten.wait()

    with Supervisor(place) as supervisor:
        assert [] == [process for process in processes if process.is_alive()]
        assert not folder.exists()
        assert nothing_is_left(supervisor)
        assert ProcessId.mine().is_alive()
