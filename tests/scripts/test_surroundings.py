"""
pip, npm and the build find the caller's settings, and a place to write in every case.
"""

from pathlib import Path

import pytest
from scripts.environment.surroundings import variables


def test_the_callers_caches_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A home that can be written keeps its caches; nothing is redirected.
    """
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PIP_CACHE_DIR", "npm_config_cache", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    given = variables(tmp_path / "checkout")

    assert (str(tmp_path), None, None) == (given["HOME"], given.get("PIP_CACHE_DIR"), given.get("npm_config_cache"))


def test_without_a_home_the_caches_are_in_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A home that cannot be written or entered is replaced by folders of the checkout.
    """
    monkeypatch.setenv("HOME", "/dev/null/nobody")
    for name in ("PIP_CACHE_DIR", "npm_config_cache", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    given = variables(tmp_path)
    cache = tmp_path / ".cache"

    assert (str(cache / "pip"), str(cache / "npm")) == (given["PIP_CACHE_DIR"], given["npm_config_cache"])
    assert str(cache / "home") == given["HOME"]


def test_what_would_lead_astray_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Settings that put packages elsewhere, or leave the bundler out, do not reach pip and npm; mirrors do.
    """
    for name in ("PYTHONPATH", "PIP_TARGET", "PIP_USER", "NODE_ENV"):
        monkeypatch.setenv(name, "production")
    monkeypatch.setenv("PIP_INDEX_URL", "file:///mirror")
    given = variables(tmp_path)

    assert [] == [name for name in ("PYTHONPATH", "PIP_TARGET", "PIP_USER", "NODE_ENV") if name in given]
    assert "file:///mirror" == given["PIP_INDEX_URL"]
