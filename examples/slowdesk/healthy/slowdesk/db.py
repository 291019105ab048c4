"""Database sessions, on connections that are kept."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from slowdesk.config import sqlalchemy_url
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

#: As many as there are threads that ask: FastAPI's forty, and those of `side_by_side`.
THREADS = 12
engine = create_engine(
    sqlalchemy_url(), pool_size=16, max_overflow=40 + THREADS - 16, connect_args={"application_name": "slowdesk"}
)
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="side-by-side")


@contextmanager
def open_session() -> Iterator[Session]:
    """A session of its own, so that no request sees another one's transaction."""
    with Session(engine) as session:
        yield session


def get_session() -> Iterator[Session]:
    """FastAPI dependency: the request's session."""
    with open_session() as session:
        yield session


def side_by_side(*parts: Callable[[Session], Any]) -> list[Any]:
    """What the parts give, each asked in a session of its own, all at the same time."""

    def run(part: Callable[[Session], Any]) -> Any:
        with open_session() as session:
            return part(session)

    futures = [_threads.submit(copy_context().run, run, part) for part in parts]
    return [future.result() for future in futures]
