"""
The processes of an application, started as hasten.toml says: the instance that is there anyhow, or one beside it.

An instance beside it has its own ports, its own folder and its own database; what hasten.toml says in absolute paths
of the folder leads into its own.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hasten.errors import ConfigError
from hasten.target import Process, Target
from hasten.world import agent, ports
from hasten.world.supervisor import Spec, Supervisor

#: Name of a process → (its role, its pid).
Pids = dict[str, tuple[str, int]]

_BRACES = re.compile(r"\{(\w+)(?::([\w.-]+))?\}")


@dataclass(frozen=True)
class Ground:
    """
    What an instance stands on.

    Args:
        root: The folder that paths of hasten.toml start from.
        database_url: What `{database_url}` stands for.
        name: Put before the names of its processes; "" for the instance that is there anyhow.
        home: The folder that `root` is a copy of.
        instead: Texts in commands and variables that give way to others: the address of its own cache.
        env: Added to the environment of each process.
    """

    root: Path
    state_dir: Path
    database_url: str = ""
    name: str = ""
    home: Path | None = None
    instead: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)

    def own(self, text: str) -> str:
        """
        The text with every path into the original folder leading into the copy, and `instead` done.
        """
        for old, new in self.instead.items():
            text = text.replace(old, new)
        if self.home is None or self.home == self.root:
            return text
        return re.sub(rf"{re.escape(str(self.home))}(?=/|$|[\"':;,\s])", lambda _: str(self.root), text)


def start(target: Target, ground: Ground, supervisor: Supervisor) -> tuple[str, Pids]:
    """
    The processes run and are ready; where the web server answers, and their pids.

    Raises:
        ConfigError: hasten.toml names no address and no processes, or a command that cannot be filled.
        Missing, Unreachable: a process did not start.
    """
    section = target.application
    if not section.processes:
        if not section.url:
            raise ConfigError(
                "hasten.toml does not say where the application answers",
                hint="give [application] `url`, or [[application.processes]] that Hasten starts",
            )
        return section.url, {f"pid {pid}": ("application", pid) for pid in section.pids}
    taken = {each.name: _port_for(each, is_beside=bool(ground.name)) for each in section.processes}
    pids: Pids = {}
    url = section.url
    for process in section.processes:
        running = supervisor.start(spec_of(process, target, ground, taken))
        pids[process.name] = ("application", running.pid)
        if process.is_web:
            url = f"http://127.0.0.1:{taken[process.name]}"
    if not url:
        raise ConfigError("no process of [application] is the web server", hint="set `is_web = true` on one of them")
    return url, pids


def stop(target: Target, ground: Ground, supervisor: Supervisor) -> None:
    """
    The processes of this instance have ended, the last started first.
    """
    for process in reversed(target.application.processes):
        supervisor.stop(ground.name + process.name)


def need_ports(target: Target) -> None:
    """
    Nothing happens if a second instance can be started beside the one that runs.

    Raises:
        ConfigError: Hasten does not start the application, or a server in it has a port of its own choice.
    """
    section = target.application
    if not section.processes:
        raise ConfigError(
            "a second instance cannot be started: hasten.toml does not say how the application is started",
            hint="describe it with [[application.processes]], with {port} where its port stands",
        )
    words = [word for each in section.processes for word in [*each.command, *each.env.values()]]
    for process in section.processes:
        own = [*process.command, *process.env.values()]
        taken = f"{{port:{process.name}}}"
        if process.is_web and "{port}" not in "".join(own) and taken not in "".join(words):
            raise ConfigError(
                f"a second instance of {process.name} cannot be started: its command names the port itself",
                hint="write {port} in `command` or `env` where the port stands",
            )


def surroundings(target: Target, ground: Ground) -> dict[str, str]:
    """
    The environment of a command that is to act on an instance: its paths, its database, what its processes are given.
    """
    taken = {each.name: each.port or ports.free_port() for each in target.application.processes}
    found: dict[str, str] = {}
    for process in target.application.processes:
        found |= _environment(process, target, ground, taken)
    return found


def _port_for(process: Process, *, is_beside: bool) -> int:
    return ports.free_port() if is_beside else process.port or ports.free_port()


def spec_of(process: Process, target: Target, ground: Ground, taken: dict[str, int]) -> Spec:
    """
    What is started for a process, when each has the port that was taken for it, by name.

    Raises:
        ConfigError: a {word} of hasten.toml that stands for nothing.
    """
    command = [ground.own(_fill(part, process, ground, taken)) for part in process.command]
    program = resolve(ground.root, command[0])
    if "/" in command[0] and program.exists():
        command[0] = str(program)
    return Spec(
        name=ground.name + process.name,
        argv=[*agent.launcher(), *command] if process.agent else command,
        env=_environment(process, target, ground, taken),
        cwd=resolve(ground.root, ground.own(process.cwd)),
        ready=_fill(process.ready, process, ground, taken) or taken[process.name],
        ready_timeout_s=process.ready_timeout_s,
        port=taken[process.name],
    )


def _environment(process: Process, target: Target, ground: Ground, taken: dict[str, int]) -> dict[str, str]:
    own = {name: ground.own(_fill(value, process, ground, taken)) for name, value in process.env.items()}
    if process.agent:
        own = {**agent.surroundings(ground.state_dir), **own}
    if not ground.name:
        return own
    # What Hasten itself was given must not lead a second instance to the first one's folder, database or cache.
    inherited = {name: moved for name, value in os.environ.items() if (moved := ground.own(value)) != value}
    given = target.database.url
    if given and ground.database_url:
        inherited |= {name: ground.database_url for name, value in os.environ.items() if value == given}
    return {**inherited, **ground.env, **own}


def _fill(text: str, process: Process, ground: Ground, taken: dict[str, int]) -> str:
    def value(match: re.Match[str]) -> str:
        name, of = match.groups()
        if name == "port" and (of or process.name) in taken:
            return str(taken[of or process.name])
        known = {"state": str(ground.state_dir), "root": str(ground.root), "database_url": ground.database_url}
        if name in known:
            return known[name]
        raise ConfigError(
            f"[[application.processes]] {process.name}: {match.group(0)} stands for nothing",
            hint="known: {port}, {port:NAME}, {database_url}, {state}, {root}",
        )

    return _BRACES.sub(value, text)


def resolve(root: Path, path: str) -> Path:
    """
    A path of hasten.toml. Not .resolve(): the python of a virtual environment is a symlink and must stay one.
    """
    return root / path
