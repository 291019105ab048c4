"""
Compiled modules that lie ready outside of the application's environment. Real ones are loaded in
tests/world/test_accelerators.py.
"""

import sys
from pathlib import Path

import pytest

from hasten.world.accelerators import own_abi
from hasten_runtime import accelerators
from hasten_runtime.http import codings


def test_without_a_folder_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    As if it were not installed.
    """
    monkeypatch.delenv("HASTEN_ACCELERATORS", raising=False)
    with pytest.raises(ImportError, match="_brotli is not there"):
        accelerators.load("_brotli")


def test_a_damaged_module_is_not_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A file that is none of this machine's modules is a coding that does not work here; nothing is left of it.
    """
    monkeypatch.setenv("HASTEN_ACCELERATORS", str(tmp_path))
    (tmp_path / own_abi()).mkdir()
    (tmp_path / own_abi() / "backend_c.so").write_bytes(b"not compiled")
    monkeypatch.setattr(codings, "_MAKERS", {"zstd": codings._zstandard})
    monkeypatch.setattr(codings, "_found", {})
    monkeypatch.setitem(sys.modules, "zstandard", None)  # type: ignore[arg-type]

    assert () == codings.available(("zstd",))
    assert "backend_c" not in sys.modules
