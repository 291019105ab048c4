"""
Which arm of a trial a request belongs to: as its header asks, or by chance that is the same for whoever recomputes it.

`Hasten-Arm: <key>:candidate` (or `control`) is how the control plane asks; without the trial's key it means nothing.
The header is taken out in any case: the application sees the request as it would be without Hasten.
"""

import hmac
import itertools
import os
import time
from hashlib import blake2b
from typing import Any, Callable, NamedTuple, Optional

from hasten_runtime.policy import Trial

HEADER = b"hasten-arm"
CONTROL, CANDIDATE = "control", "candidate"
#: What tells one visitor from another, where there is no session yet: the address comes last.
IDENTITY = (b"authorization", b"cookie")

_requests = itertools.count()


class Arm(NamedTuple):
    """
    The arm, whether it was asked for, and the request's headers without the question.
    """

    name: str
    asked: bool
    headers: list[Any]


def arm_of(trial: Trial, scope: dict[str, Any], wall: Callable[[], float] = time.time) -> Arm:
    """
    The arm of this request.
    """
    headers = scope["headers"]
    asked: Optional[str] = None
    if any(name == HEADER for name, _ in headers):
        values = [value for name, value in headers if name == HEADER]
        headers = [each for each in headers if each[0] != HEADER]
        asked = _asked(trial, values)
    if asked:
        return Arm(asked, True, headers)
    chance = _chance(trial, scope, wall)
    return Arm(CANDIDATE if chance < trial.share else CONTROL, False, headers)


def _asked(trial: Trial, values: list[bytes]) -> Optional[str]:
    if len(values) != 1:
        return None
    key, _, arm = values[0].partition(b":")
    if not hmac.compare_digest(key, trial.key.encode()) or arm not in (b"control", b"candidate"):
        return None
    return arm.decode()


def _chance(trial: Trial, scope: dict[str, Any], wall: Callable[[], float]) -> float:
    if trial.split == "identity":
        who = b"\0".join(value for name, value in scope["headers"] if name in IDENTITY)
        return drawn(trial.seed, who or repr((scope.get("client") or ("",))[0]).encode())
    if trial.split == "block":
        return _block(trial, int(wall() // trial.block_s))
    return drawn(trial.seed, b"%d %d" % (os.getpid(), next(_requests)))


def _block(trial: Trial, number: int) -> float:
    """
    The chance of a block of time; with equal shares the blocks come in pairs, each with both arms in random order.
    """
    if trial.share != 0.5:
        return drawn(trial.seed, b"%d" % number)
    first = drawn(trial.seed, b"%d" % (number // 2)) < 0.5
    return 0.0 if first == (number % 2 == 0) else 1.0


def drawn(seed: int, of: bytes) -> float:
    """
    A number in [0, 1) that is the same for the same seed and the same thing, and looks like chance otherwise.
    """
    digest = blake2b(of, digest_size=8, key=b"%d" % seed).digest()
    return int.from_bytes(digest, "big") / 2.0**64
