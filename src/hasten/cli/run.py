"""
hasten run: start a program with the agent in it, and watch its workers.
"""

import os
import shlex
import shutil
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import click
import msgspec

from hasten import launching
from hasten.cli import told
from hasten.cli.options import common, dry_run
from hasten.cli.output import out, plain, say_error, say_json
from hasten.configuration import CONFIG_NAME, find_config, state_of
from hasten.errors import ConfigError, HastenError, Missing
from hasten.launching import POLICY_VARIABLE, Launch
from hasten.target import Target
from hasten.watching import PATIENCE_S, Event
from hasten.world import accelerators
from hasten.world.become import Beside, become, first_environment
from hasten.world.process_id import ProcessId

# What a shell answers.
NOT_FOUND, NOT_EXECUTABLE = 127, 126


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("words", nargs=-1, required=True, metavar="[--] PROGRAM [ARGUMENT]...", type=click.UNPROCESSED)
@common
@dry_run
@click.option("--events", metavar="FILE", help="Append what happens to the workers to FILE, as JSON lines.")
@click.option("--quiet", is_flag=True, help="Say only what is wrong.")
@click.option(
    "--patience", "patience_s", default=PATIENCE_S, show_default=True, metavar="SECONDS",
    help="How long no worker may report before that is said.",
)  # fmt: skip
@click.option("--fetch", is_flag=True, help="Beside the start: fetch compiled codecs for the application's Python.")
def command(
    words: tuple[str, ...],
    config: str | None,
    as_json: bool,
    dry_run: bool,
    events: str | None,
    quiet: bool,
    patience_s: float,
    fetch: bool,
) -> None:
    """
    Start PROGRAM with the agent in it, and say which workers report and what they obey.

    This process becomes the program: process id, terminal, signals and exit code are its own. What watches is a
    process beside it, and whatever happens to that one, the program goes on. With --json what it says on standard
    error is JSON lines.
    """
    given = first_environment()
    launch = _prepared(list(words), given, config)
    if dry_run:
        _say_plan(launch, given, as_json=as_json)
        return
    tell = Teller(_opened(events), as_json=as_json, quiet=quiet)
    for note in launch.notes:
        tell.note(note)
    beside = _attended(launch, tell, patience_s, fetches=fetch)
    try:
        become(launch.words, launch.environment)
    except OSError as error:
        if beside is not None:
            beside.call_off()
        sys.exit(_not_started(words[0], error, as_json=as_json))


class Teller:
    """
    Says events: on standard error as lines, or as JSON lines, and in a file if there is one.

    Each is one write, so that it is not torn by what the program writes there.
    """

    def __init__(self, file: int | None, *, as_json: bool, quiet: bool) -> None:
        self.file = file
        self._as_json = as_json
        self._quiet = quiet
        self._colored = not as_json and os.isatty(2) and "NO_COLOR" not in os.environ

    def __call__(self, event: Event) -> None:
        """
        The event is said. A reader who has gone away is no reason to stop.
        """
        line = msgspec.json.encode(event) + b"\n"
        with suppress(OSError):
            if self.file is not None:
                os.write(self.file, line)
        with suppress(OSError):
            if self._as_json:
                os.write(2, line)
            elif lines := told.lines_of(event, colored=self._colored, quiet=self._quiet):
                os.write(2, "".join(f"{each}\n" for each in lines).encode())

    def note(self, says: str) -> None:
        """
        Something about the start is said.
        """
        self(Event(event="note", at=time.time(), pid=os.getpid(), says=says))


def _prepared(words: list[str], given: dict[str, str], config: str | None) -> Launch:
    """
    The program with the agent in it, or as it is where hasten.toml cannot be understood.
    """
    if POLICY_VARIABLE in given and config is None:
        return launching.prepared(words, given, None)
    try:
        state_dir = state_of(find_config(config))
    except (ConfigError, OSError) as error:
        if config is not None:
            raise
        if isinstance(error, OSError) or "HASTEN_CONFIG" in given or (Path.cwd() / CONFIG_NAME).exists():
            return Launch(words, given, notes=[f"WARNING: the program is started without the agent: {error}"])
        # None is needed: nothing of it is asked for but where the state is.
        state_dir = Path.cwd() / Target().state
    return launching.prepared(words, given, state_dir)


def _opened(events: str | None) -> int | None:
    if events is None:
        return None
    try:
        return os.open(events, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(f"{events} cannot be written: {error.strerror}", hint="name another file") from error


def _attended(launch: Launch, tell: Teller, patience_s: float, *, fetches: bool) -> Beside | None:
    """
    What is around a start: a warning, codecs, somebody who watches. Whatever fails here is said and passed over.
    """
    if launch.policy is None:
        return None
    try:
        foreseen = launching.foreseen(launch)
        if foreseen is not None:
            tell.note(f"WARNING: {foreseen.says}: {foreseen.hint}")
        accelerators.copy_own()
        return _beside(launch, tell, patience_s, fetches=fetches)
    except Exception as error:
        tell.note(f"nobody watches the workers: {type(error).__name__}: {error}")
        return None


def _beside(launch: Launch, tell: Teller, patience_s: float, *, fetches: bool) -> Beside:
    def work(program: ProcessId) -> None:
        try:
            if fetches:
                threading.Thread(target=_fetch, args=(launch, tell), daemon=True).start()
            launching.watched(launch, program, tell, patience_s)
        except Exception as error:
            tell.note(f"nobody watches the workers any more: {error}")

    return Beside(work, keeps=[] if tell.file is None else [tell.file])


def _fetch(launch: Launch, tell: Teller) -> None:
    """
    The codecs for the Python of the first workers are there, or it is said why not.
    """
    while not (found := launching.reporting(launch)):
        time.sleep(1.0)
    for abi in sorted({worker.abi for worker in found}):
        says = ""
        try:
            accelerators.fetch(abi)
        except (HastenError, OSError) as error:
            says = str(error)
        ready = accelerators.there(abi)
        tell(Event(event="accelerators", at=time.time(), pid=os.getpid(), abi=abi, codings=ready, says=says))


def _not_started(word: str, error: OSError, *, as_json: bool) -> int:
    is_missing = isinstance(error, FileNotFoundError)
    what = "is not there" if is_missing else f"cannot be run: {error.strerror}"
    hint = "give the path, or look at PATH" if is_missing else "look at the file and its permissions"
    say_error(Missing(f"{word} {what}", hint=hint), as_json=as_json)
    return NOT_FOUND if is_missing else NOT_EXECUTABLE


def _say_plan(launch: Launch, given: dict[str, str], *, as_json: bool) -> None:
    foreseen = launching.foreseen(launch)
    program = shutil.which(launch.words[0], path=given.get("PATH", os.defpath))
    plan = {
        "command": launch.words,
        "program": program,
        "environment": launch.added(given),
        "policy": str(launch.policy.path) if launch.policy else None,
        "reports": str(launch.reports) if launch.policy else None,
        "notes": launch.notes,
        "foreseen": foreseen,
    }
    if as_json:
        say_json(plan)
        return
    out.print(f"would start {plain(shlex.join(launch.words))}", soft_wrap=True)
    out.print(f"  which is {plain(program or 'not there')}", soft_wrap=True)
    for name, value in launch.added(given).items():
        out.print(f"  {name}={plain(shlex.quote(value))}", soft_wrap=True)
    for note in launch.notes:
        out.print(plain(note), soft_wrap=True)
    if foreseen is not None:
        out.print(f"[yellow]{plain(foreseen.says)}[/]: {plain(foreseen.hint)}", soft_wrap=True)
