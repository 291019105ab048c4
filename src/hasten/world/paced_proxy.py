"""
The visitors' network, on loopback: a proxy that lets every connection have so many bytes per second, and no more.

A compressed answer gains nothing on loopback, where a megabyte takes a millisecond. So trials of what travels go
through here: the client really waits for really sent bytes. Each connection is a visitor's whole link. What TCP does at
the start of a connection, and losses, are not imitated, so what is measured is less than what a phone would see.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from hasten.errors import ConfigError
from hasten.world.ports import LOOPBACK

#: At most so much of a link's time is sent as one piece, so that a short answer is not faster than the link.
PIECE_S = 0.02
LEAST_PIECE_BYTES = 512
#: So much of an answer is taken from the server at once, as a buffering reverse proxy does. A server with a process for
#: each request would stand still otherwise while its answers travel, and the trial would be what slows it down.
TAKEN_BYTES = 4 * 1024 * 1024


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
            arriving: asyncio.Queue[bytes] = asyncio.Queue()
            up = _Direction(reader, self._link.up_bytes_s, self._link.latency_s, arriving.put_nowait)
            sending = asyncio.ensure_future(up.carry())
            try:
                # Not before a request has arrived, for a server may have a process for each connection.
                if first := await arriving.get():
                    far_reader, far_writer = await asyncio.open_connection(*self._upstream)
                    ends.append(far_writer)
                    self._open.add(far_writer)
                    _put(far_writer, first)
                    down = _Direction(
                        far_reader,
                        self._link.down_bytes_s,
                        0.0,
                        partial(_put, writer),
                        drain=writer.drain,
                        # What has answered is told that nobody asks for more, so that it is free for the next.
                        taken=partial(_put, far_writer, b""),
                    )
                    await asyncio.gather(_deliver(arriving, far_writer), down.carry())
            finally:
                sending.cancel()
        for end in ends:
            end.close()
        self._open.difference_update(ends)


async def _deliver(arriving: asyncio.Queue[bytes], writer: asyncio.StreamWriter) -> None:
    """
    Everything that arrives was written, up to the end.
    """
    while data := await arriving.get():
        _put(writer, data)
    _put(writer, b"")


def _put(writer: asyncio.StreamWriter, data: bytes) -> None:
    """
    It is on its way, if the connection still is; b"" is the end.
    """
    with suppress(OSError, RuntimeError):
        if data:
            writer.write(data)
        else:
            writer.write_eof()


async def _at_once() -> None:
    """
    Nobody has to be waited for.
    """


class _Direction:
    """
    One direction of a connection: what is read is handed on later, and no faster than the rate; b"" is the end.

    Args:
        taken: Called once the sender has said all, which may be long before it has arrived.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        rate: float,
        latency_s: float,
        hand_on: Callable[[bytes], None],
        *,
        drain: Callable[[], Awaitable[None]] = _at_once,
        taken: Callable[[], None] = lambda: None,
    ) -> None:
        self._reader, self._rate, self._latency_s = reader, rate, latency_s
        self._hand_on, self._drain, self._taken = hand_on, drain, taken
        self._piece = max(LEAST_PIECE_BYTES, int(rate * PIECE_S))
        self._held = bytearray()
        self._is_whole = False
        self._changed = asyncio.Condition()

    async def carry(self) -> None:
        """
        Everything was carried over, up to the end.
        """
        taking = asyncio.ensure_future(self._take())
        try:
            await self._pass_on()
        finally:
            taking.cancel()

    async def _take(self) -> None:
        with suppress(OSError):
            while data := await self._reader.read(TAKEN_BYTES):
                async with self._changed:
                    self._held += data
                    self._changed.notify_all()
                    await self._changed.wait_for(lambda: len(self._held) < TAKEN_BYTES)
        async with self._changed:
            self._is_whole = True
            self._changed.notify_all()
        self._taken()

    async def _pass_on(self) -> None:
        loop = asyncio.get_running_loop()
        free_at = 0.0
        with suppress(ConnectionError):
            while data := await self._next():
                now = loop.time()
                # A timer comes a little late; what is sent without a pause must not become slower by that.
                begin = free_at if now - free_at < PIECE_S else now
                free_at = begin + len(data) / self._rate
                await asyncio.sleep(free_at - now)
                await self._write(data)
        # Not before the last piece, which may still be on its way.
        loop.call_later(self._latency_s, self._hand_on, b"")

    async def _next(self) -> bytes:
        async with self._changed:
            await self._changed.wait_for(lambda: self._held or self._is_whole)
            data = bytes(self._held[: self._piece])
            del self._held[: len(data)]
            self._changed.notify_all()
        return data

    async def _write(self, data: bytes) -> None:
        if self._latency_s:
            # The line is free for the next piece while this one is on its way.
            asyncio.get_running_loop().call_later(self._latency_s, self._hand_on, data)
        else:
            self._hand_on(data)
            await self._drain()
