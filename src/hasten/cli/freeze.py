"""
hasten freeze: when nothing is applied.
"""

import click

from hasten import freeze
from hasten.cli.options import common
from hasten.cli.output import out, plain, say_json
from hasten.model import now
from hasten.session import located


@click.command()
@common
def command(config: str | None, as_json: bool) -> None:
    """
    Show whether a freeze is in force, and when the next one begins. The windows are [[freeze]] of hasten.toml.

    Going back is allowed at any time.
    """
    windows, moment = located(config).target.freeze, now()
    present, following = freeze.present(windows, moment), freeze.upcoming(windows, moment)
    if as_json:
        say_json({"now": moment, "windows": len(windows), "present": present, "next": following})
        return
    if not windows:
        out.print(plain("No window is described. Add [[freeze]] to hasten.toml: docs/configuration.md shows how."))
        return
    if present is None:
        out.print("Nothing is frozen now.")
    else:
        out.print(f"[yellow]frozen[/] until {present.end:%a %Y-%m-%d %H:%M %Z}{_why(present)}", soft_wrap=True)
    if following is not None:
        between = f"{following.start:%a %Y-%m-%d %H:%M %Z} to {following.end:%a %Y-%m-%d %H:%M %Z}"
        out.print(f"next: {between}{_why(following)}", soft_wrap=True)


def _why(window: freeze.Window) -> str:
    return f" ({plain(window.reason)})" if window.reason else ""
