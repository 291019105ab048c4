"""
How this process becomes another program, with somebody beside it who watches.

The program takes the place of this process: pid, process group, terminal, open files, signals and exit code are the
program's own, as if it had been started directly, and nothing of Hasten stands between it and whoever started it. The
watcher is a process of its own, in a session of its own and nobody's child here: whatever happens to it, Ctrl-C too,
the program goes on, and the other way round it notices when the program has ended.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from hasten import signals
from hasten.world.process_id import ProcessId

#: How often a process is looked at where the kernel cannot tell of its end.
LOOK_EVERY_S = 0.2


def first_environment() -> dict[str, str]:
    """
    The environment as this process was given it: without what the interpreter has added since (LC_CTYPE).
    """
    try:
        lines = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return dict(os.environ)
    pairs = (line.partition(b"=") for line in lines if line)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def become(words: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """
    This process is the program.

    Raises:
        OSError: it is not there or cannot be executed; this process goes on.
    """
    signals.as_before()
    # Python ignores these two at its start, and what is ignored stays ignored.
    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.execvpe(words[0], list(words), dict(environment))  # noqa: S606 - becoming the program is the purpose


class Beside:
    """
    A process that does `work` once this one has become a program, and nothing where that fails.

    Args:
        work: Is given the process that became the program.
        keeps: Files that stay open for it, besides standard error.
    """

    def __init__(self, work: Callable[[ProcessId], None], keeps: Sequence[int] = ()) -> None:
        program = ProcessId.mine()
        # The end that stays here closes when this process becomes the program: that is the sign to begin.
        until_exec, self._exec_signal = os.pipe()
        child = os.fork()
        if child == 0:
            _begin(lambda: work(program), until_exec, keeps)
        os.close(until_exec)
        # It has forked once more and ended, so the program has no child that it does not know of.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)

    def call_off(self) -> None:
        """
        There is no program; whoever waits for one ends.
        """
        with contextlib.suppress(OSError):
            os.write(self._exec_signal, b"!")
        os.close(self._exec_signal)


def _begin(work: Callable[[], None], until_exec: int, keeps: Sequence[int]) -> NoReturn:
    """
    What the child does: it never comes back from here.
    """
    try:
        os.setsid()
        if os.fork() == 0:
            _detach({2, until_exec, *keeps})
            if os.read(until_exec, 1) == b"":
                work()
    finally:
        os._exit(0)


def _detach(kept: set[int]) -> None:
    """
    Nothing of the program's is held: no pipe whose end somebody waits for, no folder, no signal of its terminal.
    """
    signals.as_before()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    try:
        opened = [int(name) for name in os.listdir("/proc/self/fd")]  # noqa: PTH208 - numbers, not files
    except OSError:
        opened = list(range(3, 1024))
    for each in opened:
        if each > 2 and each not in kept:
            with contextlib.suppress(OSError):
                os.close(each)


def ended_within(process: ProcessId, patience_s: float) -> bool:
    """
    Whether the process has ended, at the latest after so many seconds; its end is noticed at once.
    """
    try:
        handle = os.pidfd_open(process.pid)
    except (OSError, AttributeError):
        return _looked_for_the_end(process, patience_s)
    try:
        if not process.is_alive():
            return True
        return bool(select.select([handle], [], [], patience_s)[0])
    finally:
        os.close(handle)


def _looked_for_the_end(process: ProcessId, patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while process.is_alive():
        left = until - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, LOOK_EVERY_S))
    return True
