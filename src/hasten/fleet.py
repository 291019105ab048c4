"""
The application's processes: started as hasten.toml and the kept changes say, run otherwise by a change, and put back.

The new way is tried beside the old one first, on a port of its own; only when that is ready is it written down
(`processes.json`), and the process restarted in its place. Nothing is ever run twice on one port, and for no longer
than that restart is it not run at all. What is written is whole, so a run that was killed anywhere leaves the one way
or the other, and the next start takes that.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from hasten import instances, overrides
from hasten.errors import ApplyFailed, ConfigError, HastenError, RevertFailed, Unreachable
from hasten.instances import Ground, Pids
from hasten.log import operation
from hasten.model import Change
from hasten.overrides import Run
from hasten.target import Process, Target
from hasten.world import ports, processes
from hasten.world.supervisor import Spec, Supervisor


@dataclass
class Fleet:
    """
    The processes of one instance of the application.

    Args:
        written: The target as hasten.toml has it.
        ground: What the instance stands on.
        folder: Where the overrides are.
        pids: What runs, by name.
    """

    written: Target
    ground: Ground
    supervisor: Supervisor
    folder: Path
    pids: Pids = field(default_factory=dict)
    _taken: dict[str, int] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        """
        The target as it is run: with the overrides of kept changes.
        """
        return overrides.effective(self.written, overrides.read(self.folder))

    @property
    def is_started(self) -> bool:
        """
        Whether the processes are to run.
        """
        return bool(self._taken)

    def beside(self, ground: Ground, folder: Path) -> "Fleet":
        """
        The same processes for an instance of its own; what a change does to them is written into its folder.
        """
        return Fleet(self.target, ground, self.supervisor, folder)

    def start(self) -> str:
        """
        All processes run and are ready; where the web server answers.

        Raises:
            ConfigError, Missing, Unreachable: as `instances.start` says.
        """
        url, pids = instances.start(self.target, self.ground, self.supervisor)
        self.pids.update(pids)
        running = self.supervisor.running
        names = [each.name for each in self.written.application.processes]
        self._taken = {name: running[self.ground.name + name].spec.port for name in names}
        return url

    def stop(self) -> None:
        """
        None of them runs.
        """
        self._taken.clear()
        instances.stop(self.written, self.ground, self.supervisor)

    def prepare(
        self, name: str, *, command: list[str] | None = None, env: dict[str, str | None] | None = None
    ) -> dict[str, dict[str, Any]] | None:
        """
        `before`, `after` and `inverse` of a Change that runs a process with this command and these variables.

        None if it is run like that already.

        Args:
            command: With the {words} of hasten.toml; None leaves it alone.
            env: Only the variables that change; None takes one away.

        Raises:
            ConfigError: there is no such process.
        """
        now = self._described(name)
        before = Run(process=name, command=command and now.command, env={each: now.env.get(each) for each in env or {}})
        after = Run(process=name, command=command, env=env or {})
        if after.is_so(now):
            return None
        return {"before": before.as_data(), "after": after.as_data(), "inverse": before.as_data()}

    def apply(self, change: Change) -> None:
        """
        The process is run as the change says, now and at each later start. Done twice is done once.

        Raises:
            ApplyFailed: it does not get ready like this, or is run otherwise than when this was planned; the old one
                goes on.
        """
        before, after = _run(change, change.before, ApplyFailed), _run(change, change.after, ApplyFailed)
        with operation("fleet.apply", change=change.id, process=after.process):
            now = self._described(after.process)
            if not after.is_so(now) and not before.is_so(now):
                raise ApplyFailed(f"{_otherwise(now)}, since this was planned", hint="nothing was touched; plan again")
            try:
                if not after.is_so(now):
                    self._rehearse(after)
                    self._write(after, ApplyFailed)
                self._conform(after.process)
            except Unreachable as error:
                self._write(before, ApplyFailed)
                self._conform(before.process)
                raise ApplyFailed(f"{after.process} does not run like this: {error}", hint=error.hint) from error

    def revert(self, change: Change) -> None:
        """
        The process is run as before the change. Done twice is done once.

        Raises:
            RevertFailed: a later change is in force, or the old way does not get ready any more.
        """
        inverse, after = _run(change, change.inverse, RevertFailed), _run(change, change.after, RevertFailed)
        with operation("fleet.revert", change=change.id, process=inverse.process):
            now, original = self._described(inverse.process), self._original(inverse.process)
            as_written = msgspec.structs.replace(
                inverse,
                command=inverse.command and original.command,
                env={name: original.env.get(name) for name in inverse.env},
            )
            if as_written.is_so(now):
                # Nothing is in force, or a person has edited hasten.toml since and has the last word.
                self._write(as_written, RevertFailed)
            elif after.is_so(now):
                self._write(inverse, RevertFailed)
            elif not inverse.is_so(now):
                raise RevertFailed(
                    f"{_otherwise(now)}: a later change stands on {change.id}",
                    hint="undo that one first",
                    by_hand=by_hand(change),
                )
            try:
                self._conform(inverse.process)
            except Unreachable as error:
                raise RevertFailed(
                    f"{inverse.process} does not run as before any more: {error}",
                    hint=error.hint,
                    by_hand=by_hand(change),
                ) from error

    def is_applied(self, change: Change) -> bool:
        """
        Whether it is written down, and the process, where one is to run, is alive and was started like this.
        """
        after = msgspec.convert(change.after, Run)
        is_in_force = self._knows(after.process) and after.is_so(self._described(after.process))
        return is_in_force and self._is_run(after.process)

    def has_remains(self, change: Change) -> bool:
        """
        Whether the change is in force, or a process of it runs.
        """
        after = msgspec.convert(change.after, Run)
        if not self._knows(after.process):
            return False
        # What a person wrote into hasten.toml is not the change's, even where it says the same.
        in_force = after.is_so(self._described(after.process)) and not after.is_so(self._original(after.process))
        return in_force or not self._is_run(after.process) or self._beside(after.process) in self.supervisor.running

    def condition_of(self, name: str) -> str:
        """
        Whether the process runs as it is described, in words.
        """
        if name not in self._taken:
            return "not started"
        return "runs" if self._is_run(name) else "does not run like this"

    def _rehearse(self, after: Run) -> None:
        """
        The new way got ready beside the old one, on a port of its own, and was stopped again.
        """
        name = after.process
        target = overrides.with_processes(self.target, {name: after})
        process = _process(target, name)
        words = "".join([*process.command, *process.env.values()])
        if name not in self._taken or "{port}" not in words:
            # Where the command names its port itself a second one cannot be had: it is restarted, and put back.
            return
        taken = {**self._taken, name: ports.free_port()}
        spec = replace(instances.spec_of(process, target, self.ground, taken), name=self._beside(name))
        try:
            self.supervisor.start(spec)
        finally:
            self.supervisor.stop(spec.name)

    def _conform(self, name: str) -> None:
        """
        The process runs as it is described, if it is to run; where it does already it goes on undisturbed.
        """
        if name not in self._taken or self._is_run(name):
            return
        wanted = self._spec(name)
        self.supervisor.stop(wanted.name)
        self.pids[name] = ("application", self.supervisor.start(wanted).pid)

    def _is_run(self, name: str) -> bool:
        """
        Whether it runs as it is described, asked of the system; also where it is not to run.
        """
        if name not in self._taken:
            return True
        wanted = self._spec(name)
        running = self.supervisor.running.get(wanted.name)
        if running is None or running.exit_code is not None:
            return False
        if dict(running.spec.env) != dict(wanted.env):
            return False
        return processes.is_run_as(running.pid, wanted.argv, wanted.env, was=running.record.argv)

    def _spec(self, name: str) -> Spec:
        target = self.target
        return instances.spec_of(_process(target, name), target, self.ground, self._taken)

    def _write(self, run: Run, failed: type[HastenError]) -> None:
        made = overrides.with_run(overrides.read(self.folder), run, self._original(run.process))
        try:
            overrides.write(self.folder, made)
        except OSError as error:
            raise failed(
                f"{self.folder / overrides.FILE_NAME} cannot be written: {error.strerror}",
                hint="free some disk space or mend the permissions, then run `hasten recover`",
            ) from error

    def _knows(self, name: str) -> bool:
        return any(each.name == name for each in self.written.application.processes)

    def _described(self, name: str) -> Process:
        return _process(self.target, name)

    def _original(self, name: str) -> Process:
        return _process(self.written, name)

    def _beside(self, name: str) -> str:
        return f"{self.ground.name}{name}-beside"


def by_hand(change: Change) -> list[str]:
    """
    The commands after which the next start runs the process as hasten.toml says; in Hasten's state folder.
    """
    with suppress(msgspec.ValidationError):
        name = msgspec.convert(change.inverse, Run).process
        code = f"import json; p = '{overrides.FILE_NAME}'; d = json.load(open(p)); d.pop('{name}', None)"
        code += "; json.dump(d, open(p, 'w'))"
        return ["# in Hasten's state folder (`state` of hasten.toml):", f'python3 -c "{code}"']
    return [f"# the change {change.id} has lost its inverse: look at {overrides.FILE_NAME} in the state folder"]


def _run(change: Change, data: dict[str, Any], failed: type[HastenError]) -> Run:
    try:
        return msgspec.convert(data, Run)
    except msgspec.ValidationError as error:
        raise failed(
            f"the change {change.id} does not say how the process was run: {error}",
            hint=f"look at {overrides.FILE_NAME} in the state folder",
        ) from error


def _process(target: Target, name: str) -> Process:
    for each in target.application.processes:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in target.application.processes) or "none"
    raise ConfigError(f"there is no process {name!r} in hasten.toml", hint=f"known: {known}")


def _otherwise(now: Process) -> str:
    return f"{now.name} is run otherwise than before the change and after it ({' '.join(now.command)})"
