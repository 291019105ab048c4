"""
The only place that opens connections to PostgreSQL for Hasten.

Every connection says who it is (`hasten:<instance>:<purpose>`), waits for no lock and no answer for ever, and
translates the server's refusals into errors with a hint.
"""

import os
import re
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from hasten import log
from hasten.errors import ConfigError, HastenError, Missing, NotAllowed, Unreachable
from hasten.model import Noun
from hasten.world.programs import find_postgres

#: This run of Hasten, as it stands in application_name.
INSTANCE = secrets.token_hex(4)

CONNECT_TIMEOUT_S = 10
LOCK_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_S = 60.0

Statement = str | sql.Composable
Parameters = Sequence[Any] | Mapping[str, Any]
Row = dict[str, Any]


class Facts(Noun, frozen=True, kw_only=True):
    """
    What a server is, and what this role may do on it.
    """

    version: str
    major: int
    database: str
    role: str
    is_superuser: bool
    may_create: bool
    may_replicate: bool
    may_create_databases: bool
    may_see_all_statements: bool
    tables: int
    owned_tables: int
    is_read_only: bool
    in_recovery: bool
    statements_preloaded: bool
    statements_installed: bool
    hypopg_installed: bool
    hypopg_available: bool
    size_bytes: int


@dataclass(frozen=True)
class Database:
    """
    One database, reached with one role.

    Args:
        dsn: URL or key=value string of libpq.
        purpose: What the connections are for; part of application_name.
        instance: Which run of Hasten; this one's if left out.
        programs: Where pg_dump is, if hasten.toml names it.
    """

    dsn: str
    purpose: str = "hasten"
    instance: str = INSTANCE
    programs: str = ""

    def __repr__(self) -> str:
        return f"Database({self.label}, {self.purpose!r})"

    @property
    def label(self) -> str:
        """
        The database for people, without its password: role@host:port/name.
        """
        parts = _parts(self.dsn)
        host = parts.get("host") or parts.get("hostaddr") or "local socket"
        return f"{parts.get('user', '')}@{host}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"

    @property
    def application_name(self) -> str:
        """
        Who its connections say that they are.
        """
        return f"hasten:{self.instance}:{self.purpose}"[:63]

    def named(self, purpose: str) -> "Database":
        """
        The same database for another purpose.
        """
        return replace(self, purpose=purpose)

    def on(self, dbname: str) -> "Database":
        """
        Another database of the same server, with the same role.
        """
        return replace(self, dsn=make_conninfo(self.dsn, dbname=dbname))

    @contextmanager
    def connect(
        self,
        *,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
        statement_timeout_s: float = STATEMENT_TIMEOUT_S,
        read_only: bool = False,
    ) -> "Iterator[psycopg.Connection[Row]]":
        """
        A connection with autocommit, closed at the end of the block; rows are dicts. 0 means no timeout.

        Raises:
            ConfigError, Unreachable, NotAllowed: it cannot be had, and why.
            HastenError: the server refused a statement; `data` holds `sqlstate`.
        """
        options = {
            "lock_timeout": f"{lock_timeout_s * 1000:.0f}",
            "statement_timeout": f"{statement_timeout_s * 1000:.0f}",
        }
        if read_only:
            options["default_transaction_read_only"] = "on"
        connection = self._open(options)
        try:
            with connection:
                yield connection
        except psycopg.Error as error:
            raise self._translated(error) from error

    def rows(self, statement: Statement, parameters: Parameters = (), **limits: Any) -> list[Row]:
        """
        The rows that one statement answers.
        """
        with self.connect(**limits) as connection:
            return connection.execute(as_query(statement), parameters or None).fetchall()

    def value(self, statement: Statement, parameters: Parameters = (), **limits: Any) -> Any:
        """
        The first column of the first row; None if there is none.
        """
        found = self.rows(statement, parameters, **limits)
        return next(iter(found[0].values())) if found else None

    def run(self, statement: Statement, parameters: Parameters = (), **limits: Any) -> int:
        """
        The statement was executed and committed; the number of rows that it touched.
        """
        with self.connect(**limits) as connection:
            return connection.execute(as_query(statement), parameters or None).rowcount

    def check(self) -> Facts:
        """
        What the server is and what this role may do.

        Raises:
            ConfigError, Unreachable, NotAllowed: it cannot be reached, and why.
        """
        row = self.rows(_FACTS)[0]
        return Facts(major=row["number"] // 10000, **{name: value for name, value in row.items() if name != "number"})

    def require_create(self) -> Facts:
        """
        The facts, once it is sure that this role can make indexes.

        Raises:
            NotAllowed: it cannot, and what to do.
        """
        facts = self.check()
        if facts.in_recovery:
            raise NotAllowed(f"{self.label} is a read-only standby", hint="name the primary server in hasten.toml")
        if facts.is_read_only:
            raise NotAllowed(
                f"role {facts.role} may only read in {facts.database} (default_transaction_read_only is on)",
                hint=f"ALTER ROLE {facts.role} RESET default_transaction_read_only, or name another role",
            )
        if not facts.may_create or (facts.tables and not facts.owned_tables):
            raise NotAllowed(
                f"role {facts.role} owns none of the {facts.tables} tables in {facts.database}, so it cannot index them"
                if facts.may_create
                else f"role {facts.role} may not create anything in schema public of {facts.database}",
                hint="name the role that owns the tables in hasten.toml, or GRANT its role to this one",
            )
        return facts

    def require_statements(self) -> Facts:
        """
        The facts, once it is sure that pg_stat_statements can be read.

        Raises:
            NotAllowed: it cannot, and what to do.
        """
        facts = self.check()
        if not facts.statements_preloaded:
            raise NotAllowed(
                f"pg_stat_statements is not loaded by the server of {self.label}",
                hint="add pg_stat_statements to shared_preload_libraries in postgresql.conf and restart PostgreSQL",
            )
        if not facts.statements_installed:
            raise NotAllowed(
                f"pg_stat_statements is not installed in {facts.database}",
                hint=f"as a superuser in {facts.database}: CREATE EXTENSION pg_stat_statements",
            )
        if not facts.may_see_all_statements:
            raise NotAllowed(
                f"role {facts.role} may not see the statements of other roles",
                hint=f"as a superuser: GRANT pg_read_all_stats TO {facts.role}",
            )
        return facts

    def end_backends(self, instance: str, *, timeout_s: float = 15.0) -> int:
        """
        No backend of that run of Hasten is there any more; how many were ended.

        A dead client's backend goes on building its index: this is what stops it.

        Raises:
            NotAllowed: a backend belongs to a role that this one may not end.
            Unreachable: one would not end in time.
        """
        if not instance:
            raise ValueError("the instance must be named: ending all backends is never meant")
        ended: set[int] = set()
        deadline = time.monotonic() + timeout_s
        with self.named("recover").connect() as connection:
            while found := connection.execute(_END_BACKENDS, [f"hasten:{instance}:"]).fetchall():
                ended |= {row["pid"] for row in found}
                if time.monotonic() > deadline:
                    raise Unreachable(
                        f"backend {found[0]['pid']} of an earlier Hasten does not end",
                        hint="look at it in pg_stat_activity; it may be waiting for the disk",
                    )
                time.sleep(0.05)
        return len(ended)

    def schema_dump(self, *, timeout_s: float = 120.0) -> bytes:
        """
        The schema as `pg_dump -s` writes it; equal schemas give equal bytes.

        Raises:
            Missing: no pg_dump that is new enough for this server.
            NotAllowed: the role may not read the schema.
        """
        major = self.check().major
        pg_dump = _pg_dump_for(major, self.programs)
        parts = _parts(self.dsn)
        password = parts.pop("password", None)
        argv = [pg_dump, "-s", "-d", make_conninfo("", **parts)]
        if _has_restrict(pg_dump):
            argv.append("--restrict-key=hasten")
        environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
        environment |= {"PGAPPNAME": self.named("dump").application_name, "PGCONNECT_TIMEOUT": str(CONNECT_TIMEOUT_S)}
        done = subprocess.run(argv, env=environment, capture_output=True, timeout=timeout_s, check=False)
        if done.returncode:
            raise NotAllowed(
                f"pg_dump of {self.label} failed: {done.stderr.decode(errors='replace').strip()[-500:]}",
                hint="give the role the right to read the schema, or name another role",
            )
        return done.stdout

    def _open(self, options: Mapping[str, str]) -> "psycopg.Connection[Row]":
        given = _parts(self.dsn)
        words = [given.get("options") or "", *(f"-c {name}={value}" for name, value in options.items())]
        try:
            return psycopg.Connection.connect(
                self.dsn,
                autocommit=True,
                prepare_threshold=None,
                row_factory=dict_row,
                application_name=self.application_name,
                connect_timeout=int(given.get("connect_timeout") or CONNECT_TIMEOUT_S),
                options=" ".join(filter(None, words)),
            )
        except psycopg.Error as error:
            raise self._unconnected(error) from error

    def _unconnected(self, error: psycopg.Error) -> HastenError:
        says = " ".join(str(error).split())
        user, dbname = (_parts(self.dsn).get(key, "") for key in ("user", "dbname"))
        log.event("connection refused", database=self.label, says=says)
        for pattern, kind, message, hint in _REFUSALS:
            if re.search(pattern, says):
                message, hint = (text.format(label=self.label, user=user, dbname=dbname) for text in (message, hint))
                return kind(message, hint=hint, says=says)
        return Unreachable(
            f"the database {self.label} does not answer: {says[-300:]}",
            hint="check that PostgreSQL runs, and [database] in hasten.toml",
        )

    def _translated(self, error: psycopg.Error) -> HastenError:
        says = (error.diag.message_primary or str(error)).strip()
        facts = {"sqlstate": error.sqlstate or "", "database": self.label}
        if isinstance(error, psycopg.errors.InsufficientPrivilege | psycopg.errors.ReadOnlySqlTransaction):
            return NotAllowed(
                f"PostgreSQL refuses in {self.label}: {says}",
                hint="give the role this right, or name another role in hasten.toml",
                **facts,
            )
        if isinstance(error, psycopg.OperationalError) and (error.sqlstate or "57P01")[:3] in ("57P", "080", "08P"):
            return Unreachable(
                f"the connection to {self.label} was lost: {says}", hint="check that PostgreSQL still runs", **facts
            )
        if error.sqlstate == "53100":
            return Unreachable(f"the disk of {self.label} is full: {says}", hint="make room and run again", **facts)
        if error.sqlstate in ("55P03", "57014"):
            return HastenError(
                f"{self.label} took too long: {says}", hint="try again when the database is less busy", **facts
            )
        return HastenError(f"PostgreSQL refuses in {self.label}: {says}", hint=error.diag.message_hint or "", **facts)


def as_query(statement: Statement) -> Any:
    """
    The statement as psycopg takes it.
    """
    return statement.encode() if isinstance(statement, str) else statement


def _parts(dsn: str) -> dict[str, Any]:
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


@lru_cache
def _pg_dump_for(major: int, named: str) -> str:
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

_END_BACKENDS: LiteralString = """
    SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE starts_with(application_name, %s) AND pid <> pg_backend_pid()
"""

_FACTS: LiteralString = """
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
        current_database() AS database, current_user::text AS role, rolsuper AS is_superuser,
        coalesce(has_schema_privilege(to_regnamespace('public')::oid, 'CREATE'), false) AS may_create,
        rolreplication OR rolsuper AS may_replicate, rolcreatedb OR rolsuper AS may_create_databases,
        rolsuper OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS may_see_all_statements,
        tables, owned_tables, pg_is_in_recovery() AS in_recovery,
        current_setting('default_transaction_read_only') = 'on' AS is_read_only,
        current_setting('pg_stat_statements.max', true) IS NOT NULL AS statements_preloaded,
        EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') AS statements_installed,
        EXISTS (SELECT FROM pg_extension WHERE extname = 'hypopg') AS hypopg_installed,
        EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hypopg') AS hypopg_available,
        pg_database_size(current_database()) AS size_bytes
    FROM pg_roles, (
        SELECT count(*) AS tables, count(*) FILTER (WHERE pg_has_role(relowner, 'USAGE')) AS owned_tables
        FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_'
    ) AS counted
    WHERE rolname = current_user
"""
