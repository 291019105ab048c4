"""
Clones beside the original, by CREATE DATABASE … TEMPLATE: only while nobody is connected to it.
"""

from psycopg import sql

from hasten.errors import HastenError, NotAllowed
from hasten.world.postgres import Database, Facts
from hasten.world.registry import wait_until

COPY_TIMEOUT_S = 1800.0

LEAVING_S = 2.0
"""A connection that was closed is seen a moment longer."""

_CONNECTED = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def make(source: Database, facts: Facts, instance: str, count: int) -> list[Database]:
    """
    `count` copies of the database on its own server, named `hasten_clone_<instance>_<n>`.

    Raises:
        NotAllowed: the role may not, or somebody is connected.
    """
    if not facts.may_create_databases:
        raise NotAllowed(f"role {facts.role} may not create databases", hint=f"ALTER ROLE {facts.role} CREATEDB")
    if not wait_until(lambda: _connected(source, facts) == 0, LEAVING_S, step_s=0.1):
        others = _connected(source, facts)
        raise NotAllowed(f"{others} others are connected to {facts.database}", hint="stop the application first")
    drop(source, instance)
    made = []
    try:
        for number in range(count):
            name = f"{_prefix(instance)}{number}"
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            statement_ids = statement.format(sql.Identifier(name), sql.Identifier(facts.database))
            _beside(source).run(statement_ids, statement_timeout_s=COPY_TIMEOUT_S)
            made.append(source.on(name))
    except HastenError as error:
        drop(source, instance)
        raise NotAllowed(f"the database was not copied: {error}", hint=error.hint) from error
    return made


def _connected(source: Database, facts: Facts) -> int:
    return int(_beside(source).value(_CONNECTED, [facts.database]))


def drop(source: Database, instance: str) -> int:
    """
    The copies that this instance made, now or before a crash, are gone; how many there were.
    """
    beside, prefix = _beside(source), _prefix(instance)
    rows = beside.rows("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
    for row in rows:
        beside.run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(row["datname"])))
    return len(rows)


def left_by(source: Database, instance: str) -> list[str]:
    """
    The names of the copies that this instance made and that are still there; looked up without leaving the database.
    """
    if not instance:
        return []
    rows = source.rows("SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1", [_prefix(instance)])
    return [str(row["datname"]) for row in rows]


def _beside(source: Database) -> Database:
    # Neither the template nor the copy may have a connection of ours.
    return source.named("clone").on("postgres")


def _prefix(instance: str) -> str:
    return f"hasten_clone_{instance}_"
