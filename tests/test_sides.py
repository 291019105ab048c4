"""
hasten.sides: what can be told without servers; the rest is in tests/real/test_side_by_side.py.
"""

from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from hasten.application import App
from hasten.errors import ApplyFailed, ConfigError
from hasten.instances import Ground
from hasten.sides import Side, beside, need_sides, not_copied, url_of
from hasten.target import Application, Cache, DatabaseSection, Principal, Process, Target
from hasten.world.postgres import Database
from hasten.world.supervisor import Supervisor


def app(folder: Path, store: Database | None = None, *, state: str = ".hasten", **sections: Any) -> App:
    """
    An App in a folder; nothing of it runs.
    """
    web = Process(name="web", command=["serve", "{port}"], is_web=True)
    target = Target(**{"application": Application(processes=[web]), **sections})
    state_dir = folder / state if state else folder
    return App(target, state_dir, Supervisor(state_dir), root=folder, store=store)


@pytest.mark.parametrize(
    "dsn",
    ["postgresql://me:pa%20ss@127.0.0.1:5433/desk", "host=127.0.0.1 port=5433 user=me password='pa ss' dbname=desk"],
)
def test_a_database_has_an_address_as_applications_take_it(dsn: str) -> None:
    """
    However it was given, it is a URL with the same parts.
    """
    url = url_of(dsn)

    assert url.startswith("postgresql://me:pa%20ss@127.0.0.1:5433/desk")
    assert conninfo_to_dict(dsn) == conninfo_to_dict(url)


def test_a_shared_database_can_only_be_read() -> None:
    """
    Sessions are read-only from their first statement, and options that were there stay.
    """
    found = conninfo_to_dict(url_of("postgresql://me@host/desk?options=-c%20jit%3Doff", read_only=True))

    assert "-c jit=off -c default_transaction_read_only=on" == found["options"]


def test_a_local_socket_stays_one() -> None:
    """
    A folder in place of a host has no place in the first part of a URL.
    """
    assert "/run/postgresql" == conninfo_to_dict(url_of("host=/run/postgresql dbname=desk"))["host"]


def test_a_second_instance_must_not_work_on_the_live_database(tmp_path: Path) -> None:
    """
    Where no process takes {database_url} nothing is begun, and the hint says how to write it.
    """
    with pytest.raises(ConfigError, match="a database of its own") as caught:
        need_sides(app(tmp_path, Database("postgresql://me@host/desk")))

    assert "{database_url}" in caught.value.hint
    need_sides(app(tmp_path))


def test_a_missing_secret_is_told_before_anything_is_copied(tmp_path: Path) -> None:
    """
    The variable is named.
    """
    agent = Principal(name="agent", secret_env="A_SECRET_THAT_IS_NOT_SET")
    with pytest.raises(ConfigError, match="A_SECRET_THAT_IS_NOT_SET"):
        need_sides(app(tmp_path, principals=[agent]))


def test_what_is_hasten_s_own_is_not_copied(tmp_path: Path) -> None:
    """
    Its state, wherever it is, and a database that it runs.
    """
    private = DatabaseSection(private="{state}/pgdata")

    assert [tmp_path / ".hasten", tmp_path / ".hasten/pgdata"] == not_copied(app(tmp_path, database=private))
    assert {tmp_path / "ledger.db", tmp_path / "scratch"} < set(not_copied(app(tmp_path, state="")))


def test_a_command_runs_in_the_folder_of_its_side(tmp_path: Path) -> None:
    """
    It is told that it is judged, and a failure has its last words.
    """
    (tmp_path / "copy").mkdir()
    with Supervisor(tmp_path / ".hasten") as supervisor:
        here = App(app(tmp_path).target, tmp_path / ".hasten", supervisor, root=tmp_path)
        side = Side("candidate", Ground(tmp_path / "copy", tmp_path / ".hasten", name="c-", home=tmp_path), here)
        said = side.run(["sh", "-c", "pwd; echo verify=$HASTEN_VERIFY; touch made"])
        with pytest.raises(ApplyFailed) as caught:
            side.run(["sh", "-c", "echo lost >&2; exit 4"])

    assert f"| {tmp_path / 'copy'}\n  | verify=1" in said
    assert (tmp_path / "copy" / "made").exists()
    assert "failed with code 4" in str(caught.value)
    assert "| lost" in str(caught.value)


def test_a_cache_that_is_not_named_to_the_application_is_shared_and_that_is_said(tmp_path: Path) -> None:
    """
    Without an address to replace both work on the live cache, and people should know.
    """
    with Supervisor(tmp_path / ".hasten") as supervisor:
        target = app(tmp_path, cache=Cache(url="redis://live:6379/0")).target
        with beside(App(target, tmp_path / ".hasten", supervisor, root=tmp_path)) as both:
            found = list(both.notes)

    assert 1 == len([note for note in found if "live cache" in note])


def test_both_sides_start_alike(tmp_path: Path) -> None:
    """
    Folders, names and ports differ; what Python draws at its start does not.
    """
    with Supervisor(tmp_path / ".hasten") as supervisor:
        here = App(app(tmp_path).target, tmp_path / ".hasten", supervisor, root=tmp_path)
        with beside(here) as both:
            first, second = both.control.ground, both.candidate.ground
            folder = first.root.parents[1]

    assert first.env == second.env
    assert "PYTHONHASHSEED" in first.env
    assert (first.root, first.name) != (second.root, second.name)
    assert not folder.exists()
