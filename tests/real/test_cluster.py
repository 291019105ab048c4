"""
A private PostgreSQL, from initdb to a crash.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from hasten.errors import ConfigError, Unreachable
from hasten.world import cluster as cluster_module
from hasten.world import data_directory, ports, registry
from hasten.world.cluster import Cluster
from hasten.world.process_id import ProcessId
from hasten.world.programs import SYSTEM_POSTGRES, find_postgres
from hasten.world.supervisor import Supervisor

pytestmark = pytest.mark.real

SETTINGS = {"shared_buffers": "32MB", "fsync": "off"}


@pytest.fixture
def supervisor(tmp_path):
    """
    Give a supervisor with an empty state folder.
    """
    with Supervisor(tmp_path) as made:
        yield made


@pytest.fixture
def stopped(place):
    """
    Give a new cluster that does not run.
    """
    cluster = Cluster.create(place / "data", settings=SETTINGS)
    yield cluster
    cluster.delete()


def test_only_a_password_opens_it(cluster):
    """
    TCP on loopback with scram, no socket, no trust.
    """
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(f"postgresql://hasten@127.0.0.1:{cluster.port}/postgres", password="")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://hasten:wrong@127.0.0.1:{cluster.port}/postgres")

    assert {"scram-sha-256"} == {
        row["auth_method"] for row in cluster.database().rows("SELECT auth_method FROM pg_hba_file_rules")
    }
    shown = [cluster.database().value(f"SHOW {name}") for name in ("listen_addresses", "unix_socket_directories")]
    assert ["127.0.0.1", ""] == shown


def test_it_orders_and_encodes_the_same_everywhere(cluster):
    """
    UTF-8, and an order that does not depend on the machine's locales.
    """
    assert "UTF8" == cluster.database().value("SHOW server_encoding")
    assert ["B", "a", "ä"] == [
        row["x"] for row in cluster.database().rows("SELECT x FROM unnest(ARRAY['ä', 'a', 'B']) x ORDER BY x")
    ]


def test_statements_are_counted_where_the_server_can(cluster, database):
    """
    pg_stat_statements and auto_explain are loaded if they are installed.
    """
    loaded = cluster.database().value("SHOW shared_preload_libraries").split(",")

    assert cluster.programs.has_library("pg_stat_statements") == ("pg_stat_statements" in loaded)
    assert ("pg_stat_statements" in loaded) == database.check().statements_installed


def test_it_does_not_run_as_root(cluster):
    """
    The server has the rights of a plain user.
    """
    status = Path(f"/proc/{cluster.pid}/status").read_text()

    assert "Uid:\t0\t" not in status


def test_it_stops_and_comes_back(stopped, supervisor):
    """
    Data and password are still there in another process's eyes.
    """
    stopped.start(supervisor)
    stopped.create_database("shop").run("CREATE TABLE t AS SELECT 1 AS a")
    pid = ProcessId.of(stopped.pid)
    stopped.stop()
    assert not pid.is_alive()

    again = Cluster.existing(stopped.data_dir).start(supervisor)

    assert 1 == again.database("shop").value("SELECT a FROM t")


def test_a_copy_by_hand_starts_too(stopped, supervisor, place):
    """
    A data directory that was copied without its secret gets a new password.
    """
    subprocess.run(["cp", "-a", stopped.data_dir, place / "copied"], check=True)

    copied = Cluster.existing(place / "copied").start(supervisor, name="copied")

    assert copied.password not in ("", stopped.password)
    assert "hasten" == copied.database().value("SELECT current_user")


def test_a_running_cluster_is_not_copied(cluster, place):
    """
    The copy would be torn.
    """
    with pytest.raises(Unreachable, match="is in use by the PostgreSQL with pid"):
        cluster.copy_to(place / "copy")


def test_something_that_is_there_is_not_overwritten(place):
    """
    Neither by create nor by accident.
    """
    (place / "data").mkdir()
    (place / "data" / "precious").touch()

    with pytest.raises(ConfigError, match="exists already"):
        Cluster.create(place / "data")
    assert (place / "data" / "precious").exists()


def test_a_folder_that_is_no_data_directory_is_refused(tmp_path):
    """
    The hint says where one comes from.
    """
    with pytest.raises(ConfigError, match="is not a data directory") as refused:
        Cluster.existing(tmp_path)

    assert "hasten demo" in refused.value.hint


def test_a_half_made_data_directory_is_replaced(place):
    """
    What a Hasten that was killed during initdb has left is no obstacle, and never taken for a whole one.
    """
    (place / "data.new" / "base").mkdir(parents=True)

    made = Cluster.create(place / "data", settings=SETTINGS)

    assert not (place / "data.new").exists()
    made.delete()
    assert [] == list(place.iterdir())


def test_a_taken_port_is_refused(stopped, supervisor, cluster):
    """
    The error names who has it, and nothing is left running.
    """
    with pytest.raises(Unreachable, match=rf"postgres cannot listen on port {cluster.port}: "):
        stopped.start(supervisor, port=cluster.port)

    assert {} == supervisor.running


def test_a_port_that_is_snatched_away_is_replaced(stopped, supervisor, cluster, monkeypatch):
    """
    Between the choice and the start another program may take it: another is chosen.
    """
    chosen = iter([cluster.port, ports.free_port()])
    monkeypatch.setattr(ports, "free_port", lambda: next(chosen))
    monkeypatch.setattr(ports, "need_free", lambda *_: None)

    stopped.start(supervisor)

    assert cluster.port != stopped.port
    assert 1 == stopped.database().value("SELECT 1")


def test_wrong_settings_are_shown(place, supervisor):
    """
    What PostgreSQL itself says is in the error.
    """
    made = Cluster.create(place / "data", settings={"work_mem": "much"})

    with pytest.raises(Unreachable, match=r'ended at its start(.|\n)*invalid value for parameter "work_mem"'):
        made.start(supervisor)
    made.delete()


def test_a_data_directory_in_use_is_left_alone(cluster, supervisor):
    """
    A second server is not started on it, and the first not disturbed.
    """
    with pytest.raises(Unreachable, match=f"in use by the PostgreSQL with pid {cluster.pid}"):
        Cluster.existing(cluster.data_dir).start(supervisor)

    assert 1 == cluster.database().value("SELECT 1")


def test_a_crash_of_the_server_loses_nothing(stopped, supervisor):
    """
    kill -9 of the postmaster in the middle of a statement: its backends are ended, the data recovers.
    """
    stopped.start(supervisor)
    database = stopped.database()
    database.run("CREATE TABLE t AS SELECT 1 AS a")
    code = "import psycopg, sys; psycopg.connect(sys.argv[1]).execute(sys.argv[2])"
    busy = subprocess.Popen(
        [sys.executable, "-c", code, stopped.dsn(), "SELECT count(*) FROM generate_series(1, 1000000000) x"],
        stderr=subprocess.DEVNULL,
    )
    try:
        active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT count(*) FROM generate_series%'"
        assert registry.wait_until(lambda: database.value(active) == 1, 20)
        os.kill(stopped.pid, signal.SIGKILL)
        assert registry.wait_until(lambda: not stopped.is_running, 10)
        supervisor.stop("postgres")
    finally:
        busy.kill()
        busy.wait()

    again = Cluster.existing(stopped.data_dir).start(supervisor)

    assert 1 == again.database().value("SELECT a FROM t")


def test_a_stale_pid_of_a_living_stranger_is_no_obstacle(stopped, supervisor):
    """
    After a crash the pid in postmaster.pid may be any process.
    """
    (stopped.data_dir / "postmaster.pid").write_text(f"{os.getpid()}\n{stopped.data_dir}\n1\n5432\n\n\n\nready\n")

    stopped.start(supervisor)

    assert 1 == stopped.database().value("SELECT 1")


@pytest.mark.parametrize("damage", ["pg_control", "PG_VERSION"])
def test_a_damaged_data_directory_is_an_error(stopped, supervisor, damage):
    """
    Clear, with what PostgreSQL says, and without a server left behind.
    """
    (stopped.data_dir / ("global/pg_control" if damage == "pg_control" else damage)).unlink()

    with pytest.raises((Unreachable, ConfigError)) as refused:
        Cluster.existing(stopped.data_dir).start(supervisor)

    assert refused.value.hint
    assert {} == supervisor.running


def test_a_server_dies_with_its_hasten(place, tmp_path, another):
    """
    kill -9 of Hasten shuts its PostgreSQL down, and the next Hasten can use the data at once.
    """
    code = """
