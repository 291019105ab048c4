"""
The only place that opens connections to PostgreSQL for Hasten.

Every connection says who it is (`hasten:<instance>:<purpose>`), waits for no lock and no answer for ever, and
translates the server's refusals into errors with a hint.
"""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from hasten.errors import Unreachable
from hasten.world.facts import FACTS, need_create, need_statements
from hasten.world.facts import Facts as Facts
from hasten.world.refusals import parts_of, translated, unconnected
from hasten.world.schema_dump import dump

#: This run of Hasten, as it stands in application_name.
INSTANCE = secrets.token_hex(4)

CONNECT_TIMEOUT_S = 10
LOCK_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_S = 60.0

Statement = str | sql.Composable
Parameters = Sequence[Any] | Mapping[str, Any]
Row = dict[str, Any]


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
        parts = parts_of(self.dsn)
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
            raise translated(error, self.label) from error

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
        row = self.rows(FACTS)[0]
        return Facts(major=row["number"] // 10000, **{name: value for name, value in row.items() if name != "number"})

    def require_create(self) -> Facts:
        """
        The facts, once it is sure that this role can make indexes.

        Raises:
            NotAllowed: it cannot, and what to do.
        """
        return need_create(self.check(), self.label)

    def require_statements(self) -> Facts:
        """
        The facts, once it is sure that pg_stat_statements can be read.

        Raises:
            NotAllowed: it cannot, and what to do.
        """
        return need_statements(self.check(), self.label)

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
        environment = {"PGAPPNAME": self.named("dump").application_name, "PGCONNECT_TIMEOUT": str(CONNECT_TIMEOUT_S)}
        return dump(self.dsn, self.check().major, self.programs, self.label, environment, timeout_s)

    def _open(self, options: Mapping[str, str]) -> "psycopg.Connection[Row]":
        given = parts_of(self.dsn)
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
            raise unconnected(error, self.dsn, self.label) from error


def as_query(statement: Statement) -> Any:
    """
    The statement as psycopg takes it.
    """
    return statement.encode() if isinstance(statement, str) else statement


_END_BACKENDS: LiteralString = """
    SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE starts_with(application_name, %s) AND pid <> pg_backend_pid()
"""
