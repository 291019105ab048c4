"""
hasten verify: what is said before anything runs; whole runs are in tests/real/test_side_by_side.py.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Said

CONFIG = """
[application]
[[application.processes]]
name = "web"
command = ["serve", "{port}"]
is_web = true
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """
    A hasten.toml of an application that Hasten can start.
    """
    path = tmp_path / "hasten.toml"
    path.write_text(CONFIG)
    return path


def test_a_command_is_needed(run: Callable[..., Said], config: Path) -> None:
    """
    Without one the hint shows how it is written.
    """
    said = run("verify", "--config", config)

    assert 1 == said.code
    assert "hasten verify --" in said.err


@pytest.mark.parametrize("as_json", [True, False])
def test_a_dry_run_runs_nothing(run: Callable[..., Said], config: Path, tmp_path: Path, as_json: bool) -> None:
    """
    The command's own options are its own, and it is not run.
    """
    flags = ["--json"] if as_json else []
    said = run("verify", "--config", config, "--dry-run", *flags, "--", "touch", "--no-create", tmp_path / "made")

    assert 0 == said.code
    assert "touch --no-create" in (" ".join(said.data["would_do"]) if as_json else said.out)
    assert not (tmp_path / "made").exists()


def test_an_application_that_runs_elsewhere_has_no_second_instance(run: Callable[..., Said], config: Path) -> None:
    """
    The hint says what is missing in hasten.toml.
    """
    config.write_text('[application]\nurl = "http://127.0.0.1:9"\n')
    said = run("verify", "--config", config, "--", "true")

    assert 1 == said.code
    assert "application.processes" in said.err