import sys, time
from pathlib import Path
from hasten.world.cluster import Cluster
from hasten.world.supervisor import Supervisor
made = Cluster.create(Path(sys.argv[1]), settings={"shared_buffers": "32MB", "fsync": "off"})
print(made.start(Supervisor(Path(sys.argv[2]))).pid, flush=True)
time.sleep(300)
"""
    hasten, (pid,) = another(code, place / "data", tmp_path)
    process = ProcessId.of(int(pid))
    hasten.kill()
    hasten.wait()

    with Supervisor(tmp_path) as supervisor:
        assert not process.is_alive()
        again = Cluster.existing(place / "data").start(supervisor)
        assert 1 == again.database().value("SELECT 1")
    again.delete()


def test_recording_is_switched_while_it_runs(cluster, database):
    """
    New sessions log, or do not.
    """
    cluster.record(False)
    off = database.value("SHOW log_min_duration_statement")
    cluster.record(True)

    assert ("-1", "0") == (off, database.value("SHOW log_min_duration_statement"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a home that its servers cannot enter")
def test_a_data_directory_below_a_private_home_works(tmp_path, supervisor):
    """
    The data is kept where the servers' user can get to, and a symlink left in its place.
    """
    (tmp_path / "home").mkdir(mode=0o700)

    made = Cluster.create(tmp_path / "home" / "data", settings=SETTINGS).start(supervisor)

    assert (tmp_path / "home" / "data").is_symlink()
    assert 1 == made.database().value("SELECT 1")
    made.stop()
    Cluster.existing(tmp_path / "home" / "data").delete()
    assert not made.data_dir.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a home that its servers cannot enter")
def test_a_removed_symlink_is_no_obstacle(tmp_path, supervisor):
    """
    Who removes .hasten by hand can make the same data directory anew.
    """
    Cluster.create(tmp_path / "data", settings=SETTINGS)
    (tmp_path / "data").unlink()

    made = Cluster.create(tmp_path / "data", settings=SETTINGS).start(supervisor)

    assert 1 == made.database().value("SELECT 1")
    made.stop()
    Cluster.existing(tmp_path / "data").delete()


def _systems() -> list[str]:
    return [str(path.parent) for path in SYSTEM_POSTGRES.glob("*/bin/postgres")]


@pytest.mark.parametrize("bin_dir", _systems() or [""])
def test_the_systems_postgres_works_too(bin_dir, place, supervisor):
    """
    Whatever version the machine has, from initdb to a comparable dump of the schema.
    """
    if not bin_dir:
        pytest.skip("this machine has no PostgreSQL of its own")
    made = Cluster.create(place / "data", find_postgres(bin_dir), SETTINGS).start(supervisor, recording=True)
    shop = made.create_database("shop")
    shop.run("CREATE TABLE t (a int)")

    assert made.programs.major == shop.check().major
    assert b"CREATE TABLE public.t" in shop.schema_dump()
    assert shop.schema_dump() == shop.schema_dump()
    made.delete()


def test_the_port_attempts_are_bounded(stopped, supervisor, cluster, monkeypatch):
    """
    A machine without any free port ends in an error.
    """
    asked = []
    monkeypatch.setattr(ports, "free_port", lambda: asked.append(1) or cluster.port)

    with pytest.raises(Unreachable, match="cannot listen on port"):
        stopped.start(supervisor)

    assert cluster_module.PORT_ATTEMPTS == len(asked)


def test_servers_of_a_data_directory_are_told_from_others(cluster, tmp_path):
    """
    Its postmaster and backends, and nobody else's.
    """
    assert cluster.pid in {process.pid for process in data_directory.servers_in(cluster.data_dir)}
    assert [] == data_directory.servers_in(tmp_path)
