"""
hasten resume: a stop is lifted.
"""

import click

from hasten import kill_switch
from hasten.cli.options import common
from hasten.cli.output import out, plain, say_json
from hasten.configuration import find_config, state_of
from hasten.model import Step
from hasten.session import recording


@click.command()
@common
def command(config: str | None, as_json: bool) -> None:
    """
    Lift a stop: changes may be applied again, as far as hasten.toml allows.
    """
    state_dir = state_of(find_config(config))
    stop = kill_switch.pulled(state_dir)
    if stop is not None:
        with recording(state_dir, "") as book:
            # On the record first: if that cannot be, the stop stays.
            book.append(Step.RESUMED, {"reason": stop.reason, "since": stop.since})
            kill_switch.release(state_dir)
    if as_json:
        say_json({"resumed": stop is not None, "stop": stop})
    elif stop is None:
        out.print("Nothing was stopped.")
    else:
        out.print(f"resumed[dim]{plain(f' (it was stopped: {stop.reason})') if stop.reason else ''}[/]", soft_wrap=True)
