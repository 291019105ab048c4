"""
aiohttp's calls.
"""

import asyncio

import aiohttp
import aiohttp.client
import pytest

from hasten_runtime.telemetry.traces import on_aiohttp
from hasten_runtime.telemetry.traces.trace import Trace


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its sessions tell of their calls.
    """
    for name in ("_request", "__init__"):
        monkeypatch.setattr(aiohttp.ClientSession, name, aiohttp.ClientSession.__dict__[name])
    on_aiohttp.hook(aiohttp.client)


def test_calls_are_steps(of: Trace, service: str) -> None:
    """
    Making the session, then each request with the whole address, its status, and what it sent.
    """
    host = service.removeprefix("http://")

    async def main() -> None:
        async with aiohttp.ClientSession(base_url=service, headers={"Authorization": "us"}) as session:
            for token in ("1", "1", "2"):
                async with session.post("/introspect", json={"token": token}) as answer:
                    assert (await answer.read()).startswith(b"asked: /introspect")
            async with session.get("/orders/5", params={"a": "b"}) as answer:
                await answer.read()

    asyncio.run(main())
    made, one, same, other, last = [each for each in of.steps if each[0] != "stall"]

    assert ("client", "aiohttp") == (made[0], made[3])
    assert one[4] == same[4] != other[4]
    assert (f"POST {host}/introspect", 200) == (one[3], one[5])
    assert f"GET {host}/orders/{{}}" == last[3]
