"""
Functions that statements are woven into by a test.
"""

from __future__ import annotations

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

    def closes_over(self) -> Any:
        """
        A function with something around it.
        """

        def inner() -> object:
            yield self

        return inner
