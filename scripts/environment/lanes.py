"""
Does the steps: lanes side by side, each lane in order, one set-up at a time.
"""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from scripts.environment.commands import CommandFailed, Commands
from scripts.environment.display import Display
from scripts.environment.node_steps import browser_step, web_steps
from scripts.environment.python_steps import hasten_steps, slowdesk_steps
from scripts.environment.steps import Step, is_done, make, stamps_of

Lane = list[Step]


@dataclass(frozen=True)
class Outcome:
    """
    What became of one step: done, fresh, skipped, failed, or left because an earlier one failed.
    """

    name: str
    state: str
    seconds: float = 0
    reason: str = ""


def all_lanes(root: Path, group: str, *, browser: bool = False) -> list[Lane]:
    """
    List all steps of a checkout.

    Args:
        root: The checkout.
        group: Which lock file Hasten's own environment follows: hasten, dev or bench.
        browser: Install the browser although the system has one.
    """
    return [hasten_steps(root, group), slowdesk_steps(root), [*web_steps(root), browser_step(root, wanted=browser)]]


def in_place(step: Step, root: Path) -> bool:
    """
    Say whether there is nothing to do for a step.
    """
    return step.skip() is not None or is_done(step, root)


def work(lanes: list[Lane], root: Path, display: Display) -> list[Outcome]:
    """
    Do what is not done; no step starts after a failed one of its lane.

    Raises:
        KeyboardInterrupt: A person or the system ended it; all commands were ended first.
    """
    with _alone(root, display) as lock, ThreadPoolExecutor(len(lanes)) as threads, _ended_by_signals():
        commands = Commands(root, stamps_of(root) / "logs", lock)
        futures = [threads.submit(_lane, lane, root, commands, display) for lane in lanes]
        try:
            return [outcome for future in futures for outcome in future.result()]
        except BaseException:
            commands.end_all()
            raise


def _lane(lane: Lane, root: Path, commands: Commands, display: Display) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for step in lane:
        if any(outcome.state == "failed" for outcome in outcomes):
            outcomes.append(Outcome(step.name, "left"))
        else:
            outcomes.append(_one(step, root, commands, display))
    return outcomes


def _one(step: Step, root: Path, commands: Commands, display: Display) -> Outcome:
    reason = step.skip()
    if reason:
        return Outcome(step.name, "skipped", reason=reason)
    if is_done(step, root):
        return Outcome(step.name, "fresh")
    display.begins(step.says)
    begin = time.monotonic()
    try:
        make(step, root, commands)
    except CommandFailed as error:
        display.ends(step.says, "failed", str(error))
        log = error.log.relative_to(root)
        return Outcome(step.name, "failed", time.monotonic() - begin, f"{error}\n{error.tail}\n→ {error.hint} ({log})")
    except OSError as error:
        display.ends(step.says, "failed", str(error))
        return Outcome(step.name, "failed", time.monotonic() - begin, f"{error}\n→ make room or correct its owner")
    seconds = time.monotonic() - begin
    display.ends(step.says, "done", f"{seconds:5.1f} s")
    return Outcome(step.name, "done", round(seconds, 2))


@contextmanager
def _alone(root: Path, display: Display) -> Iterator[int]:
    """
    Hold the lock of this checkout; commands inherit it, so an orphan of a killed set-up is waited for too.
    """
    folder = stamps_of(root)
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            display.line("Another set-up of this checkout is at work; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """
    Treat a request to end like Ctrl-C, so that no pip or npm is left behind.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
