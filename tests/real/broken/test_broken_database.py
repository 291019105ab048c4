"""
Whatever is wrong with the database: one clear error with a hint, exit code 1, nothing is changed.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.real.broken.whole_setup import Setup
from tests.real.scene import DATABASE, assert_no_strays

from hasten.world import ports
from hasten.world.cluster import Cluster
from hasten.world.registry import wait_until
from hasten.world.supervisor import Supervisor

pytestmark = pytest.mark.real


def test_a_wrong_password(setup: Setup) -> None:
    """
    The role is named, the password is not.
    """
    setup.write(database=f'url = "{setup.url(password="wrong")}"')

    setup.refuses("plan", "--dry-run", says="the password of hasten", hint="correct it in [database] url")
    setup.ails("database", says="the password of hasten", hint="correct it in [database] url")


def test_a_server_that_does_not_answer(setup: Setup) -> None:
    """
    Nobody listens on the port.
    """
    setup.write(database=f'url = "{setup.url(port=str(ports.free_port()))}"')

    setup.refuses("apply", says="does not answer", hint="check that PostgreSQL runs")


def test_a_database_that_does_not_exist(setup: Setup) -> None:
    """
    Its name is in the error.
    """
    setup.write(database=f'url = "{setup.url(name="dusk")}"')

    setup.refuses("baseline", says="there is no database dusk", hint="correct the name")


@pytest.fixture
def role(desk: Cluster) -> Iterator[Callable[..., str]]:
    """
    Gives a function that makes a role with these statements and answers its name.
    """
    made: list[str] = []
    database = desk.database(DATABASE)

    def make(name: str, *statements: str) -> str:
        made.append(name)
        for statement in (f"CREATE ROLE {name} LOGIN PASSWORD 'guest'", *statements):
            database.run(statement)
        return name

    yield make
    for name in made:
        database.run(f"DROP OWNED BY {name}")
        database.run(f"DROP ROLE {name}")


def test_a_role_that_may_only_read(setup: Setup, role: Callable[..., str]) -> None:
    """
    Nothing is begun that could not be finished: not even the trial, not even its entry.
    """
    name = role(
        "reader", "GRANT pg_read_all_data TO reader", "ALTER ROLE reader SET default_transaction_read_only = on"
    )
    setup.write(database=f'url = "{setup.url(user=name, password="guest")}"')

    setup.refuses("apply", says="may only read", hint="RESET default_transaction_read_only")


def test_a_role_that_owns_nothing(setup: Setup, role: Callable[..., str]) -> None:
    """
    It may create tables, but cannot index those of others.
    """
    name = role("lodger", "GRANT pg_read_all_data TO lodger", "GRANT CREATE ON SCHEMA public TO lodger")
    setup.write(database=f'url = "{setup.url(user=name, password="guest")}"')

    setup.refuses("apply", says="owns none of the 1 tables", hint="the role that owns the tables")


def test_without_statement_statistics(setup: Setup, desk: Cluster) -> None:
    """
    Doctor says which statement makes them.
    """
    desk.database().run("CREATE DATABASE plain")
    setup.write(database=f'url = "{setup.url(name="plain")}"')
    try:
        setup.ails("statement statistics", says="pg_stat_statements is not installed", hint="CREATE EXTENSION pg_stat_")
    finally:
        desk.database().run("DROP DATABASE plain WITH (FORCE)")


def test_a_database_that_goes_away_in_the_middle_of_a_run(setup: Setup, place: Path) -> None:
    """
    A baseline that lost its database is not half a baseline: nothing is recorded of it.
    """
    with Supervisor(place) as others:
        cluster = Cluster.existing(setup.scene.original.state_dir / "pgdata").copy_to(place / "pgdata").start(others)
        setup.write(
            database=f'url = "{cluster.dsn(DATABASE)}"',
            traffic=setup.sections["traffic"].replace("duration_s = 1", "duration_s = 4"),
        )
        before = setup.state()
        command = setup.scene.command("baseline", "--json")
        environment = {**os.environ, **setup.scene.environment}
        with subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True) as running:
            assert wait_until(lambda: load_is_on(cluster), 60.0)
            cluster.stop()
            said, errors = running.communicate(timeout=60)
    done = subprocess.CompletedProcess(command, running.returncode, said, errors)
    setup.refused_as_json(done, says="does not answer", hint="check that PostgreSQL runs")
    assert before == setup.state()
    assert_no_strays(setup.folder)


def load_is_on(cluster: Cluster) -> bool:
    """
    The application has asked the database something several times.
    """
    asked = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE 'SELECT count(*), max(body)%%'"
    return int(cluster.database(DATABASE, "test").value(asked)) >= 3 + 5


def test_a_data_directory_that_is_not_there(setup: Setup) -> None:
    """
    And one that is not PostgreSQL's.
    """
    setup.write(database='private = "{state}/pgdata"')
    setup.refuses("plan", says="there is no data directory", hint="hasten demo")

    (setup.folder / "pgdata").mkdir()
    setup.refuses("plan", says="is not a data directory of PostgreSQL", hint="hasten demo")


def test_programs_that_are_not_postgresql(setup: Setup) -> None:
    """
    [database] programs names a folder without a server.
    """
    setup.write(database='private = "{state}/pgdata"\nprograms = "/usr/share"')
    (setup.folder / "pgdata").mkdir()
    (setup.folder / "pgdata" / "PG_VERSION").write_text("18\n")

    setup.refuses("plan", says="there is no PostgreSQL server in /usr/share", hint="[database] programs")
