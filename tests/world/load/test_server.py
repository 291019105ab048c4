"""
hasten.world.load.server
"""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hasten.errors import Unreachable
from hasten.world.load.generator import Generator
from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.load.result import LoadResult
from hasten.world.load.server import Server


class Nobody:
    """
    An owner that hears nothing.
    """

    def finished(self, *_: Any, **__: Any) -> None:
        """
        Nothing.
        """

    def failed(self, *_: Any, **__: Any) -> None:
        """
        Nothing.
        """


def test_the_connection_used_last_comes_first_and_closed_ones_never(application: Any) -> None:
    """
    As in a browser the warmest connection is taken; one that was closed is passed over.
    """

    async def look() -> tuple[bool, bool, bool]:
        server = Server(LoadPlan(base_url=application.url, requests=[], rate_per_s=1, duration_s=1), Nobody())
        await server.find()
        first = server.free()
        assert first is not None
        second = await server.connect()
        server.keep(first)
        server.keep(second)
        found = server.free()
        first.abort()
        nothing = server.free()
        second.abort()
        await asyncio.sleep(0.01)
        return found is second, nothing is None, server.opened == 2

    assert (True, True, True) == asyncio.run(look())


def test_an_unknown_name_is_unreachable() -> None:
    """
    The error names the address.
    """
    plan = LoadPlan(base_url="http://no-such-host.invalid", requests=[], rate_per_s=1, duration_s=1)

    with pytest.raises(Unreachable, match=r"no-such-host\.invalid"):
        asyncio.run(Server(plan, Nobody()).find())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A certificate that nobody trusts, with its key.
    """
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    made = subprocess.run(
        [*command, "-keyout", str(path), "-out", str(path) + ".crt"], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("openssl is not here to make a certificate")
    path.write_bytes(path.read_bytes() + Path(str(path) + ".crt").read_bytes())
    return path


def over_tls(certificate: Path, *, verify_tls: bool) -> LoadResult:
    """
    A short run against a server with that certificate.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def both() -> LoadResult:
        writers: list[asyncio.StreamWriter] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            try:
                while await reader.readuntil(b"\r\n\r\n"):
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            except (asyncio.IncompleteReadError, OSError):
                writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        plan = LoadPlan(
            base_url=f"https://127.0.0.1:{port}",
            requests=[LoadRequest()],
            rate_per_s=50,
            duration_s=0.1,
            arrivals="constant",
            verify_tls=verify_tls,
        )
        generator = Generator(plan, lambda _: None, lambda _: None)
        try:
            return await generator.run()
        finally:
            await generator.close()
            server.close()
            for writer in writers:
                writer.transport.abort()
            await asyncio.sleep(0.05)

    return asyncio.run(both())


def test_https_is_spoken(certificate: Path) -> None:
    """
    With verification off a private certificate will do.
    """
    result = over_tls(certificate, verify_tls=False)

    assert [200] * 5 == list(result.records.ints("status"))


def test_an_untrusted_certificate_is_refused(certificate: Path) -> None:
    """
    Unless told otherwise the certificate must be trusted.
    """
    with pytest.raises(Unreachable, match="certificate"):
        over_tls(certificate, verify_tls=True)
