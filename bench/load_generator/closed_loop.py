"""
The generator that most load tests are: a fixed number of connections, each asks again once it has its answer.

Its latencies count from the actual sending, so whoever would have come during a stall is never counted.
usage: python -m bench.load_generator.closed_loop PORT SECONDS CONNECTIONS  →  a JSON list of seconds
"""

import asyncio
import json
import sys
import time


async def ask(port: int, until: float, found: list[float]) -> None:
    """
    One connection, until its time is over.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < until:
        sent = time.monotonic()
        writer.write(b"GET /closed/ HTTP/1.1\r\nhost: bench\r\n\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
        found.append(time.monotonic() - sent)
    writer.close()
    await writer.wait_closed()


async def main() -> None:
    """
    All connections at once.
    """
    port, seconds, connections = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    found: list[float] = []
    until = time.monotonic() + seconds
    await asyncio.gather(*(ask(port, until, found) for _ in range(connections)))
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())
