"""
Runs a plan in the generator's own process and waits for it.
"""

import contextlib
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import IO, Any

import msgspec

from hasten import errors
from hasten.log import operation, redact
from hasten.world.load.plan import LoadPlan, check_plan
from hasten.world.load.result import LoadProgress, LoadResult

#: Beyond the plan's own time, for starting, the last answers' way back and the result.
SPARE_S = 60.0


class Message(msgspec.Struct, frozen=True):
    """
    One line of the generator's stdout; `type` is progress, expired, error or result.
    """

    type: str
    value: msgspec.Raw


OnProgress = Callable[[LoadProgress], None]
Renew = Callable[[str], dict[str, str]]


def run_load(plan: LoadPlan, on_progress: OnProgress | None = None, *, renew: Renew | None = None) -> LoadResult:
    """
    The load was sent, and this is what came back.

    Args:
        on_progress: Called about twice a second, in this thread.
        renew: Logs a principal in again and returns its new headers; called when an answer has one of
            `plan.expired_status`.

    Raises:
        ConfigError, NotAllowed: see `check_plan`.
        Unreachable: no connection could be had at all, or the generator died.
        Interrupted: the generator was ended from outside.
    """
    check_plan(plan)
    with operation("load", url=plan.base_url, rate_per_s=plan.rate_per_s, planned_s=plan.total_s) as facts:
        with tempfile.TemporaryFile() as said, _generator(plan, said) as process:
            result = _listen(process, plan, on_progress, renew, said)
        facts.update(requests=result.records.count, rejected_share=result.rejected_share)
        return result


@contextlib.contextmanager
def _generator(plan: LoadPlan, said: IO[bytes]) -> Any:
    """
    The process, surely gone at the end of the block. A session of its own: Ctrl-C is this process's to handle.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "hasten.world.load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        start_new_session=True,
    )
    watchdog = threading.Timer(plan.total_s + plan.timeout_s + SPARE_S, process.kill)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listen(
    process: "subprocess.Popen[bytes]",
    plan: LoadPlan,
    on_progress: OnProgress | None,
    renew: Renew | None,
    said: IO[bytes],
) -> LoadResult:
    assert process.stdin is not None
    assert process.stdout is not None
    _tell(process, plan)
    for line in process.stdout:
        message = msgspec.json.decode(line, type=Message)
        if message.type == "progress" and on_progress is not None:
            on_progress(msgspec.json.decode(message.value, type=LoadProgress))
        elif message.type == "expired" and renew is not None:
            principal = msgspec.json.decode(message.value, type=str)
            _tell(process, {"principal": principal, "headers": renew(principal)})
        elif message.type == "error":
            error = msgspec.json.decode(message.value, type=dict[str, str])
            raise getattr(errors, error["kind"])(error["message"], hint=error["hint"])
        elif message.type == "result":
            return msgspec.json.decode(message.value, type=LoadResult)
    code = process.wait()
    said.seek(0)
    last = said.read()[-2000:].decode(errors="replace").strip().splitlines()[-1:]
    raise errors.Unreachable(
        f"the load generator ended with {code} before it had a result" + (f": {redact(last[0])}" if last else ""),
        hint="a negative number is a signal: look for a lack of memory; otherwise report this line",
    )


def _tell(process: "subprocess.Popen[bytes]", value: Any) -> None:
    assert process.stdin is not None
    # A dead generator shows itself on stdout, with its reason.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(msgspec.json.encode(value) + b"\n")
        process.stdin.flush()
