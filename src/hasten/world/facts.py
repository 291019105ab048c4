"""
What a server is and what a role may do on it, and what is missing for Hasten's work.
"""

from typing import LiteralString

from hasten.errors import NotAllowed
from hasten.model import Noun


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


def need_create(facts: Facts, label: str) -> Facts:
    """
    The facts, if this role can make indexes.

    Raises:
        NotAllowed: it cannot, and what to do.
    """
    if facts.in_recovery:
        raise NotAllowed(f"{label} is a read-only standby", hint="name the primary server in hasten.toml")
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


def need_statements(facts: Facts, label: str) -> Facts:
    """
    The facts, if pg_stat_statements can be read.

    Raises:
        NotAllowed: it cannot, and what to do.
    """
    if not facts.statements_preloaded:
        raise NotAllowed(
            f"pg_stat_statements is not loaded by the server of {label}",
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


FACTS: LiteralString = """
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
