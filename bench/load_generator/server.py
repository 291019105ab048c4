"""
A server that delays each answer by a known amount, stands still for two seconds in every twenty, and logs both.

Delays are lognormal. A stall is like a stopped process: what comes in it begins after it, and what was under way goes
on after it. Logged is what was really injected: from the arrival of the bytes to the sending of the answer.

GET /<arm>/… is delayed and logged under the arm; GET /log/<arm> gives the log: [wall clock at arrival, seconds].
"""

import asyncio
import json
import math
import random
import resource
import sys
import time

MEDIAN_S, SIGMA = 0.050, 0.7
STALL_EVERY_S, STALL_S = 20.0, 2.0
#: Where in each period the stall begins.
STALL_AT_S = 9.0

#: arm → [(wall clock, seconds)]
LOG: dict[str, list[tuple[float, float]]] = {}
BODY = b"x" * 500


def answer(body: bytes) -> bytes:
    """
    A whole HTTP answer.
    """
    return b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


ANSWER = answer(BODY)


def due(arrival_s: float, delay_s: float) -> float:
    """
    When the answer to a request goes out, both in seconds since the server's start.
    """
    period, phase = divmod(arrival_s, STALL_EVERY_S)
    begins = period * STALL_EVERY_S + STALL_AT_S
    if STALL_AT_S <= phase < STALL_AT_S + STALL_S:
        return begins + STALL_S + delay_s
    if phase >= STALL_AT_S + STALL_S:
        begins += STALL_EVERY_S
    end = arrival_s + delay_s
    return end if end < begins else end + STALL_S


class Delayed(asyncio.Protocol):
    """
    One connection; requests have no body and come one at a time.
    """

    source = random.Random(20)
    start = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """
        Open.
        """
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.rest = b""

    def data_received(self, data: bytes) -> None:
        """
        A request came; its answer is due at a moment that is known now.
        """
        arrival = time.monotonic()
        self.rest += data
        if not self.rest.endswith(b"\r\n\r\n"):
            return
        path = self.rest.split(b" ", 2)[1].decode()
        self.rest = b""
        arm = path.split("/")[1]
        if arm == "log":
            self.transport.write(answer(json.dumps(LOG.get(path.split("/")[2], [])).encode()))
            return
        delay = self.source.lognormvariate(math.log(MEDIAN_S), SIGMA)
        at = due(arrival - self.start, delay) + self.start
        asyncio.get_running_loop().call_at(at, self.reply, arm, arrival, time.time())

    def reply(self, arm: str, arrival: float, wall: float) -> None:
        """
        The answer goes out, and what it was delayed by is logged.
        """
        LOG.setdefault(arm, []).append((wall, time.monotonic() - arrival))
        if not self.transport.is_closing():
            self.transport.write(ANSWER)


async def main() -> None:
    """
    Serves until it is ended; the first line on stdout is the port.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Delayed.start = time.monotonic()
    server = await asyncio.get_running_loop().create_server(Delayed, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The end of stdin is the end of the benchmark, however it came about.
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
