"""Database sessions."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from slowdesk.config import sqlalchemy_url


@contextmanager
def open_session() -> Iterator[Session]:
    """A session on a connection of its own, so that no request sees another one's transaction."""
    engine = create_engine(sqlalchemy_url(), connect_args={"application_name": "slowdesk"})
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def get_session() -> Iterator[Session]:
    """FastAPI dependency: the request's session."""
    with open_session() as session:
        yield session
