"""
The options that commands share.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def common(function: F) -> F:
    """
    --config and --json.
    """
    config = click.option(
        "--config", "config", metavar="FILE", help="The hasten.toml to use (default: here, then .hasten/)."
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
    return config(as_json(function))


def dry_run(function: F) -> F:
    """
    --dry-run.
    """
    return click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")(function)


def minutes(default: float) -> Callable[[F], F]:
    """
    --minutes, of a trial of two instances.
    """
    return click.option(
        "--minutes",
        type=click.FloatRange(min=0.0, min_open=True),
        default=default,
        show_default=True,
        help="How long both may be timed; comparing their answers may take half as long before.",
    )


def yes(function: F) -> F:
    """
    --yes.
    """
    return click.option("--yes", is_flag=True, help="Do not ask.")(function)
