"""
hasten.world.load.clock
"""

import asyncio

from hasten.world.load.clock import new_loop


def test_a_timer_never_comes_early_and_sockets_still_wake_the_loop() -> None:
    """
    The precise wait keeps both promises of a selector loop.
    """

    async def look() -> tuple[float, bytes]:
        loop = asyncio.get_running_loop()

        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello")
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        # Nothing but the socket can end this wait before its minute.
        said = await asyncio.wait_for(reader.read(5), 60)
        writer.close()
        await writer.wait_closed()
        server.close()
        begun = loop.time()
        await asyncio.sleep(0.0123)
        return loop.time() - begun, said

    with asyncio.Runner(loop_factory=new_loop) as runner:
        took, said = runner.run(look())

    assert b"hello" == said
    assert took >= 0.0123 - 1e-6
