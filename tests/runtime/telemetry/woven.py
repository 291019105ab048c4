"""
Functions that statements are woven into by a test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any


class Thing:
    """
    Something with methods.
    """

    def counts(self, to: int, *, by: int = 1) -> Generator[int, Any, None]:
        """
        The numbers below, one after the other.
        """
        # A comment, and a line that fails.
        for number in range(0, to, by):
            yield 10 // (7 - number)

    def returns(self, to: int) -> int:
        """
        It ends in its middle.
        """
        return to

    async def waits(self, to: int, *, by: int = 1) -> int:
        """
        It ends in several places, and calls what the module has imported.
        """
        if to > 5:
            raise ValueError(to)
        await asyncio.sleep(
            delay=0,
        )
        if to > 3:
            return to + by
        return to

    def closes_over(self) -> Any:
        """
        A function with something around it.
        """

        def inner() -> object:
            yield self

        return inner
