"""
How `hasten run` starts a program: with which environment, and with what beside it that watches its workers.

Nothing here may be why a program does not start: what is wrong with Hasten's own side is a note, and the program is
started without the agent.
"""

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hasten import silence
from hasten.errors import HastenError
from hasten.kill_switch import VARIABLE as STOP_VARIABLE
from hasten.log import event
from hasten.silence import Cause
from hasten.watching import PATIENCE_S, Event, Sources, Watch
from hasten.world import accelerators, agent, lineage, workers
from hasten.world.become import ended_within
from hasten.world.policy_file import PolicyFile
from hasten.world.process_id import ProcessId
from hasten.world.processes import trees
from hasten.world.workers import Worker

POLICY_VARIABLE, WORKERS_VARIABLE = "HASTEN_POLICY", "HASTEN_WORKERS"
#: How often the reports are looked at: while workers start, and later.
EVERY_S, LATER_S = 0.25, 1.0
BUSY_S = 60.0
#: So often it is looked whether something goes on after the end, and so far apart.
LOOKS, BETWEEN_S = 3, 0.03


@dataclass(frozen=True)
class Launch:
    """
    A program that is about to be started.

    policy: what its agents will obey; None: it is started without the agent, and `notes` say why.
    run: what its processes are known by.
    """

    words: list[str]
    environment: dict[str, str]
    policy: PolicyFile | None = None
    reports: Path = Path()
    stop: str = ""
    run: str = ""
    notes: list[str] = field(default_factory=list)

    def added(self, given: Mapping[str, str]) -> dict[str, str]:
        """
        The variables that are not in the environment given, or are another there.
        """
        return {name: value for name, value in sorted(self.environment.items()) if given.get(name) != value}


def prepared(words: list[str], given: Mapping[str, str], state_dir: Path | None) -> Launch:
    """
    The program with the agent in its environment.

    Args:
        given: The environment that it would have without Hasten.
        state_dir: Whose policy is obeyed; None: the one that HASTEN_POLICY names there.
    """
    if agent.is_disabled(given):
        return Launch(words, dict(given), notes=["HASTEN_DISABLE is set: the program is started without the agent"])
    me = ProcessId.mine()
    run = f"{me.pid}-{me.started}"
    told = {agent.RUN_VARIABLE: run}
    if state_dir is not None:
        told |= agent.surroundings(state_dir)
    told |= accelerators.surroundings()
    try:
        environment = agent.with_agent(given, told)
        policy = Path(environment[POLICY_VARIABLE])
        reports = Path(environment.get(WORKERS_VARIABLE) or policy.parent / "workers")
    except (HastenError, KeyError) as error:
        return Launch(words, dict(given), notes=[f"the program is started without the agent: {error}"])
    return Launch(
        words, environment, PolicyFile(policy.parent), reports.absolute(), environment.get(STOP_VARIABLE, ""), run
    )


def foreseen(launch: Launch) -> Cause | None:
    """
    What will keep the agent out, as far as the command alone tells; None: nothing.
    """
    if launch.policy is None:
        return None
    boot = agent.boot_folder()
    program = lineage.foretold(launch.words, launch.environment, boot, launch.reports)
    if program is None:
        return None
    if program.python is not None:
        return silence.kept_out_of(program, boot)
    is_hopeless = program.is_static or Path(program.words[0]).name in silence.ELSEWHERE
    return silence.causes([program], boot)[0] if is_hopeless else None


def watched(launch: Launch, program: ProcessId, tell: Callable[[Event], None], patience_s: float = PATIENCE_S) -> None:
    """
    Everything that its workers reported was told; the program has ended.
    """
    policy = launch.policy
    assert policy is not None
    boot = agent.boot_folder()

    def causes() -> list[Cause]:
        return silence.causes(lineage.programs(program.pid, launch.run, boot, launch.reports), boot)

    sources = Sources(
        workers=lambda: reporting(launch, program.pid),
        causes=causes,
        revision=lambda: _revision(policy),
        stopped=lambda: policy.is_stopped or bool(launch.stop and os.path.lexists(launch.stop)),
        processes=lambda: _left(launch.run),
    )
    watch = Watch(program.pid, sources, tell, patience_s)
    watch.begin(launch.words, str(policy.path))
    looks = 0
    while not ended_within(program, EVERY_S if looks * EVERY_S < BUSY_S else LATER_S):
        looks += 1
        watch.look()
    watch.end()


def reporting(launch: Launch, pid: int = 0) -> list[Worker]:
    """
    The workers of this run that report; where none does, those that run below the process all the same.

    A supervisor may clean HASTEN_RUN away, or start its programs with `hasten run` itself.
    """
    with contextlib.suppress(OSError):
        found = workers.alive(launch.reports, removes=False)
        own = [worker for worker in found if worker.run == launch.run]
        if own or not found or not pid:
            return own
        below = set(trees([pid])[pid])
        return [worker for worker in found if worker.pid in below]
    return []


def _left(run: str) -> list[int]:
    """
    What goes on when the program has ended; a daemon forks twice, and between two forks the list misses it.
    """
    for _ in range(LOOKS):
        found = lineage.of_run(run)
        if found:
            return found
        time.sleep(BETWEEN_S)
    return []


def _revision(policy: PolicyFile) -> int | None:
    try:
        return policy.read().revision
    except HastenError as error:
        event("run.policy", error=str(error))
        return None
