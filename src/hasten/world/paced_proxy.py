"""
The visitors' network, on loopback: a proxy that lets every connection have so many bytes per second, and no more.

A compressed answer gains nothing on loopback, where a megabyte takes a millisecond. So trials of what travels go
through here: the client really waits for really sent bytes. Each connection is a visitor's whole link. What TCP does at
the start of a connection, and losses, are not imitated, so what is measured is less than what a phone would see.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from hasten.errors import ConfigError
from hasten.world.ports import LOOPBACK

#: At most so much of a link's time is sent as one piece, so that a short answer is not faster than the link.
PIECE_S = 0.02
LEAST_PIECE_BYTES = 512


@dataclass(frozen=True)
class Link:
    """
    A visitor's connection: bytes per second down and up, and the least seconds from a request to its answer.
    """

    down_bytes_s: float
    up_bytes_s: float
    latency_s: float


#: By the names of [browser] network; the same figures as for the browser.
LINKS: dict[str, Link] = {
    "slow-4g": Link(1.6e6 / 8, 0.75e6 / 8, 0.150),
    "fast-4g": Link(9.0e6 / 8, 1.5e6 / 8, 0.060),
}


@contextmanager
def paced(url: str, link: Link) -> Iterator[str]:
    """
    The address at which `url` answers as over this link, for the block.

    Raises:
        ConfigError: the address is not plain http.
    """
    split = urlsplit(url)
    if split.scheme != "http" or not split.hostname:
        raise ConfigError(f"{url} cannot be put behind a slow network", hint="name the application's http address")
    proxy = _Proxy(split.hostname, split.port or 80, link)
    proxy.start()
    try:
        yield f"http://{LOOPBACK}:{proxy.port()}{split.path}"
    finally:
        proxy.end()


class _Proxy(threading.Thread):
    """
    The proxy in a loop and thread of its own.
    """

    def __init__(self, host: str, port: int, link: Link) -> None:
        super().__init__(name="hasten-paced-proxy", daemon=True)
        self._upstream, self._link = (host, port), link
        self._listening = threading.Event()
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()

    def port(self) -> int:
        """
        The port, once it listens.
        """
        self._listening.wait()
        return self._port

    def end(self) -> None:
        """
        Every connection is closed and the thread is gone.
        """
        self._loop.call_soon_threadsafe(self._over.set)
        self.join()

    def run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._listening.set()
            self._loop.close()

    async def _serve(self) -> None:
        running: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._open.add(writer)
            task = asyncio.ensure_future(self._carry(reader, writer))
            running.add(task)
            task.add_done_callback(running.discard)

        server = await asyncio.start_server(accept, LOOPBACK, 0)
        self._port = int(server.sockets[0].getsockname()[1])
        self._listening.set()
        await self._over.wait()
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for writer in self._open:
            writer.transport.abort()
        # An aborted transport is closed at the loop's next turn.
        await asyncio.sleep(0)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        # Whoever is left at the other end of a failure sees the connection closed, as on a real network.
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(*self._upstream)
            ends.append(far_writer)
            self._open.add(far_writer)
            link = self._link
            up = _Direction(reader, far_writer, link.up_bytes_s, link.latency_s)
            down = _Direction(far_reader, writer, link.down_bytes_s, 0.0)
            await asyncio.gather(up.carry(), down.carry())
        for end in ends:
            end.close()
        self._open.difference_update(ends)


class _Direction:
    """
    One direction of a connection: what is read is written later, and no faster than the rate.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: float, latency_s: float
    ) -> None:
        self._reader, self._writer, self._rate, self._latency_s = reader, writer, rate, latency_s
        self._piece = max(LEAST_PIECE_BYTES, int(rate * PIECE_S))

    async def carry(self) -> None:
        """
        Everything was carried over, up to the end.
        """
        loop = asyncio.get_running_loop()
        free_at = 0.0
        with suppress(ConnectionError):
            while data := await self._reader.read(self._piece):
                now = loop.time()
                # A timer comes a little late; what is sent without a pause must not become slower by that.
                begin = free_at if now - free_at < PIECE_S else now
                free_at = begin + len(data) / self._rate
                await asyncio.sleep(free_at - now)
                await self._write(data)
        # Not before the last piece, which may still be on its way.
        loop.call_later(self._latency_s, self._end)

    async def _write(self, data: bytes) -> None:
        if self._latency_s:
            # The line is free for the next piece while this one is on its way.
            asyncio.get_running_loop().call_later(self._latency_s, self._writer.write, data)
        else:
            self._writer.write(data)
            await self._writer.drain()

    def _end(self) -> None:
        with suppress(OSError, RuntimeError):
            self._writer.write_eof()
