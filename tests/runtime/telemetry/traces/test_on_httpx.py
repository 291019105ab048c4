"""
httpx's calls.
"""

import asyncio

import httpx
import pytest

from hasten_runtime.telemetry.traces import on_httpx
from hasten_runtime.telemetry.traces.trace import Trace


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its clients tell of their calls.
    """
    for client in (httpx.Client, httpx.AsyncClient):
        for name in ("send", "__init__"):
            monkeypatch.setattr(client, name, client.__dict__[name])
    on_httpx.hook(httpx)


def test_calls_are_steps(of: Trace, service: str) -> None:
    """
    Making the client, then each request with its status, a redirect with what it leads to.
    """
    host = service.removeprefix("http://")
    with httpx.Client(trust_env=False, verify=False, follow_redirects=True) as client:
        for path in ("/orders/5", "/orders/6", "/orders/5", "/none", "/moved"):
            client.get(service + path)

    assert [
        ("client", "httpx", -1),
        *[("http", f"GET {host}/orders/{{}}", 200)] * 3,
        ("http", f"GET {host}/none", 404),
        ("http", f"GET {host}/moved", 200),
    ] == [(each[0], each[3], each[5]) for each in of.steps]
    details = [each[4] for each in of.steps][1:]
    assert (details[0], 4) == (details[2], len(set(details)))


def test_asynchronous_calls_are_steps(of: Trace, service: str) -> None:
    """
    With what they send; a body that is streamed cannot be compared.
    """

    async def main() -> None:
        async def pieces():  # type: ignore[no-untyped-def]
            yield b"streamed"

        async with httpx.AsyncClient(trust_env=False, verify=False) as client:
            for body in (b"1", b"1", b"2", pieces()):
                answer = await client.post(service + "/introspect", content=body)
                answer.raise_for_status()

    asyncio.run(main())
    one, same, other, streamed = [each[4] for each in of.steps if each[0] == "http"]

    assert one == same != other
    assert "" == streamed
