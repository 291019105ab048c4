"""
What the workers of the application report of themselves: that the agent is in them, and which policy they obey.
"""

import time
from pathlib import Path
from typing import Any

import msgspec
import psutil

from hasten.errors import HastenError
from hasten.model import Noun
from hasten.world.policy_file import Policy

#: An agent looks at the policy when a request comes and its last look is a quarter of a second old.
ARRIVES_S = 5.0
ASK_EVERY_S = 0.1


class Obeyed(Noun, frozen=True, kw_only=True):
    """
    Which policy a worker read last; `error` says why it refused a newer one.
    """

    revision: int
    trial: str | None = None
    error: str | None = None


class Worker(Noun, frozen=True, kw_only=True):
    """
    The report of one process.

    run: which `hasten run` it belongs to; abi: what compiled modules must be made for, as in their names.
    """

    version: int
    pid: int
    server: str
    agent: str
    python: str
    at: float
    policy: Obeyed
    run: str = ""
    abi: str = ""


def alive(folder: Path, *, removes: bool = True) -> list[Worker]:
    """
    The reports of the processes that still run, by pid; those of dead ones are removed.

    Args:
        removes: False for one who only watches: what is dead to it may live in another container.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        worker = _report(path)
        if worker is None:
            continue
        if is_of(worker.pid, worker.at):
            found.append(worker)
        elif removes:
            path.unlink(missing_ok=True)
    return sorted(found, key=lambda worker: worker.pid)


def arrived(folder: Path, policy: Policy, url: str, health: str, *, patience_s: float = ARRIVES_S) -> bool:
    """
    Whether a worker obeys this policy, and none that was asked refuses it; requests are sent to make them look.

    Args:
        url: Where the application answers; "" where that is not known, and then nobody is asked.
    """
    until = time.monotonic() + patience_s
    while True:
        if url:
            _ask(url, health)
        if refusing(folder):
            return False
        if any(_obeys(worker, policy) for worker in alive(folder)):
            return True
        if time.monotonic() > until:
            return False
        time.sleep(ASK_EVERY_S)


def refusing(folder: Path) -> list[Worker]:
    """
    The workers that refuse the policy as it is now; what they said of an earlier one does not count.
    """
    try:
        written_at = (folder.parent / "policy.json").stat().st_mtime
    except OSError:
        return []
    return [worker for worker in alive(folder) if worker.policy.error and worker.at >= written_at]


def _obeys(worker: Worker, policy: Policy) -> bool:
    trial = policy.trial.id if policy.trial else None
    return worker.policy.revision == policy.revision and worker.policy.trial == trial


def _ask(url: str, health: str) -> None:
    # Not above: what watches workers asks nobody, and does not keep an HTTP client in memory for it.
    from hasten.world.http import fetch

    try:
        fetch(url, health, timeout_s=ARRIVES_S)
    except HastenError:
        # An application that does not answer obeys nothing; the reports will say so.
        return


def _report(path: Path) -> Worker | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Worker)
    except (msgspec.MsgspecError, OSError):
        return None


def is_of(pid: int, at: float) -> bool:
    """
    Whether the process of that pid is the one that wrote something at that moment, and not a later one.
    """
    try:
        process: Any = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= at + 1.0)
    except psutil.Error:
        return False
