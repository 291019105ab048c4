"""
Commands to a Valkey in a traced request.
"""

from pathlib import Path

import pytest
from tests.real.stepping import kinds, stepped

from hasten.world.supervisor import Supervisor
from hasten.world.valkey import start_valkey

pytestmark = pytest.mark.real

CODE = """
import asyncio, redis, redis.asyncio, valkey
with redis.Redis.from_url(URL) as client:
    def known(key):
        return client.get(key)
    client.set("a", "secret")
    for key in ("a", "a", "b"):
        known(key)
    with client.pipeline() as pipeline:
        pipeline.get("a").get("b")
        assert [b"secret", None] == pipeline.execute()
        pipeline.execute()
with valkey.Valkey.from_url(URL.replace("redis://", "valkey://")) as client:
    client.get("a")
async def main():
    async with redis.asyncio.Redis.from_url(URL) as client:
        await client.get("a")
        async with client.pipeline() as pipeline:
            pipeline.get("a")
            await pipeline.execute()
asyncio.run(main())
"""


def test_commands_are_steps(tmp_path: Path) -> None:
    """
    Of redis-py and of Valkey's library, pipelines as one; values are compared, and nothing of them is told.
    """
    with Supervisor(tmp_path) as supervisor:
        found = stepped(CODE, start_valkey(supervisor), tmp_path)
    names = ["SET", "GET", "GET", "GET", "PIPELINE", "GET", "GET", "PIPELINE"]
    steps = [each for each in found if each[0] == "redis"]

    assert names == [name for _, name in kinds(found, "redis")]
    assert steps[1][2] == steps[2][2] == steps[5][2] == steps[6][2] != steps[3][2]
    assert "" != steps[4][2] != steps[7][2] != ""
    assert ["known", "<module>"] == steps[1][4]
    assert "secret" not in str(found)
    assert [] == kinds(found, "stall")
