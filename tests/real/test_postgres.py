"""
Connections to a real server: refusals with a hint, limits, and backends that must end.
"""

import subprocess
import sys

import psycopg
import pytest

from hasten.errors import ConfigError, HastenError, Missing, NotAllowed, Unreachable
from hasten.world import ports, schema_dump
from hasten.world.postgres import Database
from hasten.world.registry import wait_until

pytestmark = pytest.mark.real


@pytest.fixture
def plain(cluster, database):
    """
    Give the database as a role that may read its tables and no more.
    """
    name = f"plain_{database.check().database}"
    database.run(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
    database.run(f"CREATE TABLE t AS SELECT 1 AS a; GRANT SELECT ON t TO {name}")
    yield Database(f"postgresql://{name}:x@127.0.0.1:{cluster.port}/{database.check().database}")
    database.run(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_a_superuser_may_everything(cluster, database):
    """
    The facts of a private server.
    """
    facts = database.require_create()

    assert cluster.programs.major == facts.major
    assert all([facts.is_superuser, facts.may_create, facts.may_replicate, facts.may_see_all_statements])
    assert not any([facts.is_read_only, facts.in_recovery, facts.hypopg_installed])


def test_a_wrong_password_is_said_to_be(cluster):
    """
    Not "does not answer".
    """
    with pytest.raises(ConfigError, match=r"the password of hasten for hasten@.* is wrong") as refused:
        Database(f"postgresql://hasten:wrong@127.0.0.1:{cluster.port}/postgres").check()

    assert "[database] url" in refused.value.hint


def test_a_missing_database_is_said_to_be(database):
    """
    With its name.
    """
    with pytest.raises(ConfigError, match="there is no database nowhere"):
        database.on("nowhere").check()


def test_a_server_that_is_not_there_is_said_to_be():
    """
    Unreachable, with the address.
    """
    with pytest.raises(Unreachable, match=r"the database x@127.0.0.1:\d+/y does not answer"):
        Database(f"postgresql://x@127.0.0.1:{ports.free_port()}/y").check()


def test_a_host_that_does_not_exist_is_said_to_be():
    """
    No traceback of a name server.
    """
    with pytest.raises(Unreachable, match="does not answer"):
        Database("postgresql://x@no-such-host.invalid/y").check()


def test_a_role_that_owns_nothing_cannot_index(plain):
    """
    Found out before anything is tried.
    """
    with pytest.raises(NotAllowed, match=r"owns none of the 1 tables|may not create anything") as refused:
        plain.require_create()

    assert "name the role that owns the tables" in refused.value.hint


def test_a_role_that_may_only_read_is_said_to(plain, database):
    """
    A role with default_transaction_read_only keeps it.
    """
    role = plain.check().role
    database.run(f"ALTER ROLE {role} SET default_transaction_read_only = on")

    with pytest.raises(NotAllowed, match=f"role {role} may only read"):
        plain.require_create()


def test_a_missing_privilege_is_not_allowed(plain):
    """
    The server's own refusal carries its code.
    """
    with pytest.raises(NotAllowed, match=r"permission denied|must be owner") as refused:
        plain.run("CREATE INDEX ON t (a)")

    assert "42501" == refused.value.data["sqlstate"]


def test_other_roles_statements_need_a_grant(plain):
    """
    With the statement that gives it.
    """
    with pytest.raises(NotAllowed, match="may not see the statements of other roles") as refused:
        plain.require_statements()

    assert "GRANT pg_read_all_stats TO" in refused.value.hint


def test_missing_pg_stat_statements_is_said_to(database):
    """
    Loaded but not installed: the hint is one statement.
    """
    database.run("DROP EXTENSION pg_stat_statements")

    with pytest.raises(NotAllowed, match="is not installed") as refused:
        database.require_statements()
    assert "CREATE EXTENSION pg_stat_statements" in refused.value.hint


def test_reading_changes_nothing(database):
    """
    A read-only connection refuses to write.
    """
    with pytest.raises(NotAllowed, match="read-only transaction"):
        database.run("CREATE TABLE t (a int)", read_only=True)

    assert 0 == database.check().tables


def test_no_statement_runs_for_ever(database):
    """
    The timeout of the connection ends it.
    """
    with pytest.raises(HastenError, match="took too long") as refused:
        database.value("SELECT pg_sleep(60)", statement_timeout_s=0.1)

    assert "57014" == refused.value.data["sqlstate"]


def test_no_lock_is_waited_for_for_ever(database):
    """
    The application's locks go first.
    """
    database.run("CREATE TABLE t (a int)")
    with database.connect() as holder, holder.transaction():
        holder.execute("LOCK TABLE t")
        with pytest.raises(HastenError, match="took too long") as refused:
            database.run("ALTER TABLE t ADD b int", lock_timeout_s=0.1)

    assert "55P03" == refused.value.data["sqlstate"]


def test_a_lost_connection_is_unreachable(cluster, database):
    """
    A server that goes away in the middle is named.
    """
    with pytest.raises(Unreachable, match="was lost"), database.connect() as connection:
        cluster.database().value("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        connection.execute("SELECT 1")


def test_an_error_of_the_statement_carries_its_code(database):
    """
    So that whoever asked can tell what happened.
    """
    with pytest.raises(HastenError, match="does not exist") as refused:
        database.rows("SELECT * FROM nowhere")

    assert "42P01" == refused.value.data["sqlstate"]


def test_values_and_rows(database):
    """
    Parameters go to the server; a percent sign without them is just one.
    """
    assert [{"a": 1, "b": "x'y"}] == database.rows("SELECT %s::int AS a, %s AS b", [1, "x'y"])
    assert "5%" == database.value("SELECT '5%'")
    assert database.value("SELECT 1 WHERE false") is None


def test_backends_of_a_dead_hasten_are_ended(cluster, database):
    """
    And only those: a killed client's backend goes on, until it is ended by its name.
    """
    code = """
import sys
from hasten.world.postgres import Database
Database(sys.argv[1], "build", "dead").value(sys.argv[2], statement_timeout_s=0)
"""
    other = database.named("other")
    counted = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND state = 'active'"
    hasten = subprocess.Popen([sys.executable, "-c", code, database.dsn, "SELECT pg_sleep(100)"])
    try:
        assert wait_until(lambda: other.value(counted, ["hasten:dead:build"]) == 1, 20)
    finally:
        hasten.kill()
        hasten.wait()

    with other.connect() as bystander:
        assert 1 == database.end_backends("dead")
        assert 0 == database.value(counted, ["hasten:dead:build"])
        assert 0 == database.end_backends("dead")
        bystander.execute("SELECT 1")


def test_the_schema_is_dumped_alike(database):
    """
    Byte-identical as long as the schema is, different when it is not.
    """
    database.run("CREATE TABLE t (a int)")
    first = database.schema_dump()
    database.run("CREATE INDEX i ON t (a)")
    second = database.schema_dump()
    database.run("DROP INDEX i")

    assert b"CREATE INDEX i" in second
    assert first == database.schema_dump()
    assert b"x'" not in first


def test_a_dump_that_is_not_allowed_is_said_to(plain, database):
    """
    With what pg_dump says.
    """
    database.run("CREATE TABLE secret (a int)")

    with pytest.raises(NotAllowed, match="permission denied"):
        plain.schema_dump()


def test_a_server_newer_than_every_pg_dump_is_said_to():
    """
    An older pg_dump would refuse, less clearly.
    """
    with pytest.raises(Missing, match="no pg_dump for PostgreSQL 99"):
        schema_dump.pg_dump_for(99, "")


def test_connections_show_who_they_are(database):
    """
    In pg_stat_activity, where people look.
    """
    name = database.named("observe").value("SELECT current_setting('application_name')")

    assert f"hasten:{database.instance}:observe" == name


def test_a_database_that_goes_is_said_to_have(cluster):
    """
    A standby's refusal to write is told from a missing right.
    """
    made = cluster.create_database("gone")
    cluster.database().run("DROP DATABASE gone WITH (FORCE)")

    with pytest.raises(ConfigError, match="there is no database gone"):
        made.check()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(made.dsn)
