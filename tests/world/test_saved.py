"""
Bytes that a way back needs.
"""

from pathlib import Path

import pytest

from hasten.errors import Unreachable
from hasten.world.saved import Saved


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    """
    Equal bytes are one file, which nobody else may read.
    """
    saved = Saved(tmp_path)
    digest = saved.keep(b"bytes")

    assert digest == saved.keep(b"bytes")
    assert b"bytes" == Saved(tmp_path).read(digest)
    assert [(digest, 0o600)] == [(path.name, path.stat().st_mode & 0o777) for path in saved.folder.iterdir()]


def test_spoiled_bytes_are_not_given_out_and_are_kept_anew(tmp_path: Path) -> None:
    """
    What is under the name must be what the name says.
    """
    saved = Saved(tmp_path)
    digest = saved.keep(b"bytes")
    (saved.folder / digest).write_bytes(b"other")
    with pytest.raises(Unreachable, match="gone or were changed"):
        saved.read(digest)

    assert digest == saved.keep(b"bytes")
    assert b"bytes" == saved.read(digest)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """
    A file in the place of the folder: the hint says what to do.
    """
    (tmp_path / "saved").write_bytes(b"")
    with pytest.raises(Unreachable) as refused:
        Saved(tmp_path).keep(b"bytes")

    assert "nothing was changed" in refused.value.hint


def test_what_a_killed_run_had_begun_is_swept(tmp_path: Path) -> None:
    """
    Only that: what is whole stays.
    """
    saved = Saved(tmp_path)
    digest = saved.keep(b"bytes")
    (saved.folder / f".{digest}.123.new").write_bytes(b"by")

    assert (1, [digest]) == (saved.sweep(), [path.name for path in saved.folder.iterdir()])
    assert 0 == saved.sweep()
