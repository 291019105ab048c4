"""
The schema of a database as text: equal schemas give equal bytes.
"""

import os
import subprocess
from collections.abc import Mapping
from functools import lru_cache

from psycopg.conninfo import make_conninfo

from hasten.errors import Missing, NotAllowed
from hasten.world.programs import find_postgres
from hasten.world.refusals import parts_of


def dump(dsn: str, major: int, programs: str, label: str, environment: Mapping[str, str], timeout_s: float) -> bytes:
    """
    What `pg_dump -s` writes, by a pg_dump that knows the server's major version.

    Raises:
        Missing: no pg_dump that is new enough for this server.
        NotAllowed: the role may not read the schema.
    """
    pg_dump = pg_dump_for(major, programs)
    parts = parts_of(dsn)
    password = parts.pop("password", None)
    argv = [pg_dump, "-s", "-d", make_conninfo("", **parts)]
    if _has_restrict(pg_dump):
        # Without it each dump carries a random key of its own.
        argv.append("--restrict-key=hasten")
    secret = {"PGPASSWORD": str(password)} if password else {}
    done = subprocess.run(
        argv, env={**os.environ, **environment, **secret}, capture_output=True, timeout=timeout_s, check=False
    )
    if done.returncode:
        raise NotAllowed(
            f"pg_dump of {label} failed: {done.stderr.decode(errors='replace').strip()[-500:]}",
            hint="give the role the right to read the schema, or name another role",
        )
    return done.stdout


@lru_cache
def pg_dump_for(major: int, named: str) -> str:
    """
    A pg_dump that is not older than the server.

    Raises:
        Missing: there is none.
    """
    try:
        if named:
            return find_postgres(named).program("pg_dump")
        newest = find_postgres()
        return (newest if newest.major >= major else find_postgres(major=major)).program("pg_dump")
    except Missing as error:
        raise Missing(f"no pg_dump for PostgreSQL {major}: {error}", hint=error.hint) from error


@lru_cache
def _has_restrict(pg_dump: str) -> bool:
    done = subprocess.run([pg_dump, "--help"], capture_output=True, text=True, timeout=10, check=False)
    return "--restrict-key" in done.stdout
