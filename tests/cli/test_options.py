"""
The options that commands share.
"""

import click
from click.testing import CliRunner

from hasten.cli.options import common, dry_run, yes


@click.command()
@common
@dry_run
@yes
def command(config: str | None, as_json: bool, dry_run: bool, yes: bool) -> None:
    """
    Say what was given.
    """
    click.echo(repr((config, as_json, dry_run, yes)))


def test_nothing_is_given_by_default() -> None:
    """
    No file, text for people, for real, and a person is asked.
    """
    assert "(None, False, False, False)\n" == CliRunner().invoke(command, []).output


def test_each_is_passed_on() -> None:
    """
    By the names that all commands use.
    """
    given = CliRunner().invoke(command, ["--config", "x.toml", "--json", "--dry-run", "--yes"])

    assert "('x.toml', True, True, True)\n" == given.output
