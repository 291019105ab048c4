"""
What is refused before anything is copied.
"""

import shutil
from collections import namedtuple

import pytest

from hasten.errors import Unreachable
from hasten.world import clone

Usage = namedtuple("Usage", "total used free")


def test_a_disk_without_room_is_refused(tmp_path, monkeypatch):
    """
    The error says how much is needed and how much there is.
    """
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**10, 0, 2 * 10**9))

    with pytest.raises(Unreachable, match=r"2 clones need 3\.8 GB .* 2\.0 GB are free") as refused:
        clone.need_room(tmp_path / "not" / "yet", 1_500_000_000, 2)

    assert "make room" in refused.value.hint


def test_a_disk_with_room_is_not_refused(tmp_path, monkeypatch):
    """
    Nothing happens.
    """
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**10, 0, 4 * 10**9))

    clone.need_room(tmp_path, 1_500_000_000, 2)
