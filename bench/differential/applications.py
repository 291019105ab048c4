"""
The example applications, the servers that they run under, and the addresses that each of them knows.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "tests" / "real" / "applications"

FIXED = (
    "/", "/page", "/app-3f2a1b9c.js", "/picture", "/tagged", "/weak", "/private", "/cookies", "/sealed", "/encoded",
    "/odd", "/large", "/small", "/nothing", "/made", "/none", "/away", "/same", "/denied", "/missing", "/teapot",
    "/unavailable", "/visible",
)  # fmt: skip
COMMON = (*FIXED, "/items/7", "/items/8", "/echo", "/echo/deep/er", "/upload/whole", "/upload/unread")
STATUSES = ("/status/299", "/status/451", "/status/599", "/status/206", "/status/410")
ODD = (*STATUSES, "/status/204", "/status/304")


class Application(NamedTuple):
    """
    An application under a server.

    command: What Python is started with; `{port}` stands for the port.
    paths: What is asked for.
    waits: Streams without an end, which a client leaves.
    noted: What is answered with notes on how it went, at /seen/{case}.
    sockets: Websockets.
    uploads: What reads its body.
    leaves_bodies: What the server does with a body that nobody reads is a matter of chance, so none is sent.
    cuts: Answers that the server cuts where chance has it (`cutting`): path → where in their text it may.
    """

    name: str
    command: str
    paths: tuple[str, ...]
    waits: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    uploads: tuple[str, ...] = ("/upload/whole",)
    leaves_bodies: bool = False
    cuts: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    place: Path = PLACE
    python: str = sys.executable


_UVICORN = "-m uvicorn {app} --port {port} --log-level critical --no-access-log --ws wsproto"
_GUNICORN = "-m gunicorn --bind 127.0.0.1:{port} --no-control-socket --graceful-timeout 1 --log-level critical {app}"
_GTHREAD = f"{_GUNICORN} --worker-class gthread --threads 2"
_WAITRESS = "-m waitress --listen=127.0.0.1:{port} --threads=2 {app}"
_HYPERCORN = "-m hypercorn --bind 127.0.0.1:{port} --log-level critical {app}"
_GRANIAN = "-m granian --port {port} --log-level critical --interface {interface} {app}"

_PLAIN_ASGI = (
    *COMMON, *ODD, "/stream/pieces", "/events/all", "/broken/middle", "/broken/begun", "/broken/silent",
    "/broken/before", "/broken/twice", "/broken/long", "/broken/short", "/broken/unknown", "/broken/after",
    "/extended/offers",
)  # fmt: skip
_PLAIN_WSGI = (
    *COMMON, *ODD, "/upload/lines", "/upload/pieces", "/stream/list", "/stream/tuple", "/stream/generator",
    "/stream/object", "/stream/map", "/stream/late", "/stream/write", "/broken/middle", "/broken/begun",
    "/broken/first", "/broken/replaced", "/broken/twice", "/broken/long", "/broken/short", "/broken/after",
    "/broken/before", "/late/x", "/file/whole", "/file/middle", "/file/open", "/file/plain", "/extended/offers",
)  # fmt: skip
_FLASK = (
    *COMMON, *STATUSES, "/upload/lines", "/stream/plain", "/stream/context", "/broken/middle", "/broken/first",
    "/broken/teapot", "/broken/before", "/file/conditional", "/file/plain", "/session/one", "/static/picture.txt",
)  # fmt: skip
_DJANGO = (
    *COMMON, *STATUSES, "/upload/pieces", "/stream/pieces", "/coroutine/fine", "/coroutine/broken", "/broken/first",
    "/broken/middle", "/broken/denied", "/broken/odd", "/broken/missing", "/broken/before", "/file/inline",
    "/file/attachment", "/conditional/x",
)  # fmt: skip
_FASTAPI = (
    *COMMON, *ODD, "/items/none", "/threads/7", "/stream/async", "/stream/plain", "/stream/events", "/broken/middle",
    "/broken/denied", "/broken/told", "/broken/unhandled", "/file/inline", "/file/attachment", "/session/one",
    "/redirect/7", "/static/picture.txt", "/docs", "/openapi.json",
)  # fmt: skip
_SOCKETS = ("/ws/open?{case}", "/ws/denied?{case}")


_CLOSED = ("/closed/{case}",)
#: The iterables of the plain WSGI callable that raise: where the pieces end that they give before.
_RAISING = {"/broken/first": (0,), "/broken/middle": (0, 360, 1240)}


def _plain_asgi(server: str, command: str) -> Application:
    return Application(
        f"plain ASGI, {server}",
        command.replace("{app}", "plain_asgi:app"),
        _PLAIN_ASGI,
        waits=("/wait/{case}",),
        noted=("/later/{case}",),
        sockets=("/ws/open?{case}", "/ws/denied?{case}"),
    )


def _plain_wsgi(server: str, command: str, waits: tuple[str, ...] = ("/wait/{case}",)) -> Application:
    return Application(
        f"plain WSGI, {server}", command.replace("{app}", "plain_wsgi:app"), _PLAIN_WSGI, waits=waits, noted=_CLOSED
    )


def _in(framework: str, command: str, app: str, paths: tuple[str, ...], **more: Any) -> Application:
    return Application(framework, command.replace("{app}", app), paths, **{"noted": _CLOSED, **more})


FIRST = [
    _plain_asgi("uvicorn", _UVICORN),
    _plain_wsgi("gunicorn", _GTHREAD),
    _in("FastAPI, uvicorn", _UVICORN, "in_fastapi:app", _FASTAPI, noted=("/later/{case}",), sockets=("/ws/room",)),
    _in("Django WSGI, gunicorn", _GTHREAD, "in_django:wsgi", _DJANGO),
    _in("Django ASGI, uvicorn", _UVICORN, "in_django:asgi", (*_DJANGO, "/stream/async")),
    _in("Flask, waitress", _WAITRESS, "in_flask:app", _FLASK),
]
#: The plain callables under the other servers. Waitress tells an application nothing of a client that left.
MORE = [
    _plain_asgi("hypercorn", _HYPERCORN),
    _plain_asgi("gunicorn", f"{_GUNICORN} --worker-class asgi"),
    _plain_asgi("granian", _GRANIAN.replace("{interface}", "asgi"))._replace(leaves_bodies=True),
    _plain_wsgi("waitress", _WAITRESS, waits=()),
    _plain_wsgi("gunicorn sync", _GUNICORN),
    _plain_wsgi("granian", _GRANIAN.replace("{interface}", "wsgi"))._replace(leaves_bodies=True, cuts=_RAISING),
]
