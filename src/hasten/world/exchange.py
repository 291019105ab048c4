"""
Answers as they are on the wire: neither decoded nor followed, over connections that are kept open.

What is compared byte by byte comes from here. No cookie is remembered and no header added that was not given, except
Host and what frames the body: who asks is told by the request alone.
"""

from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import perf_counter
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from hasten.errors import ConfigError, Unreachable
from hasten.log import redact
from hasten.model import Noun
from hasten.world.http import read_bounded
from hasten.world.load.plan import is_loopback

CONNECTIONS = 32
#: Less than elsewhere: several answers are held at once, to be compared.
MAX_BODY_BYTES = 64 * 1024 * 1024


class RawAnswer(Noun, frozen=True, kw_only=True):
    """
    One answer byte by byte; header names in lower case, every line by itself.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seconds: float


class Exchange:
    """
    Asks one address; may be used from several threads. Closed at the end of its block.
    """

    def __init__(self, base_url: str, *, timeout_s: float = 30.0) -> None:
        self._base_url = base_url.rstrip("/")
        split = urlsplit(self._base_url)
        if split.scheme not in ("http", "https") or not split.hostname:
            raise ConfigError(f"{redact(base_url)!r} is no http or https address", hint="give it as http://host:port")
        self._timeout_s = timeout_s
        self._client = httpx.Client(
            timeout=timeout_s,
            # A proxy of the environment is not asked for this machine's own addresses.
            trust_env=not is_loopback(split.hostname),
            verify=split.scheme == "https",
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        self._client.headers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> RawAnswer:
        """
        The answer to one request, whatever its status. Header names are sent as they are given.

        Raises:
            Unreachable: no whole answer came in time.
        """
        url = self._base_url + path
        try:
            started = perf_counter()
            with self._client.stream(method, url, headers=dict(headers), content=body or None) as response:
                content = read_bounded(response.iter_raw(), url, MAX_BODY_BYTES)
            seconds = perf_counter() - started
        except httpx.HTTPError as error:
            raise Unreachable(
                f"{redact(url)} gave no whole answer within {self._timeout_s:g} s: {error or type(error).__name__}",
                hint="look into the log of the application",
            ) from error
        except httpx.InvalidURL as error:
            raise ConfigError(f"{redact(url)} is not an address: {error}", hint="correct the recorded path") from error
        # latin-1 keeps every byte of a header, whatever it was meant to be.
        lines = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw]
        return RawAnswer(status=response.status_code, headers=lines, body=content, seconds=seconds)
