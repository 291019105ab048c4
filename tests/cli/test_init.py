"""
hasten init writes a file that hasten can read.
"""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hasten.cli.init import command, config_for
from hasten.configuration import load_target
from hasten.errors import ConfigError
from hasten.world.surroundings import FrontEnd, RunningServer, Surroundings

FULL = Surroundings(
    name='shop "one"',
    frameworks=["django"],
    servers=[RunningServer(pid=7, command=["gunicorn"], url="http://127.0.0.1:8000")],
    front_end=FrontEnd(source="web", dist="web/dist", build=["npm", "run", "build"], is_built=True),
    database_variable="DATABASE_URL",
    cache_variable="REDIS_URL",
    access_log="access.log",
)


@pytest.mark.parametrize("seen", [FULL, Surroundings(name="empty")])
def test_what_init_writes_can_be_read(seen: Surroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whether everything was found or nothing, the file is valid and says what was seen.
    """
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/d")
    monkeypatch.setenv("REDIS_URL", "redis://h")
    path = tmp_path / "hasten.toml"
    path.write_text(config_for(seen, ""))

    target = load_target(path)
    assert seen.name == target.application.name
    assert (seen.servers[0].url if seen.servers else "") == target.application.url
    assert (seen.access_log, "observe") == (target.traffic.access_log, target.allow.mode)


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    """
    --dry-run shows the file only.
    """
    result = CliRunner().invoke(command, [str(tmp_path), "--dry-run"], catch_exceptions=False)

    assert "[application]" in result.output
    assert [] == list(tmp_path.iterdir())


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    """
    Without --force an existing hasten.toml is not touched; with it, and --json, it is written anew.
    """
    path = tmp_path / "hasten.toml"
    path.write_text("# mine")
    with pytest.raises(ConfigError, match="exists already"):
        CliRunner().invoke(command, [str(tmp_path)], catch_exceptions=False)
    assert "# mine" == path.read_text()

    result = CliRunner().invoke(command, [str(tmp_path), "--force", "--json"], catch_exceptions=False)
    assert json.loads(result.output)["written"] is True
    assert path.read_text() != "# mine"
