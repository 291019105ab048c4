"""
Who the servers run as, and what they can get to.
"""

import os
import stat

import pytest

from hasten.errors import ConfigError, NotAllowed
from hasten.world import unprivileged
from hasten.world.unprivileged import User, can_enter, own_folder, place_for, remove_tree, shared_folder

STRANGER = User("stranger", 54321, 54321)


def test_a_plain_user_runs_servers_as_himself(monkeypatch):
    """
    Who is not root drops nothing.
    """
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert unprivileged.unprivileged_user() is None


def test_root_runs_servers_as_nobody(monkeypatch):
    """
    Root's servers belong to a user without privileges.
    """
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert "nobody" == unprivileged.unprivileged_user().name


@pytest.mark.parametrize("name", ["root", "no-such-user"])
def test_a_wrong_server_user_is_refused(monkeypatch, name):
    """
    Neither root itself nor a user that is not there will do.
    """
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("HASTEN_SERVER_USER", name)

    with pytest.raises(ConfigError) as refused:
        unprivileged.unprivileged_user()

    assert "HASTEN_SERVER_USER" in refused.value.hint


def test_a_private_home_cannot_be_entered(tmp_path):
    """
    A 0700 folder anywhere on the way keeps another user out, also behind a symlink.
    """
    home = tmp_path / "home"
    (home / "project" / "data").mkdir(parents=True)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(0o755)
    (tmp_path / "link").symlink_to(home / "project")

    assert can_enter(home / "project" / "data", STRANGER)
    assert can_enter(tmp_path / "link", STRANGER)
    home.chmod(0o700)
    assert not can_enter(home / "project" / "data", STRANGER)
    assert not can_enter(tmp_path / "link", STRANGER)
    assert can_enter(home / "project" / "data", None)


def test_data_of_a_private_home_gets_a_place_of_its_own(tmp_path, monkeypatch):
    """
    What the servers' user cannot get to is put elsewhere, each path to its own place, always the same.
    """
    monkeypatch.setattr(unprivileged, "SHARED_ROOT", tmp_path)
    monkeypatch.setattr(unprivileged, "unprivileged_user", lambda: STRANGER)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)

    first, second = place_for(home / "data"), place_for(home / "other" / "data")

    assert tmp_path / f"hasten-data-{os.geteuid()}" == first.parent == second.parent
    assert first != second
    assert first == place_for(home / "data")


def test_a_shared_folder_that_others_made_is_refused(tmp_path, monkeypatch):
    """
    A folder that others can write could hold anything.
    """
    monkeypatch.setattr(unprivileged, "SHARED_ROOT", tmp_path)
    folder = shared_folder("programs")
    folder.chmod(0o777)

    with pytest.raises(NotAllowed, match="not Hasten's own"):
        shared_folder("programs")


def test_a_symlink_is_no_shared_folder(tmp_path, monkeypatch):
    """
    A symlink that somebody laid there is not followed.
    """
    monkeypatch.setattr(unprivileged, "SHARED_ROOT", tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"hasten-programs-{os.geteuid()}").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(NotAllowed, match="not Hasten's own"):
        shared_folder("programs")


def test_an_own_folder_is_new_and_closed(tmp_path):
    """
    It is 0700, and never one that was there before.
    """
    folder = own_folder(tmp_path / "a" / "b")

    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    with pytest.raises(FileExistsError):
        own_folder(folder)


def test_a_tree_behind_a_symlink_is_removed_with_it(tmp_path):
    """
    Neither the link nor what it points to is left.
    """
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    remove_tree(tmp_path / "link")

    assert [] == list(tmp_path.iterdir())


def test_secrets_of_the_environment_do_not_reach_native_servers(monkeypatch):
    """
    Only what a server needs goes along.
    """
    monkeypatch.setenv("SHOP_SECRET", "x")

    assert "SHOP_SECRET" not in unprivileged.plain_environment()
    assert os.environ["PATH"] == unprivileged.plain_environment()["PATH"]
