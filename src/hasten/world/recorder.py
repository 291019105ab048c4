"""
Has the agents record requests of visitors for a while, and reads what they have written.

`docs/telemetry.md` describes the files. What to record is a section of the policy that ends by itself; it is taken out
at the end, and with it goes the key of the hashes that stand for who asked.
"""

import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hasten.errors import ConfigError, NoData
from hasten.model import Noun
from hasten.world.policy_file import PolicyFile, Record

LONGEST_S = 3_600.0
#: So many recordings are kept; each is what visitors have asked for, and nobody needs it for long.
MOST_KEPT = 3
#: Of one file; the agents write no more than the policy says, at most this.
MOST_FILE_BYTES = 1 << 28
VERSION = 1


class Wish(Noun, frozen=True, kw_only=True):
    """
    What is to be recorded: see `record` in docs/policy.md.
    """

    for_s: float = 300.0
    share: float = 0.1
    per_s: float = 20.0
    most_bytes: int = 16 << 20
    uuids: bool = False
    parameters: list[str] = []
    cookies: list[str] = []


class Seen(Noun, frozen=True, kw_only=True):
    """
    What one worker saw since it began to record: safe requests, others, those it kept, could not keep, or withheld.
    """

    since: float
    requests: int
    others: int
    kept: int
    over: int
    withheld: dict[str, int]


class Request(
    Noun,
    frozen=True,
    kw_only=True,
    rename={"method": "http.request.method", "route": "http.route", "status": "http.response.status_code"},
):
    """
    One recorded request.
    """

    version: int
    at: float
    method: str
    path: str
    identity: str
    headers: dict[str, str]
    route: str
    status: int
    seen: Seen


class Counts(Noun, frozen=True, kw_only=True):
    """
    What one worker had seen at a moment.
    """

    version: int
    at: float
    seen: Seen


class Recorded(Noun, frozen=True, kw_only=True):
    """
    Everything that was recorded under one id: requests in the order in which they came, and each worker's last counts.
    """

    id: str
    requests: list[Request]
    counts: list[Counts]

    @property
    def withheld(self) -> dict[str, int]:
        """
        How many requests were not written down, by the part of them that was not known to be harmless.
        """
        total: Counter[str] = Counter()
        for each in self.counts:
            total.update(each.seen.withheld)
        return dict(total)

    @property
    def rate_per_s(self) -> float | None:
        """
        How many safe requests came per second, recorded or not, in all workers; None where nobody has counted.
        """
        if not self.counts:
            return None
        seconds = max(each.at for each in self.counts) - min(each.seen.since for each in self.counts)
        return sum(each.seen.requests for each in self.counts) / seconds if seconds > 0 else None


def recordings_dir(policy: PolicyFile) -> Path:
    """
    Where recordings are, each in a folder of its name.
    """
    return policy.workers_dir / "recordings"


def section(wish: Wish, wall: Callable[[], float] = time.time) -> Record:
    """
    The section of the policy that says so, from now on.

    Raises:
        ConfigError: a bound is none.
    """
    for name, value, least, most in (
        ("the time", wish.for_s, 1.0, LONGEST_S),
        ("the share", wish.share, 1e-6, 1.0),
        ("the rate", wish.per_s, 0.01, 1_000.0),
        ("the size", wish.most_bytes, 1_024, MOST_FILE_BYTES),
    ):
        if not least <= value <= most:
            raise ConfigError(f"{name} of a recording is {value:g}", hint=f"choose from {least:g} to {most:g}")
    name = f"{datetime.fromtimestamp(wall(), UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    return Record(
        id=name,
        key=secrets.token_hex(32),
        share=wish.share,
        per_s=wish.per_s,
        most_bytes=wish.most_bytes,
        for_s=wish.for_s,
        expires_at=wall() + wish.for_s,
        uuids=wish.uuids,
        parameters=wish.parameters,
        cookies=wish.cookies,
    )


def record(
    policy: PolicyFile,
    wanted: Record,
    report: Callable[[float, int], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Recorded:
    """
    The time is over, or an exception has ended it, and nothing is recorded any more.

    Args:
        wanted: In force already.
        report: Hears every second which part of the time is over, and how many bytes were written.
    """
    try:
        began = time.monotonic()
        while (passed := time.monotonic() - began) < wanted.for_s:
            report(passed / wanted.for_s, _bytes_in(recordings_dir(policy) / wanted.id))
            sleep(min(1.0, wanted.for_s - passed))
    finally:
        if (now := policy.read().record) is not None and now.id == wanted.id:
            policy.record(None)
    return read(recordings_dir(policy), wanted.id)


def sweep(folder: Path) -> None:
    """
    Only the newest recordings are left, with room for one more.
    """
    for name in names(folder)[: -(MOST_KEPT - 1)]:
        shutil.rmtree(folder / name)


def names(folder: Path) -> list[str]:
    """
    The recordings that are there, the newest last.
    """
    return sorted(path.name for path in folder.glob("*") if path.is_dir())


def read(folder: Path, name: str = "") -> Recorded:
    """
    One recording; the newest where none is named.

    Raises:
        NoData: there is none of that name.
        ConfigError: it may not be read.
    """
    known = names(folder)
    wanted = name or (known[-1] if known else "")
    if wanted not in known:
        if name:
            raise NoData(f"no request was recorded under {name}", hint=f"recorded: {', '.join(known) or 'nothing'}")
        raise NoData("nothing was recorded", hint="`hasten traffic record` has the agents record requests for a while")
    requests: list[Request] = []
    counts: dict[tuple[str, float], Counts] = {}
    for path in sorted((folder / wanted).glob("*.jsonl")):
        for line in _lines(path):
            found = _decoded(line)
            if found is None:
                continue
            if isinstance(found, Request):
                requests.append(found)
            # Each line has the counts since the beginning, so the last one has them all.
            counts[path.name, found.seen.since] = Counts(version=VERSION, at=found.at, seen=found.seen)
    requests.sort(key=lambda each: each.at)
    return Recorded(id=wanted, requests=requests, counts=list(counts.values()))


def _decoded(line: bytes) -> Request | Counts | None:
    try:
        kind: type[Request] | type[Counts] = Request if b'"path"' in line else Counts
        found = msgspec.json.decode(line, type=kind)
    except msgspec.MsgspecError:
        # A worker that was killed leaves a line that ends in the middle.
        return None
    return found if found.version == VERSION else None


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file.read(MOST_FILE_BYTES).splitlines()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}",
            hint="recordings are readable by the user of the application alone: run this as that user",
        ) from error


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.jsonl"))
