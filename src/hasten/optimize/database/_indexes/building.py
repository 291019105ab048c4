"""
Building and removing an index while the application goes on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

import psycopg

from hasten.application import App
from hasten.errors import ApplyFailed, HastenError, RevertFailed
from hasten.model import Change
from hasten.optimize.database._indexes import catalog
from hasten.optimize.database._indexes.definition import Definition
from hasten.world.clone import need_room
from hasten.world.postgres import Row, as_query

#: CONCURRENTLY waits for every older transaction; a forgotten one must not hold the whole run.
LOCK_TIMEOUT_S = 30
#: Going back is worth a longer wait than going forward.
DROP_LOCK_TIMEOUT_S = 90
#: A transaction that has been open for longer than this will probably stay so for a while.
OLD_TRANSACTION_S = 5
#: The role's own statement_timeout is meant for requests and would cut a build short.
BUILD_TIMEOUT_S = 3600


def build(wanted: Definition, app: App) -> None:
    """
    The index is there and whole.

    Raises:
        ApplyFailed: it is not, and nothing of it is left.
        RevertFailed: it is not, and something of it is left.
    """
    with session(app, LOCK_TIMEOUT_S) as connection:
        _need_room(connection, wanted, app)
        _wait_for_old_transactions(connection)
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
    with session(app, DROP_LOCK_TIMEOUT_S) as connection:
        connection.execute(as_query(wanted.drop()))
        if catalog.index_named(connection, wanted) is not None:
            raise RevertFailed(f"{wanted.name} was dropped and is still there", hint=f"run by hand: {wanted.drop()};")


@contextmanager
def session(app: App, lock_timeout_s: float) -> Iterator[psycopg.Connection[Row]]:
    """
    A session that waits for locks, and builds, for a bounded time only.
    """
    with app.database.connect(lock_timeout_s=lock_timeout_s, statement_timeout_s=BUILD_TIMEOUT_S) as connection:
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


def _wait_for_old_transactions(connection: psycopg.Connection[Row]) -> None:
    """
    No other session has had a transaction open for long; found out before anything is built.

    CONCURRENTLY waits for all of them, and so does taking back what it left: neither could end.
    """
    deadline = monotonic() + LOCK_TIMEOUT_S
    while found := connection.execute(_OLD_TRANSACTIONS, [OLD_TRANSACTION_S]).fetchone():
        if monotonic() > deadline:
            raise ApplyFailed(
                f"session {found['pid']} ({found['role']}, {found['state']}) has had a transaction open for "
                f"{found['age_s']:.0f} s, and an index cannot be finished before it ends",
                hint=f"end it: SELECT pg_terminate_backend({found['pid']}); then try again",
            )
        sleep(0.1)


_OLD_TRANSACTIONS = """
    SELECT pid, usename AS role, coalesce(state, 'unknown') AS state,
        extract(epoch FROM clock_timestamp() - xact_start)::float8 AS age_s
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        AND clock_timestamp() - xact_start > make_interval(secs => %s)
    ORDER BY xact_start LIMIT 1
"""


def _need_room(connection: psycopg.Connection[Row], wanted: Definition, app: App) -> None:
    """
    The disk has room for the index; only known where Hasten runs the server itself.
    """
    if app.cluster is None:
        return
    columns = [key.text for key in wanted.keys if not key.is_expression]
    row = connection.execute(_ROWS_AND_WIDTH, [columns, wanted.schema, wanted.bare_table]).fetchone()
    if row is None:
        return
    expressions = len(wanted.keys) - len(columns)
    bytes_per_row = _ENTRY_BYTES + float(row["width"]) + expressions * _EXPRESSION_BYTES
    # A build sorts first, so for a while it needs its size twice.
    need_room(app.cluster.data_dir, int(2 * float(row["rows"]) * bytes_per_row), 1)


_ENTRY_BYTES = 20
_EXPRESSION_BYTES = 32
_ROWS_AND_WIDTH = """
    SELECT greatest(c.reltuples, 0) AS rows, coalesce(sum(s.avg_width), 0) AS width
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = ANY (%s)
    WHERE n.nspname = %s AND c.relname = %s GROUP BY c.oid, c.reltuples
"""


def _clear(wanted: Definition, app: App, cause: BaseException | None) -> None:
    try:
        drop(wanted, app)
    except (psycopg.Error, HastenError) as error:
        raise RevertFailed(
            f"{wanted.name} could not be built, and what is left of it could not be removed: {error}",
            hint=f"finish by hand: {wanted.drop()};",
            by_hand=[f"{wanted.drop()};"],
        ) from (cause or error)
