"""
Wheels with servers in them.
"""

import os
import sys

import pytest

from hasten.errors import NotAllowed
from hasten.world import unprivileged, wheels


@pytest.fixture
def closed(tmp_path, monkeypatch):
    """
    A machine on which the servers' user can run programs in a shared folder only.
    """
    monkeypatch.setattr(unprivileged, "SHARED_ROOT", tmp_path / "shared")
    (tmp_path / "shared").mkdir()
    monkeypatch.setattr(wheels, "unprivileged_user", lambda: unprivileged.User("stranger", 54321, 54321))
    monkeypatch.setattr(wheels, "_runs", lambda program: program.is_relative_to(tmp_path / "shared"))
    monkeypatch.setattr(wheels, "_fingerprint", lambda _: "1.0-abc")
    package = tmp_path / "site" / "server"
    (package / "bin").mkdir(parents=True)
    (package / "bin" / "postgres").write_text("a program")
    (package / "bin" / "postgres").chmod(0o700)
    (tmp_path / "site" / "server.libs").mkdir()
    (tmp_path / "site" / "server.libs" / "libx.so").write_text("x")
    return package


def test_a_wheel_out_of_reach_is_copied_once(closed, tmp_path):
    """
    The copy keeps the layout, can be read by everybody and changed by its owner only, and is then used again.
    """
    folders = [closed, tmp_path / "site" / "server.libs"]

    copy = wheels.readable(closed, "server", "bin/postgres", folders)
    marker = copy / "bin" / "marker"
    marker.touch()
    again = wheels.readable(closed, "server", "bin/postgres", folders)

    assert tmp_path / "shared" / f"hasten-programs-{os.geteuid()}" / "server-1.0-abc" / "server" == copy == again
    assert marker.exists()
    assert (copy.parent / "server.libs" / "libx.so").is_file()
    assert 0o755 == (copy / "bin" / "postgres").stat().st_mode & 0o777
    assert 0o644 == (copy.parent / "server.libs" / "libx.so").stat().st_mode & 0o777


def test_a_copy_that_others_can_change_is_refused(closed):
    """
    It could be any program by now.
    """
    copy = wheels.readable(closed, "server", "bin/postgres", [closed])
    copy.parent.chmod(0o777)

    with pytest.raises(NotAllowed, match="cannot be used") as refused:
        wheels.readable(closed, "server", "bin/postgres", [closed])
    assert str(copy.parent) in refused.value.hint


def test_a_wheel_within_reach_stays_where_it_is(closed, monkeypatch):
    """
    Nothing is copied without need.
    """
    monkeypatch.setattr(wheels, "_runs", lambda _: True)

    assert closed == wheels.readable(closed, "server", "bin/postgres", [closed])


def test_a_package_is_found_without_importing_it(tmp_path, monkeypatch):
    """
    Importing one of them makes folders and warns.
    """
    (tmp_path / "noisy_server").mkdir()
    (tmp_path / "noisy_server" / "__init__.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(tmp_path)

    assert tmp_path / "noisy_server" == wheels.package_dir("noisy_server")
    assert wheels.package_dir("no_such_server") is None
    assert "noisy_server" not in sys.modules
