"""
Single requests: logins, health, OpenAPI, probes one after the other.

Load goes through `world.load`; nothing here is fast and everything here explains itself.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpx

from hasten.errors import ConfigError, Unreachable
from hasten.log import redact
from hasten.model import Noun
from hasten.world.load.plan import is_loopback

MAX_BODY_BYTES = 256 * 1024 * 1024


class Answer(Noun, frozen=True, kw_only=True):
    """
    One answer. `body` is decoded, `wire_bytes` is the body as it came; header names in lower case.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    wire_bytes: int
    seconds: float

    def header(self, name: str) -> str | None:
        """
        The first value of a header, or None.
        """
        return next((value for key, value in self.headers if key == name.lower()), None)

    def headers_named(self, name: str) -> list[str]:
        """
        Every value of a header.
        """
        return [value for key, value in self.headers if key == name.lower()]


def fetch(
    base_url: str,
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    timeout_s: float = 30.0,
) -> Answer:
    """
    The answer to one request, whatever its status; redirects are not followed.

    Raises:
        Unreachable: no answer came; the hint says what to look at.
    """
    url = base_url.rstrip("/") + path
    # A proxy of the environment is not asked for this machine's own addresses.
    local = is_loopback(urlsplit(url).hostname or "")
    sent = {"accept-encoding": "gzip, deflate, br", **(headers or {})}
    # Loading the certificate authorities takes longer than most requests; plain http needs none.
    secure = url.startswith("https:")
    try:
        with httpx.Client(timeout=timeout_s, trust_env=not local, verify=secure) as client:
            started = time.perf_counter()
            with client.stream(method, url, headers=sent, content=body or None) as response:
                content = read_bounded(response.iter_bytes(), url)
            seconds = time.perf_counter() - started
    except httpx.HTTPError as error:
        raise _unreachable(url, error, timeout_s) from error
    except httpx.InvalidURL as error:
        raise ConfigError(f"{redact(url)} is not an address: {error}", hint="give it as http://host:port") from error
    return Answer(
        status=response.status_code,
        headers=[(name.lower(), value) for name, value in response.headers.multi_items()],
        body=content,
        wire_bytes=response.num_bytes_downloaded,
        seconds=seconds,
    )


def read_bounded(pieces: Iterable[bytes], url: str, most_bytes: int = MAX_BODY_BYTES) -> bytes:
    """
    The pieces of a body put together.

    Raises:
        Unreachable: there are more than anybody should hold in memory.
    """
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > most_bytes:
            raise Unreachable(
                f"the answer of {redact(url)} is larger than {most_bytes >> 20} MiB",
                hint="leave this route out of [traffic]",
            )
    return bytes(content)


def _unreachable(url: str, error: httpx.HTTPError, timeout_s: float) -> Unreachable:
    shown = redact(url)
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(f"{shown} gave no answer within {timeout_s:g} s", hint="is the application overloaded?")
    if isinstance(error, httpx.ConnectError) and isinstance(_root(error), ssl.SSLError):
        return Unreachable(f"{shown}: {error}", hint="check the certificate, or use the http address on this machine")
    if isinstance(error, httpx.ConnectError):
        return Unreachable(f"nothing answers at {shown}: {error}", hint="start the application, or correct the URL")
    reason = str(error) or type(error).__name__
    return Unreachable(f"{shown} broke off: {reason}", hint="look into the log of the application")


def _root(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def check_health(base_url: str, path: str = "/", *, timeout_s: float = 30.0) -> Answer:
    """
    The application answers, with anything below 500.

    Raises:
        Unreachable: it does not, or with a server error.
    """
    answer = fetch(base_url, path, timeout_s=timeout_s)
    if answer.status >= 500:
        raise Unreachable(
            f"{base_url.rstrip('/')}{path} answers with {answer.status}",
            hint="look into the log of the application, or name another path in [application] health",
        )
    return answer


def read_openapi(base_url: str, path: str = "/openapi.json", *, timeout_s: float = 30.0) -> dict[str, Any]:
    """
    The application's own description of its routes.

    Raises:
        Unreachable: there is no such page.
        ConfigError: what is there is not an OpenAPI document in JSON.
    """
    answer = fetch(base_url, path, timeout_s=timeout_s)
    if answer.status != 200:
        raise Unreachable(
            f"{base_url.rstrip('/')}{path} answers with {answer.status}",
            hint="name the OpenAPI document in [traffic] openapi, or record requests instead",
        )
    return openapi_from(answer.body, f"{base_url.rstrip('/')}{path}")


def openapi_from(content: bytes, where: str) -> dict[str, Any]:
    """
    The document in `content`; `where` is for the error.

    Raises:
        ConfigError: it is not an OpenAPI document in JSON.
    """
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise ConfigError(f"{where} is not an OpenAPI document in JSON", hint="give the JSON form, version 3")
    return document


async def is_up(base_url: str, path: str, *, timeout_s: float) -> bool:
    """
    Whether a fresh connection gets an answer below 500 in time; the whole answer is not waited for.
    """
    split = urlsplit(base_url.rstrip("/") + path)
    tls = ssl.create_default_context() if split.scheme == "https" else None
    host = split.hostname or ""
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(timeout_s):
            port = split.port or (443 if tls else 80)
            reader, writer = await asyncio.open_connection(host, port, ssl=tls)
            target = (split.path or "/") + (f"?{split.query}" if split.query else "")
            head = f"GET {target} HTTP/1.1\r\nHost: {split.netloc}\r\nUser-Agent: hasten\r\nConnection: close\r\n\r\n"
            writer.write(head.encode("latin-1", "replace"))
            status = (await reader.readline()).split(b" ")
            return len(status) > 1 and status[0].startswith(b"HTTP/") and b"200" <= status[1] < b"500"
    except (OSError, TimeoutError, ValueError):
        return False
    finally:
        if writer is not None:
            writer.transport.abort()
            await asyncio.sleep(0)
