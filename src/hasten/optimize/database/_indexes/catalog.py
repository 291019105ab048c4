"""
What PostgreSQL's catalog says of indexes: which exist, whether they are whole, and which would serve the same purpose.
"""

import re

from psycopg import Connection

from hasten.model import Noun
from hasten.optimize.database._indexes.definition import Definition, Key
from hasten.world.postgres import Row, as_query

_INDEXES = """
SELECT i.relname AS name, tn.nspname AS table_schema, t.relname AS table_name, a.amname AS method,
       x.indisvalid AND x.indisready AND x.indislive AS whole, x.indisunique AS is_unique,
       x.indpred IS NOT NULL AS partial, pg_get_indexdef(x.indexrelid) AS definition,
       ARRAY(SELECT pg_get_indexdef(x.indexrelid, k, true) FROM generate_series(1, x.indnkeyatts) k ORDER BY k) AS keys,
       ARRAY(SELECT x.indoption[k - 1] FROM generate_series(1, x.indnkeyatts) k ORDER BY k) AS options,
       ARRAY(SELECT o.opcdefault FROM generate_series(1, x.indnkeyatts) k
             JOIN pg_opclass o ON o.oid = x.indclass[k - 1] ORDER BY k) AS default_classes,
       pg_relation_size(x.indexrelid) AS size_bytes
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_namespace n ON n.oid = i.relnamespace
JOIN pg_am a ON a.oid = i.relam
"""

# Bit 0 of pg_index.indoption: DESC. Bit 1: NULLS FIRST, the default of DESC.
_DESCENDING = 3


class Found(Noun, frozen=True, kw_only=True):
    """
    An index that exists. `whole` is False while it is being built, and for what a failed build left behind.
    """

    name: str
    table: str
    method: str
    whole: bool
    is_unique: bool
    partial: bool
    definition: str
    keys: tuple[str, ...]
    options: tuple[int, ...]
    default_classes: bool
    size_bytes: int

    def is_same(self, wanted: Definition) -> bool:
        """
        Whether it is the wanted index, whole or not.
        """
        if self.table != wanted.table or self.method != "btree" or self.is_unique or self.partial:
            return False
        return self.default_classes and len(self.keys) == len(wanted.keys) and self._leads(wanted.keys)

    def serves(self, wanted: Definition) -> bool:
        """
        Whether a statement that would use the wanted index can use this one as well: it begins with the same keys.
        """
        if self.table != wanted.table or self.method != "btree" or self.partial or not self.whole:
            return False
        return self.default_classes and self._leads(wanted.keys)

    def _leads(self, wanted: tuple[Key, ...]) -> bool:
        if len(self.keys) < len(wanted):
            return False
        for key, option, want in zip(self.keys, self.options, wanted, strict=False):
            if plain(key) != plain(want.text) or option != (_DESCENDING if want.descending else 0):
                return False
        return True


def plain(key: str) -> str:
    """
    A key as it can be compared: the server writes `lower(email)` as `lower((email)::text)`.
    """
    parts = re.split(r"('(?:[^']|'')*')", key)
    # Odd parts are literals: their letters and spaces count.
    return "".join(part if at % 2 else _PLAIN.sub("", part).lower() for at, part in enumerate(parts))


#: Casts to text types, which the server adds by itself; spaces, parentheses and quotes around names.
_PLAIN = re.compile(r'::\s*(?:text|character varying|varchar|bpchar)\b(?:\(\d+\))?(?:\[\])?|[\s()"]')


def index_named(connection: Connection[Row], definition: Definition) -> Found | None:
    """
    The index of that name in that schema, whole or not.
    """
    found = _ask(connection, "WHERE n.nspname = %s AND i.relname = %s", [definition.schema, definition.name])
    return found[0] if found else None


def indexes_on(connection: Connection[Row], definition: Definition) -> list[Found]:
    """
    Every index on the definition's table, by name.
    """
    where = "WHERE tn.nspname = %s AND t.relname = %s ORDER BY i.relname"
    return _ask(connection, where, [definition.schema, definition.bare_table])


def other_relation_named(connection: Connection[Row], definition: Definition) -> bool:
    """
    Whether something that is not an index has the name.
    """
    statement = """SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = %s AND c.relname = %s AND c.relkind <> 'i'"""
    return connection.execute(statement, [definition.schema, definition.name]).fetchone() is not None


def _ask(connection: Connection[Row], where: str, values: list[str]) -> list[Found]:
    rows = connection.execute(as_query(_INDEXES + where), values).fetchall()
    return [
        Found(
            name=row["name"],
            table=row["table_name"]
            if row["table_schema"] == "public"
            else f"{row['table_schema']}.{row['table_name']}",
            method=row["method"],
            whole=row["whole"],
            is_unique=row["is_unique"],
            partial=row["partial"],
            definition=row["definition"],
            keys=tuple(row["keys"]),
            options=tuple(row["options"]),
            default_classes=all(row["default_classes"]),
            size_bytes=row["size_bytes"],
        )
        for row in rows
    ]
