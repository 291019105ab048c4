"""
The way to the server: its address, TLS, and the connections that are kept like a browser's.
"""

import asyncio
import contextlib
import socket
import ssl
from urllib.parse import urlsplit

from hasten.errors import Unreachable
from hasten.world.load.connection import Connection, Owner
from hasten.world.load.plan import LoadPlan


class Server:
    """
    Opens connections and keeps those that are free, the one used last on top.
    """

    def __init__(self, plan: LoadPlan, owner: Owner) -> None:
        split = urlsplit(plan.base_url)
        self._plan = plan
        self._owner = owner
        self._host = split.hostname or ""
        self._port = split.port or (443 if split.scheme == "https" else 80)
        self._tls = _tls(verify=plan.verify_tls) if split.scheme == "https" else None
        self._address = self._host
        self._idle: list[Connection] = []
        self.opened = 0

    async def find(self) -> None:
        """
        The name is resolved once, and a first connection stands.

        Raises:
            Unreachable: no address of the name takes a connection.
        """
        problem: Exception | None = None
        try:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError as error:
            found, problem = [], error
        for _, _, _, _, address in found:
            self._address = str(address[0])
            try:
                self.keep(await self.connect())
            except (OSError, TimeoutError) as error:
                problem = error
            else:
                return
        raise Unreachable(
            f"{self._plan.base_url} does not answer: {problem or 'timeout'}",
            hint="start the application, or correct the URL; if its certificate is private, set verify_tls to false",
        )

    async def connect(self) -> Connection:
        """
        A new connection.

        Raises:
            OSError, TimeoutError: it cannot be had.
        """
        loop = asyncio.get_running_loop()
        name = self._host if self._tls else None
        async with asyncio.timeout(self._plan.timeout_s):
            _, connection = await loop.create_connection(
                lambda: Connection(self._owner), self._address, self._port, ssl=self._tls, server_hostname=name
            )
        self.opened += 1
        return connection

    def keep(self, connection: Connection) -> None:
        """
        The connection is free for another request.
        """
        self._idle.append(connection)

    def free(self) -> Connection | None:
        """
        A kept connection that was not closed meanwhile, or None.
        """
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        return None

    def close(self) -> None:
        """
        The kept connections are closed.
        """
        for connection in self._idle:
            with contextlib.suppress(OSError):
                connection.abort()
        self._idle.clear()


def _tls(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
