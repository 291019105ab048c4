"""Where the database, the identity provider and the built front end are, from the environment."""

import os
from pathlib import Path

DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://slowdesk@127.0.0.1:5432/slowdesk")
IDENTITY_URL = os.environ.get("IDENTITY_URL", "http://127.0.0.1:8081")
WEB_ROOT = Path(os.environ.get("SLOWDESK_WEB") or Path(__file__).parents[2] / "web" / "dist")

SESSION_COOKIE = "slowdesk_session"


def sqlalchemy_url(url: str = DATABASE_URL) -> str:
    """The database address with the driver SQLAlchemy shall use."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url
