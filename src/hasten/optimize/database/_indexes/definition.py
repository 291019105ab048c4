"""
An index as data, its name, and the statements that create and drop it.
"""

import re

from psycopg import sql

from hasten.model import Noun, digest_of

PREFIX = "hasten_"
#: PostgreSQL cuts longer names silently (NAMEDATALEN - 1), so two could become one.
LONGEST_NAME_BYTES = 63


class Key(Noun, frozen=True, kw_only=True, order=True):
    """
    One key of an index: a bare column by its unquoted name, or an expression as SQL.
    """

    text: str
    is_expression: bool = False
    descending: bool = False

    @property
    def as_sql(self) -> str:
        """
        The key as CREATE INDEX wants it.
        """
        name = f"({self.text})" if self.is_expression else sql.Identifier(self.text).as_string()
        return f"{name} DESC" if self.descending else name

    def __str__(self) -> str:
        return f"{self.text} DESC" if self.descending else self.text


class Definition(Noun, frozen=True, kw_only=True, order=True):
    """
    A plain B-tree index. `table` is schema-qualified unless the schema is public.
    """

    table: str
    keys: tuple[Key, ...]

    @property
    def schema(self) -> str:
        """
        The schema of the table, and so of the index.
        """
        return self.table.partition(".")[0] if "." in self.table else "public"

    @property
    def bare_table(self) -> str:
        """
        The table's name without its schema.
        """
        return self.table.partition(".")[2] if "." in self.table else self.table

    @property
    def has_expression(self) -> bool:
        """
        Whether a key is more than a column, so that ANALYZE must gather statistics for it.
        """
        return any(key.is_expression for key in self.keys)

    @property
    def analyze(self) -> str:
        """
        The statement that gathers statistics for its expressions.
        """
        return f"ANALYZE {self.qualified_table}"

    @property
    def name(self) -> str:
        """
        `hasten_<table>_<keys>_<6 hex>`, at most 63 bytes; the same definition has the same name everywhere.
        """
        words = "_".join([self.bare_table, *(str(key) for key in self.keys)])
        words = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
        digest = digest_of([self.table, self.keys], 6)
        room = LONGEST_NAME_BYTES - len(PREFIX) - len(digest) - 1
        return f"{PREFIX}{words[:room].rstrip('_')}_{digest}"

    @property
    def qualified_name(self) -> str:
        """
        The name with its schema, quoted.
        """
        return sql.Identifier(self.schema, self.name).as_string()

    @property
    def qualified_table(self) -> str:
        """
        The table with its schema, quoted.
        """
        return sql.Identifier(self.schema, self.bare_table).as_string()

    def create(self, *, concurrently: bool = True) -> str:
        """
        The statement that builds it.
        """
        name = sql.Identifier(self.name).as_string()
        keys = ", ".join(key.as_sql for key in self.keys)
        how = "CONCURRENTLY " if concurrently else ""
        return f"CREATE INDEX {how}{name} ON {self.qualified_table} USING btree ({keys})"

    def drop(self, *, concurrently: bool = True) -> str:
        """
        The statement that removes it.
        """
        return f"DROP INDEX {'CONCURRENTLY ' if concurrently else ''}IF EXISTS {self.qualified_name}"

    def __str__(self) -> str:
        return f"{self.table} ({', '.join(str(key) for key in self.keys)})"
