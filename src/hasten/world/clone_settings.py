"""
What a clone takes over from its source, so that the planner decides alike, and what it must not.
"""

from contextlib import suppress

import psutil

from hasten.errors import ConfigError, Missing
from hasten.world.postgres import Database
from hasten.world.programs import PostgresPrograms, find_postgres

MIN_BUFFERS_BYTES = 128 * 1024 * 1024

# Ways out of the clone, things of the source's machine, and waits that a copy does not need.
_OWN = {
    "max_logical_replication_workers": "0",
    "archive_mode": "off",
    "wal_level": "replica",
    "autovacuum": "off",  # both arms stay as they are while they are compared
    "fsync": "off",  # a clone that is lost is made anew
    "ssl": "off",
    "huge_pages": "try",
}

_CARRIED = """
    SELECT name, current_setting(name) AS value FROM pg_settings
    WHERE source NOT IN ('default', 'override', 'client', 'session', 'interactive', 'test')
        AND (category LIKE 'Query Tuning%' OR category IN (
            'Resource Usage / Memory', 'Resource Usage / Asynchronous Behavior', 'Resource Usage / Worker Processes',
            'Resource Usage / Background Writer', 'Resource Usage / I/O', 'Lock Management',
            'Write-Ahead Log / Settings', 'Write-Ahead Log / Checkpoints',
            'Client Connection Defaults / Statement Behavior', 'Client Connection Defaults / Locale and Formatting',
            'Version and Platform Compatibility / Previous PostgreSQL Versions',
            'Version and Platform Compatibility / Other Platforms and Clients')
            OR name IN ('max_connections', 'track_io_timing', 'pg_stat_statements.max'))
        AND name NOT IN ('io_method', 'shared_memory_type', 'dynamic_shared_memory_type', 'default_tablespace',
            'temp_tablespaces', 'default_transaction_read_only', 'event_source', 'wal_sync_method')
        AND NOT (name LIKE 'recovery%')
"""


def carried(source: Database, count: int) -> dict[str, str]:
    """
    The settings of a clone: the source's where plans and times depend on them, and none that leads outside.

    Args:
        count: How many clones run at once; their buffers share a quarter of the memory that is available.
    """
    rows = source.rows(_CARRIED, read_only=True)
    settings = {row["name"]: row["value"] for row in rows} | _OWN
    buffers = int(source.value("SELECT setting::bigint * 8192 FROM pg_settings WHERE name = 'shared_buffers'"))
    most = max(MIN_BUFFERS_BYTES, psutil.virtual_memory().available // 4 // count)
    settings["shared_buffers"] = f"{min(buffers, most) // 1024}kB"
    prepared = source.value("SHOW max_prepared_transactions")
    return settings | {"max_prepared_transactions": str(prepared)}


def programs_for(source: Database, major: int) -> PostgresPrograms:
    """
    The programs of the source's own version: the ones named for it, else those of this machine.

    Raises:
        Missing: there are none.
    """
    if source.programs:
        with suppress(ConfigError, Missing):
            return find_postgres(source.programs, major=major)
    return find_postgres(major=major)


def server_size_bytes(source: Database) -> int:
    """
    The size of all databases of the server (those that the role may not enter count as far as it can see them).
    """
    return int(
        source.value(
            "SELECT coalesce(sum(pg_database_size(oid)), 0)::bigint FROM pg_database"
            " WHERE has_database_privilege(oid, 'CONNECT') OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
        )
    )


def tablespaces(source: Database) -> list[str]:
    """
    Where the server keeps data outside of its data directory.
    """
    rows = source.rows("SELECT pg_tablespace_location(oid) AS place FROM pg_tablespace ORDER BY oid", read_only=True)
    return [row["place"] for row in rows if row["place"]]
