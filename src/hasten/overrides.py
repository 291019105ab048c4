"""
How the application's processes are run where a kept change says otherwise than hasten.toml: `<state>/processes.json`.

hasten.toml belongs to people and is not edited. Each override remembers what hasten.toml said when it was made and
holds only for as long as that is what it says: a person who edits a command has the last word.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hasten.errors import ConfigError
from hasten.log import event
from hasten.model import Noun, from_json, to_json
from hasten.target import Process, Target
from hasten.world import durable

FILE_NAME = "processes.json"


class Run(Noun, frozen=True, kw_only=True):
    """
    How one process is run, as far as a change is about it; the form of a Change's `before`, `after` and `inverse`.

    command: with the {words} of hasten.toml; None where the change leaves it alone.
    env: variables that the change is about (None: not set). Others, which may be secrets, stay out of the ledger.
    """

    process: str
    command: list[str] | None = None
    env: dict[str, str | None] = {}

    def is_so(self, process: Process) -> bool:
        """
        Whether the process is described like this.
        """
        command_is_so = self.command is None or self.command == process.command
        return command_is_so and all(process.env.get(name) == value for name, value in self.env.items())

    def as_data(self) -> dict[str, Any]:
        """
        What stands in a Change.
        """
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data


class Command(Noun, frozen=True, kw_only=True):
    """
    Another command than hasten.toml's.
    """

    was: list[str]
    now: list[str]


class Variable(Noun, frozen=True, kw_only=True):
    """
    Another value of a variable than hasten.toml's; None: not set.
    """

    was: str | None
    now: str | None


class Override(Noun, frozen=True, kw_only=True):
    """
    What is otherwise for one process.
    """

    command: Command | None = None
    env: dict[str, Variable] = {}


Overrides = dict[str, Override]


def read(state_dir: Path) -> Overrides:
    """
    What was written last; nothing, if nothing ever was.

    Raises:
        ConfigError: the file is damaged. It is written whole, so somebody edited it.
    """
    path = state_dir / FILE_NAME
    try:
        return from_json(path.read_bytes(), Overrides)
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}",
            hint="remove it to run the processes as hasten.toml says, then `hasten recover`",
        ) from error


def write(state_dir: Path, overrides: Overrides) -> None:
    """
    These overrides, and no others, are on the disk.

    Raises:
        OSError: they could not be written; the file is as it was.
    """
    path = state_dir / FILE_NAME
    kept = {name: each for name, each in overrides.items() if each != Override()}
    if kept:
        # Only for its owner: values of variables may be anything.
        durable.write(path, to_json(kept), mode=0o600)
    elif path.exists():
        durable.remove(path)


def with_run(overrides: Overrides, run: Run, original: Process) -> Overrides:
    """
    The overrides after which the process is run like this; what hasten.toml says anyhow needs none.

    Args:
        original: The process as hasten.toml describes it.
    """
    old = overrides.get(run.process, Override())
    command = old.command
    if run.command is not None:
        command = None if run.command == original.command else Command(was=original.command, now=run.command)
    env = dict(old.env)
    for name, value in run.env.items():
        env.pop(name, None)
        if value != original.env.get(name):
            env[name] = Variable(was=original.env.get(name), now=value)
    return {**overrides, run.process: Override(command=command, env=env)}


def effective(target: Target, overrides: Overrides) -> Target:
    """
    The target with the overrides that still hold.
    """
    processes = [_overridden(each, overrides.get(each.name, Override())) for each in target.application.processes]
    application = msgspec.structs.replace(target.application, processes=processes)
    return msgspec.structs.replace(target, application=application)


def with_processes(target: Target, runs: Mapping[str, Run]) -> Target:
    """
    The target in which these processes are run otherwise, by name: the candidate of a trial.
    """
    made: Overrides = {}
    for each in target.application.processes:
        if each.name in runs:
            made = with_run(made, runs[each.name], each)
    return effective(target, made)


def _overridden(process: Process, override: Override) -> Process:
    command, env = process.command, dict(process.env)
    if override.command is not None:
        if override.command.was == process.command:
            command = override.command.now
        else:
            event("override passed over", process=process.name, what="command")
    for name, variable in override.env.items():
        if variable.was != process.env.get(name):
            event("override passed over", process=process.name, what=name)
        elif variable.now is None:
            env.pop(name, None)
        else:
            env[name] = variable.now
    return msgspec.structs.replace(process, command=command, env=env)
