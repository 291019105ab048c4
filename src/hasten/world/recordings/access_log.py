"""
An access log as traffic: the common and combined formats of nginx and Apache, and uvicorn's.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from hasten.errors import ConfigError
from hasten.world.load.plan import LoadRequest
from hasten.world.recordings.routes import Routes
from hasten.world.recordings.tally import (
    FAILED,
    LEAVES,
    STATIC,
    UNKNOWN_IDENTITY,
    KnownUser,
    Recording,
    Tally,
    is_static,
    leaves,
)

MAX_LINES = 2_000_000
NO_REQUEST = "line without a request"
NO_BODY = "write without its body: record it instead"
PAST_END = f"beyond the first {MAX_LINES:,} lines"

_COMMON = re.compile(
    r'^\S+ \S+ (?P<user>.+?) \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+)(?: HTTP/[\d.]+)?" (?P<status>\d{3})'
)
_UVICORN = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[\d.]+" (?P<status>\d{3})')
_TIME = "%d/%b/%Y:%H:%M:%S %z"


def read_access_log(path: Path, lines: Iterable[str], principals: Sequence[KnownUser], routes: Routes) -> Recording:
    """
    The requests of a log. Its user field names the principal; "-" is anonymous.

    A log does not hold bodies, so only requests without one are taken.

    Raises:
        ConfigError: no line looks like one of an access log.
    """
    names = {identity.user: identity.name for identity in principals if identity.user}
    tally = Tally(str(path))
    understood = False
    for number, line in enumerate(lines):
        if number >= MAX_LINES:
            tally.drop(PAST_END)
            break
        match = _COMMON.match(line) or _UVICORN.search(line)
        if match is None:
            tally.drop(NO_REQUEST)
            continue
        understood = True
        _take(match, tally, names, routes)
    if not understood:
        raise ConfigError(
            f"{path} holds no line of an access log", hint="the common, combined and uvicorn formats are understood"
        )
    return tally.recording()


def _take(match: "re.Match[str]", tally: Tally, names: dict[str, str], routes: Routes) -> None:
    found = match.groupdict()
    method, path, user = found["method"], found["path"], found.get("user") or "-"
    reason = _reason(method, path, int(found["status"]))
    if reason is None and user != "-" and user not in names:
        reason = UNKNOWN_IDENTITY
    if reason is not None:
        tally.drop(reason)
        return
    try:
        at = datetime.strptime(found["time"], _TIME) if found.get("time") else None
    except ValueError:
        at = None
    principal = names.get(user, "anonymous")
    tally.add(LoadRequest(method=method, path=path, route=routes.name(method, path), principal=principal), at)


def _reason(method: str, path: str, status: int) -> str | None:
    if not path.startswith("/") or any(ch <= " " or ch > "~" for ch in path):
        return NO_REQUEST
    if is_static(path):
        return STATIC
    if leaves(path):
        return LEAVES
    if status >= 400:
        return FAILED
    return NO_BODY if method in ("POST", "PUT", "PATCH") else None
