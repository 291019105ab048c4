"""
The generator's own process: a plan on stdin, progress and at last the result on stdout, one JSON object per line.

stdin stays open: renewed credentials come on it, and its end means that the parent is gone.
"""

import asyncio
import contextlib
import gc
import os
import resource
import signal
import sys
from typing import Any

import msgspec

from hasten.errors import ConfigError, HastenError, Interrupted
from hasten.world.load.clock import new_loop
from hasten.world.load.generator import Generator
from hasten.world.load.plan import LoadPlan, check_plan
from hasten.world.load.result import LoadProgress

#: Descriptors beside those of the connections.
SPARE_DESCRIPTORS = 64
PRIORITY = -10


class _Parent(asyncio.Protocol):
    """
    What comes on stdin after the plan.
    """

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            message = msgspec.json.decode(line)
            self._generator.renew(message["principal"], message["headers"])

    def eof_received(self) -> None:
        self._generator.stop()


def _say(kind: str, value: Any) -> None:
    """
    A line for the parent; progress that it does not read is dropped rather than waited for.
    """
    with contextlib.suppress(OSError):
        os.write(1, msgspec.json.encode({"type": kind, "value": value}) + b"\n")


def _say_surely(kind: str, value: Any) -> None:
    os.set_blocking(1, True)
    try:
        sys.stdout.buffer.write(msgspec.json.encode({"type": kind, "value": value}) + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)


def _allow_descriptors(needed: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise ConfigError(
                f"{needed} open files are needed and only {hard} are allowed here",
                hint=f"lower max_in_flight to {hard - SPARE_DESCRIPTORS}, or raise the limit (ulimit -n)",
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _come_first() -> None:
    """
    Where that is allowed (root), this process is woken before others: it uses little, and must be on time.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)


async def _run(plan: LoadPlan) -> None:
    def progress(value: LoadProgress) -> None:
        _say("progress", value)

    generator = Generator(plan, progress, lambda principal: _say("expired", principal))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, generator.stop)
    await loop.connect_read_pipe(lambda: _Parent(generator), os.fdopen(0, "rb", buffering=0))
    os.set_blocking(1, False)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        result = await generator.run()
    finally:
        gc.enable()
        await generator.close()
    if result.interrupted:
        raise Interrupted("the load was ended from outside", hint="run it again")
    _say_surely("result", result)


def main() -> int:
    """
    The plan on stdin was run; 0, 1 (it could not be) or 130 (ended by a signal).
    """
    line = bytearray()
    # Read by hand: a buffered reader would swallow what comes after the plan.
    while not line.endswith(b"\n"):
        data = os.read(0, 1 << 16)
        if not data:
            return 130
        line += data
    try:
        plan = msgspec.json.decode(bytes(line), type=LoadPlan)
        check_plan(plan)
        _come_first()
        _allow_descriptors(plan.max_in_flight + SPARE_DESCRIPTORS)
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(_run(plan))
    except HastenError as error:
        _say_surely("error", {"kind": type(error).__name__, "message": str(error), "hint": error.hint})
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
