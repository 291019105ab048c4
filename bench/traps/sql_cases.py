"""
Statements and indexes on a real PostgreSQL.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.traps.case import Outcome


@contextmanager
def runs(folder: Path) -> Iterator[list[tuple[str, Callable[[], Outcome]]]]:
    """
    What can be run, by name.
    """
    yield []
