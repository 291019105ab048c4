"""
The command line: one file per command.

Exit codes: 0 done · 1 your input · 2 nothing worth keeping, or a budget broken · 3 stuck.
"""

import os
import sys
from importlib import import_module

import click

from hasten import __version__
from hasten.cli.output import say_error
from hasten.errors import HastenError
from hasten.signals import sigterm_as_interrupt

COMMANDS = {
    "demo": "Watch Hasten take a slow help-desk to fast, on private servers.",
    "init": "Write hasten.toml by looking around.",
    "doctor": "Check everything that Hasten needs, and say how to mend what is missing.",
    "baseline": "Measure the application and compare it with the objectives.",
    "diagnose": "Rank what costs the most, with the evidence.",
    "plan": "Propose changes, with their exact effect and their way back.",
    "approve": "Say yes to planned changes, for a while.",
    "apply": "Try the planned changes; keep what helps, take back the rest.",
    "explain": "Tell why a change was kept or taken back, look by look.",
    "recompute": "Compute a verdict again, from the ledger alone.",
    "verify": "Judge a change that you make yourself, in a copy, before you make it.",
    "check": "For CI: are the budgets kept, and is this revision slower than another?",
    "rollback": "Undo kept changes.",
    "run": "Start a program with the agent in it, and watch its workers.",
    "policy": "Show the agents' policy, go back in it, or switch it off.",
    "telemetry": "Show what the agents have counted: routes and statements; for Prometheus and OTLP too.",
    "traffic": "Have the agents record requests of visitors, and make traffic of them.",
    "stop": "Stop everything: nothing is applied, and what is under way goes back.",
    "resume": "Lift a stop.",
    "freeze": "Show when nothing is applied.",
    "recover": "After a crash: finish or undo what was under way.",
    "status": "Show where everything stands.",
    "report": "Write report.html and print the board.",
    "ledger": "Check and read the record of everything that was done.",
}


class LazyGroup(click.Group):
    """
    A group that imports a command only when it is asked for: `hasten --help` needs no database driver.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 – the signature is click's
        """
        The commands in the order in which they are used.
        """
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 – the signature is click's
        """
        The command of that name, or None.
        """
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"hasten.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 – the signature is click's
        """
        The list of commands without importing any of them.
        """
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hasten")
def cli() -> None:
    """
    Takes a slow web application to fast, and proves it.

    Start with `hasten demo`, or `hasten init` in the folder of your own application.
    """


def main() -> None:
    """
    The program `hasten`.
    """
    sigterm_as_interrupt()
    # What stands behind two dashes is another program's.
    own = sys.argv[: sys.argv.index("--")] if "--" in sys.argv else sys.argv
    as_json = "--json" in own
    try:
        code = cli.main(prog_name="hasten", standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        usage = HastenError(error.format_message(), hint="see `hasten --help`, or `hasten COMMAND --help`")
        code = say_error(usage, as_json=as_json)
    except HastenError as error:
        code = say_error(error, as_json=as_json)
    except BrokenPipeError:
        # Whoever read the output has seen enough; the interpreter must not stumble over it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        code = say_error(_of_the_system(error), as_json=as_json)
    except (KeyboardInterrupt, click.Abort):
        stopped = HastenError(
            "stopped", hint="everything that was started has been ended; `hasten status` shows where it stands"
        )
        say_error(stopped, as_json=as_json)
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


def _of_the_system(error: OSError) -> HastenError:
    place = f"{error.filename}: " if error.filename else ""
    return HastenError(
        f"the system refused: {place}{error.strerror or error}",
        hint="look at that file or folder, its permissions and the space on its disk; then run again",
    )
