"""
hasten check: what is said before anything runs; whole runs are in tests/real/test_side_by_side.py.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Said

CONFIG = """
[application]
url = "http://127.0.0.1:9"
[check]
budgets = ["api_p95_ms", "memory_mb"]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """
    A hasten.toml with two budgets.
    """
    path = tmp_path / "hasten.toml"
    path.write_text(CONFIG)
    return path


def test_a_dry_run_names_what_would_be_checked(run: Callable[..., Said], config: Path) -> None:
    """
    For people and for programs.
    """
    said, as_json = (
        run("check", "--config", config, "--dry-run"),
        run("check", "--config", config, "--dry-run", "--json"),
    )

    assert (0, 0) == (said.code, as_json.code)
    assert "api_p95_ms, memory_mb" in said.out
    assert 1 == len(as_json.data["would_do"])


def test_an_unknown_revision_is_told_before_anything_is_measured(run: Callable[..., Said], config: Path) -> None:
    """
    The folder has no history at all.
    """
    said = run("check", "--config", config, "--against", "main")

    assert 1 == said.code
    assert "--against" in said.err


def test_a_budget_that_is_no_objective_is_told(run: Callable[..., Said], config: Path) -> None:
    """
    With the nearest one as a hint.
    """
    config.write_text(CONFIG.replace("memory_mb", "memory_gb"))
    said = run("check", "--config", config, "--dry-run")

    assert 1 == said.code
    assert "memory_mb" in said.err
