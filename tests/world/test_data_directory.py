"""
A data directory on disk.
"""

import os
import stat

import pytest

from hasten.errors import NotAllowed, Unreachable
from hasten.world import data_directory


def test_a_stale_postmaster_pid_is_removed(tmp_path):
    """
    A pid of some other process does not keep a data directory closed.
    """
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")

    data_directory.need_idle(tmp_path)

    assert not (tmp_path / "postmaster.pid").exists()


def test_a_server_is_ready_when_it_says_so(tmp_path):
    """
    The eighth line of its file tells.
    """
    path = tmp_path / "postmaster.pid"
    for state, expected in (("starting", False), ("ready   ", True)):
        path.write_text("\n".join(["1", "2", "3", "4", "5", "6", "7", state]))
        assert expected == data_directory.is_ready(tmp_path)


def test_the_secret_is_kept_for_its_owner_only(tmp_path):
    """
    0600, beside the data directory, and read back.
    """
    folder = tmp_path / "data"

    data_directory.keep_secret(folder, "s3cret")

    assert "s3cret" == data_directory.read_secret(folder)
    assert 0o600 == stat.S_IMODE(data_directory.secret_file(folder).stat().st_mode)
    assert data_directory.secret_file(folder).parent == tmp_path


@pytest.mark.parametrize("text", [None, "", "[]", "{}", "not json"])
def test_a_damaged_secret_is_none(tmp_path, text):
    """
    It is then set anew; no crash.
    """
    if text is not None:
        data_directory.secret_file(tmp_path / "data").write_text(text)

    assert "" == data_directory.read_secret(tmp_path / "data")


def test_a_copy_that_fails_leaves_nothing(tmp_path):
    """
    Half a copy would look like a data directory.
    """
    with pytest.raises(Unreachable, match="could not be copied"):
        data_directory.copy_tree(tmp_path / "nowhere", tmp_path / "copy")

    assert not (tmp_path / "copy").exists()


def test_a_copy_does_not_look_in_use(tmp_path):
    """
    The original's postmaster.pid does not come along.
    """
    source = tmp_path / "data"
    source.mkdir()
    (source / "postmaster.pid").write_text("1\n")
    (source / "PG_VERSION").write_text("18\n")

    data_directory.copy_tree(source, tmp_path / "copy")

    assert ["PG_VERSION"] == [path.name for path in (tmp_path / "copy").iterdir()]


def test_another_users_data_is_refused(tmp_path, monkeypatch):
    """
    PostgreSQL would refuse it too, less clearly.
    """
    monkeypatch.setattr(data_directory, "unprivileged_user", lambda: None)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)

    with pytest.raises(NotAllowed, match="belongs to another user"):
        data_directory.take(tmp_path)
