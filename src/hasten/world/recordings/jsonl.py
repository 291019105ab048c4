"""
Recorded requests, one JSON object per line: method, path, principal, weight, name, json, headers, replay, at.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from hasten.errors import ConfigError
from hasten.world.load.plan import LoadRequest
from hasten.world.recordings.routes import Routes
from hasten.world.recordings.tally import CREDENTIALS, UNKNOWN_IDENTITY, Recording, Tally

MARKED = "marked as not to be replayed"


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One line. `name` is the route's template, with or without the method; `replay: false` leaves the request out.

    `at`: when it came, in seconds from the beginning of the recording; as often as it weighs, or not at all.
    """

    path: str
    method: str = "GET"
    principal: str = "anonymous"
    weight: float = 1.0
    name: str = ""
    json: Any = msgspec.UNSET
    headers: dict[str, str] = {}
    replay: bool = True
    at: list[float] = []


def read_jsonl(path: Path, lines: Iterable[str], principals: Iterable[str], routes: Routes) -> Recording:
    """
    The requests of a file; lines that are empty or begin with # are skipped.

    Args:
        path: For the errors.
        principals: Names that are known; `anonymous` is.

    Raises:
        ConfigError: a line is not such an object; the error names it.
    """
    known = {*principals, "anonymous"}
    tally = Tally(str(path))
    for number, text in enumerate(lines, 1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        try:
            line = msgspec.json.decode(text, type=Line)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise ConfigError(
                f"{path}, line {number}: {error}",
                hint="each line is an object with method, path, principal, weight, name, json, headers, replay, at",
            ) from error
        if not line.replay:
            tally.drop(MARKED)
        elif line.principal not in known or any(name.lower() in CREDENTIALS for name in line.headers):
            tally.drop(UNKNOWN_IDENTITY)
        else:
            tally.add(_request(line, routes))
    return tally.recording()


def _request(line: Line, routes: Routes) -> LoadRequest:
    method = line.method.upper()
    headers, body = {name.lower(): value for name, value in line.headers.items()}, b""
    if line.json is not msgspec.UNSET:
        body = msgspec.json.encode(line.json)
        headers.setdefault("content-type", "application/json")
    name = line.name if line.name.startswith(f"{method} ") else f"{method} {line.name}"
    return LoadRequest(
        method=method,
        path=line.path,
        route=name if line.name else routes.name(method, line.path),
        headers=headers,
        body=body,
        weight=line.weight,
        principal=line.principal,
        at=line.at,
    )
