"""
The requests that stand for the users: read from what was recorded, weighted, without anybody's credentials.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from hasten.errors import ConfigError
from hasten.world.http import openapi_from, read_openapi
from hasten.world.load.plan import LoadRequest
from hasten.world.recordings.access_log import read_access_log
from hasten.world.recordings.har import read_har
from hasten.world.recordings.jsonl import read_jsonl
from hasten.world.recordings.openapi import read_openapi_routes, templates
from hasten.world.recordings.routes import Routes
from hasten.world.recordings.tally import KnownUser, Recording

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NOT_ALLOWED = "write that [traffic] replay_writes does not name"
MAX_FILE_BYTES = 512 * 1024 * 1024


class TrafficSection(Protocol):
    """
    What is needed of [traffic].
    """

    @property
    def requests(self) -> str: ...
    @property
    def openapi(self) -> str: ...
    @property
    def har(self) -> str: ...
    @property
    def access_log(self) -> str: ...
    @property
    def replay_writes(self) -> list[str]: ...


class LoginSection(Protocol):
    """
    What is needed of [login].
    """

    @property
    def request(self) -> str: ...


class WithTraffic(Protocol):
    """
    What is needed of a Target.
    """

    @property
    def traffic(self) -> TrafficSection: ...
    @property
    def login(self) -> LoginSection: ...
    @property
    def principals(self) -> Sequence[KnownUser]: ...


def read_traffic(target: WithTraffic, *, base_url: str, folder: Path) -> Recording:
    """
    The requests that may be replayed, from the first of [traffic] requests, har, access_log, openapi that is named.

    An OpenAPI document that is named beside another source gives the routes their names.

    Args:
        base_url: Where the application answers; an `openapi` that begins with / is fetched from there.
        folder: What relative paths are relative to.

    Raises:
        ConfigError: nothing is named, a file cannot be read or understood, nothing is left to replay.
        Unreachable: the application does not give its OpenAPI document.
    """
    section, principals = target.traffic, target.principals
    document = _document(section.openapi, base_url, folder) if section.openapi else {}
    routes = Routes(templates(document))
    if section.requests:
        path = _existing(section.requests, folder, "requests")
        recording = read_jsonl(path, _lines(path), [identity.name for identity in principals], routes)
    elif section.har:
        path = _existing(section.har, folder, "har")
        recording = read_har(
            _content(path), str(path), principals, routes, base_url=base_url, login=target.login.request
        )
    elif section.access_log:
        path = _existing(section.access_log, folder, "access_log")
        recording = read_access_log(path, _lines(path), principals, routes)
    elif section.openapi:
        who = principals[0].name if principals else "anonymous"
        recording = read_openapi_routes(document, section.openapi, who)
    else:
        raise ConfigError(
            "[traffic] names no requests",
            hint="name `requests` (JSON lines), `har`, `access_log` or `openapi`; `hasten init` looks for them",
        )
    return _allowed(recording, section.replay_writes)


def _allowed(recording: Recording, writes: Iterable[str]) -> Recording:
    """
    The recording without writes that nobody allowed; allowed are route names, with or without the method.
    """
    named = {write.strip() for write in writes}
    kept: list[LoadRequest] = []
    dropped = dict(recording.dropped)
    for request in recording.requests:
        bare = request.name.partition(" ")[2]
        if request.method in SAFE_METHODS or request.name in named or bare in named:
            kept.append(request)
        else:
            dropped[NOT_ALLOWED] = dropped.get(NOT_ALLOWED, 0) + 1
    if not kept:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in dropped.items()) or "it is empty"
        raise ConfigError(
            f"nothing in {recording.source} can be replayed: {reasons}",
            hint="add the [[principals]] that it speaks of, or record requests anew",
        )
    return msgspec.structs.replace(recording, requests=kept, dropped=dropped)


def _document(named: str, base_url: str, folder: Path) -> dict[str, object]:
    if urlsplit(named).scheme in ("http", "https"):
        split = urlsplit(named)
        return read_openapi(f"{split.scheme}://{split.netloc}", split.path or "/")
    # An absolute path is a file if there is one, else a page of the application.
    if named.startswith("/") and not Path(named).is_file():
        return read_openapi(base_url, named)
    path = _existing(named, folder, "openapi")
    return openapi_from(_content(path), str(path))


def _existing(named: str, folder: Path, key: str) -> Path:
    path = folder / named
    if not path.is_file():
        raise ConfigError(f"[traffic] {key}: there is no file {path}", hint="correct the path in hasten.toml")
    return path


def _content(path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB", hint="record a shorter time")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error


def _lines(path: Path) -> Iterable[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from file
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error
