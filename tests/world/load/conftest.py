"""
Runs the generator and a scripted server in one event loop, so that what goes over the wire is decided byte by byte.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hasten.world.load.clock import new_loop
from hasten.world.load.generator import Generator
from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.load.result import LoadResult

Answer = Callable[["Peer", bytes, int], None]


class Peer(asyncio.Protocol):
    """
    The server's end of one connection; `answer(peer, request, number)` says what it does with a request.
    """

    def __init__(self, answer: Answer, seen: list[bytes]) -> None:
        self._answer = answer
        self._seen = seen
        self._rest = b""
        self.served = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._rest += data
        head, found, body = self._rest.partition(b"\r\n\r\n")
        length = int((head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]) or 0)
        if not found or len(body) < length:
            return
        request, self._rest = self._rest, b""
        self._seen.append(request)
        self.served += 1
        self._answer(self, request, len(self._seen))

    def say(self, body: bytes = b"ok", status: str = "200 OK", *headers: str) -> None:
        """
        A whole answer with a length goes out.
        """
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        self.transport.write("\r\n".join(lines).encode() + body)


class Run:
    """
    A finished run: the result, what the server saw, which principals were reported as expired.
    """

    def __init__(self, result: LoadResult, seen: list[bytes], expired: list[str]) -> None:
        self.result = result
        self.seen = seen
        self.expired = expired


def exchange(answer: Answer, *, during: Callable[[Generator], None] | None = None, **plan: Any) -> Run:
    """
    The plan (ten requests for / in a tenth of a second, unless said otherwise) ran against the scripted server.

    Args:
        during: Called with the generator just before it starts.
    """
    seen: list[bytes] = []
    expired: list[str] = []

    peers: list[Peer] = []

    def accept() -> Peer:
        peers.append(Peer(answer, seen))
        return peers[-1]

    async def both() -> LoadResult:
        server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings: dict[str, Any] = {
            "requests": [LoadRequest()],
            "rate_per_s": 100.0,
            "duration_s": 0.1,
            "arrivals": "constant",
            "timeout_s": 5.0,
            **plan,
        }

        def told(principal: str) -> None:
            expired.append(principal)
            generator.renew(principal, {"authorization": "Bearer second"})

        generator = Generator(LoadPlan(base_url=f"http://127.0.0.1:{port}", **settings), lambda _: None, told)
        if during is not None:
            during(generator)
        try:
            return await generator.run()
        finally:
            await generator.close()
            server.close()
            for peer in peers:
                peer.transport.abort()
            await asyncio.sleep(0.01)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        # Whether this machine was too busy to be believed just now is not what these tests are about.
        return Run(msgspec.structs.replace(runner.run(both()), windows=[]), seen, expired)


@pytest.fixture(name="exchange")
def _exchange() -> Callable[..., Run]:
    return exchange
