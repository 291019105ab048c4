"""
The settings of a private PostgreSQL.
"""

import os

import pytest

from hasten.world import cluster_settings
from hasten.world.programs import PostgresPrograms


@pytest.fixture
def programs(tmp_path):
    """
    Some installation of a version.
    """

    def of(version: str) -> PostgresPrograms:
        (tmp_path / "lib").mkdir(exist_ok=True)
        (tmp_path / "lib" / "pg_stat_statements.so").touch()
        return PostgresPrograms(tmp_path / "bin", version, "named")

    return of


@pytest.fixture
def data_dir(tmp_path):
    """
    A data directory as initdb leaves it, as far as settings go.
    """
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "postgresql.conf").write_text("max_connections = 100\n")
    return folder


def test_nobody_comes_in_without_a_password(data_dir, programs):
    """
    Loopback with scram is the only way in.
    """
    cluster_settings.write(data_dir, programs("18.6"), {})

    ways = [line.split()[-1] for line in (data_dir / "pg_hba.conf").read_text().splitlines() if line[0] != "#"]
    assert {"scram-sha-256"} == set(ways)


def test_only_libraries_that_are_there_are_preloaded(data_dir, programs):
    """
    A missing library would keep the server from starting; the user's own come along.
    """
    cluster_settings.write(data_dir, programs("18.6"), {"shared_preload_libraries": "mine, pg_stat_statements"})

    text = (data_dir / "postgresql.conf").read_text()
    assert "shared_preload_libraries = 'pg_stat_statements,mine'" in text
    assert "max_connections = 100" in text


def test_nothing_of_a_foreign_server_is_kept(data_dir, programs):
    """
    A backup's own settings, also those by ALTER SYSTEM, are replaced.
    """
    (data_dir / "postgresql.auto.conf").write_text("primary_conninfo = 'host=live'\n")

    cluster_settings.write(data_dir, programs("18.6"), {"archive_mode": "off"}, afresh=True)

    assert "max_connections" not in (data_dir / "postgresql.conf").read_text()
    assert "" == (data_dir / "postgresql.auto.conf").read_text()


def test_a_value_cannot_leave_its_quotes(data_dir, programs):
    """
    A quote is doubled, a line break is none.
    """
    cluster_settings.write(data_dir, programs("18.6"), {"search_path": "a'b\nport = 1"})

    assert "search_path = 'a''b port = 1'\n" in (data_dir / "postgresql.conf").read_text()


@pytest.mark.parametrize(
    ("version", "has", "has_not"),
    [
        ("18.6", ["log_destination = 'jsonlog'", "compute_query_id = 'on'"], ["log_line_prefix"]),
        ("14.9", ["log_destination = 'stderr'", "%Q", "client_connection_check_interval"], ["jsonlog"]),
        ("12.1", ["log_line_prefix"], ["%Q", "compute_query_id", "log_parameter_max_length_on_error"]),
    ],
)
def test_each_version_gets_what_it_knows(data_dir, programs, version, has, has_not):
    """
    An unknown setting would keep the server from starting.
    """
    cluster_settings.set_recording(data_dir, programs(version), True)

    text = (data_dir / "hasten.conf").read_text()
    assert [] == [word for word in has if word not in text]
    assert [] == [word for word in has_not if word in text]
    assert "log_min_duration_statement = '0'" in text


def test_the_oldest_logs_go_first(tmp_path):
    """
    The newest stay, up to the size.
    """
    for number in range(4):
        path = tmp_path / f"hasten-{number}.json"
        path.write_bytes(b"x" * 100)
        os.utime(path, (number, number))

    cluster_settings.drop_old_logs(tmp_path, kept_bytes=250)

    assert ["hasten-2.json", "hasten-3.json"] == sorted(path.name for path in tmp_path.iterdir())
