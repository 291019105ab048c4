"""
Building and removing an index while the application goes on.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from hasten.application import App
from hasten.errors import ApplyFailed, HastenError, RevertFailed
from hasten.model import Change
from hasten.optimize.database._indexes import catalog
from hasten.optimize.database._indexes.definition import Definition
from hasten.world.postgres import Row, as_query

#: CONCURRENTLY waits for every older transaction; a forgotten one must not hold the whole run.
LOCK_TIMEOUT_S = 30
#: The role's own statement_timeout is meant for requests and would cut a build short.
BUILD_TIMEOUT_S = 3600


def build(wanted: Definition, app: App) -> None:
    """
    The index is there and whole.

    Raises:
        ApplyFailed: it is not, and nothing of it is left.
        RevertFailed: it is not, and something of it is left.
    """
    with session(app) as connection:
        # What a failed build left behind takes the name, and its upkeep costs as much as a whole index's.
        connection.execute(as_query(wanted.drop()))
        try:
            connection.execute(as_query(wanted.create()))
            if wanted.has_expression:
                connection.execute(as_query(wanted.analyze))
        except BaseException as error:
            _clear(wanted, app, error)
            raise
        found = catalog.index_named(connection, wanted)
        if found is None or not found.whole or not found.is_same(wanted):
            _clear(wanted, app, None)
            raise ApplyFailed(f"{wanted.name} was created and is not what was asked for", hint="plan again")


def drop(wanted: Definition, app: App) -> None:
    """
    The index is gone.
    """
    with session(app) as connection:
        connection.execute(as_query(wanted.drop()))
        if catalog.index_named(connection, wanted) is not None:
            raise RevertFailed(f"{wanted.name} was dropped and is still there", hint=f"run by hand: {wanted.drop()};")


@contextmanager
def session(app: App) -> Iterator[psycopg.Connection[Row]]:
    """
    A session that waits for locks, and builds, for a bounded time only.
    """
    with app.database.connect(lock_timeout_s=LOCK_TIMEOUT_S, statement_timeout_s=BUILD_TIMEOUT_S) as connection:
        yield connection


@contextmanager
def tell(kind: type[HastenError], change: Change) -> Iterator[None]:
    """
    An error of the server becomes one of Hasten's, with a hint for the causes that people meet.
    """
    try:
        yield
    except (ApplyFailed, RevertFailed):
        raise
    except HastenError as error:
        state = str(error.data.get("sqlstate", ""))
        hint = _HINTS.get(state) or error.hint or "look at the server's log, then run `hasten recover`"
        message = f"{change.optimization} on {change.where.name}: {error}"
        raise kind(message, hint=hint, change=change.id, **error.data) from error


_HINTS = {
    "55P03": "a long transaction or another build holds the table; end it (see pg_stat_activity), then try again",
    "57014": "the statement was cancelled or took too long; try again when the server is less busy",
    "42501": "connect as the role that owns the table, or GRANT it to Hasten's role",
    "53100": "the disk is full; free some space, then try again",
    "42P01": "the table is gone; run `hasten baseline` and plan again",
    "42703": "a column is gone; run `hasten baseline` and plan again",
}


def _clear(wanted: Definition, app: App, cause: BaseException | None) -> None:
    try:
        drop(wanted, app)
    except (psycopg.Error, HastenError) as error:
        raise RevertFailed(
            f"{wanted.name} could not be built, and what is left of it could not be removed: {error}",
            hint=f"finish by hand: {wanted.drop()};",
            by_hand=[f"{wanted.drop()};"],
        ) from (cause or error)
