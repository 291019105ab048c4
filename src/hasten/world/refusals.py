"""
PostgreSQL's refusals, translated into errors with a hint.
"""

import re
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from hasten import log
from hasten.errors import ConfigError, HastenError, NotAllowed, Unreachable


def parts_of(dsn: str) -> dict[str, Any]:
    """
    The parameters of a libpq URL or key=value string.

    Raises:
        ConfigError: it is neither.
    """
    try:
        parts = conninfo_to_dict(dsn)
        for name in ("port", "connect_timeout"):
            for number in str(parts.get(name) or 0).split(","):
                int(number)
    except (psycopg.ProgrammingError, ValueError) as error:
        raise ConfigError(
            f"the database URL is not one: {log.redact(str(error).strip())}",
            hint="write it as postgresql://user:password@host:5432/name",
        ) from None
    return parts


def unconnected(error: psycopg.Error, dsn: str, label: str) -> HastenError:
    """
    Why no connection was had, and what to do.
    """
    says = " ".join(str(error).split())
    user, dbname = (parts_of(dsn).get(key, "") for key in ("user", "dbname"))
    log.event("connection refused", database=label, says=says)
    for pattern, kind, message, hint in _REFUSALS:
        if re.search(pattern, says):
            message, hint = (text.format(label=label, user=user, dbname=dbname) for text in (message, hint))
            return kind(message, hint=hint, says=says)
    return Unreachable(
        f"the database {label} does not answer: {says[-300:]}",
        hint="check that PostgreSQL runs, and [database] in hasten.toml",
    )


def translated(error: psycopg.Error, label: str) -> HastenError:
    """
    Why a statement was refused, and what to do; `data` holds `sqlstate`.
    """
    says = (error.diag.message_primary or str(error)).strip()
    facts = {"sqlstate": error.sqlstate or "", "database": label}
    if isinstance(error, psycopg.errors.InsufficientPrivilege | psycopg.errors.ReadOnlySqlTransaction):
        return NotAllowed(
            f"PostgreSQL refuses in {label}: {says}",
            hint="give the role this right, or name another role in hasten.toml",
            **facts,
        )
    if isinstance(error, psycopg.OperationalError) and (error.sqlstate or "57P01")[:3] in ("57P", "080", "08P"):
        return Unreachable(
            f"the connection to {label} was lost: {says}", hint="check that PostgreSQL still runs", **facts
        )
    if error.sqlstate == "53100":
        return Unreachable(f"the disk of {label} is full: {says}", hint="make room and run again", **facts)
    if error.sqlstate in ("55P03", "57014"):
        return HastenError(f"{label} took too long: {says}", hint="try again when the database is less busy", **facts)
    return HastenError(f"PostgreSQL refuses in {label}: {says}", hint=error.diag.message_hint or "", **facts)


_REFUSALS: list[tuple[str, type[HastenError], str, str]] = [
    (
        r"password authentication failed|no password supplied",
        ConfigError,
        "the password of {user} for {label} is wrong",
        "correct it in [database] url, or in the environment variable that the url takes it from",
    ),
    (
        r"database \".*\" does not exist",
        ConfigError,
        "there is no database {dbname} on the server of {label}",
        "correct the name in [database], or create it",
    ),
    (
        r"role \".*\" does not exist",
        ConfigError,
        "there is no role {user} on the server of {label}",
        "correct the user in [database] url",
    ),
    (
        r"no pg_hba.conf entry|authentication failed",
        NotAllowed,
        "the server of {label} does not let {user} in from this machine",
        "add a line for it to pg_hba.conf, or connect another way",
    ),
    (
        r"permission denied for database",
        NotAllowed,
        "role {user} may not connect to {dbname}",
        "GRANT CONNECT ON DATABASE {dbname} TO {user}",
    ),
    (
        r"unsupported startup parameter",
        ConfigError,
        "{label} is a connection pooler, not PostgreSQL itself",
        "name PostgreSQL's own port in [database] url",
    ),
    (
        r"too many (clients|connections)|remaining connection slots",
        Unreachable,
        "{label} has no connection left",
        "raise max_connections, or let the application hold fewer",
    ),
    (
        r"starting up|shutting down|not yet accepting",
        Unreachable,
        "{label} is starting or stopping",
        "wait until it is up and run again",
    ),
]
