"""
Which indexes could serve the recorded statements at all. Pure: no server is asked.

The order of keys follows what a B-tree can do: equal columns first, then one range or the order that is asked for.
"""

from collections.abc import Iterable, Iterator

from hasten.evidence import ColumnProfile, IndexProfile, TableProfile
from hasten.model import Noun
from hasten.optimize.database._indexes.catalog import plain
from hasten.optimize.database._indexes.definition import Definition, Key
from hasten.optimize.database._indexes.workload import Statement
from hasten.sql import TableUse

MOST_KEYS = 3
#: Below this a scan of the whole table is as fast as any index.
LEAST_ROWS = 1000
#: An index that leads to more of the table than this is slower than reading it all (random against sequential pages).
MOST_OF_TABLE = 0.2
#: A value this common makes the others rare, so that one of few values may still be worth an index.
SKEWED = 0.8
#: What a statement still counts when a candidate for it stands in the queue already.
ALREADY_SERVED = 0.3
#: Types without an order, or whose order no statement asks for.
_UNORDERED = (
    "json",
    "jsonb",
    "xml",
    "point",
    "line",
    "lseg",
    "box",
    "path",
    "polygon",
    "circle",
    "tsvector",
    "tsquery",
)

Keys = tuple[Key, ...]


class Candidate(Noun, frozen=True, kw_only=True):
    """
    An index that could help, with the statements that asked for it and all of their time: the most it could save.
    """

    definition: Definition
    query_ids: list[str]
    potential_s: float


def candidates(
    statements: Iterable[Statement], tables: Iterable[TableProfile], indexes: Iterable[IndexProfile]
) -> list[Candidate]:
    """
    Every index worth a price, the most promising first; none that an existing one serves.
    """
    by_name = {table.name: table for table in tables}
    existing = list(indexes)
    asking: dict[Definition, dict[str, float]] = {}
    for statement in statements:
        for use in statement.shape.uses:
            table = by_name.get(use.table)
            if table is None or table.rows < LEAST_ROWS:
                continue
            for keys in set(_key_lists(use, table)):
                wanted = Definition(table=table.name, keys=keys)
                if not _is_served(wanted, existing):
                    asking.setdefault(wanted, {})[statement.query_id] = statement.total_s
    found = [
        Candidate(definition=wanted, query_ids=sorted(asked), potential_s=sum(asked.values()))
        for wanted, asked in asking.items()
    ]
    # The narrower first among equals: it is smaller and serves more statements.
    return sorted(found, key=lambda each: (-each.potential_s, len(each.definition.keys), each.definition))


def fairly(found: Iterable[Candidate], statements: Iterable[Statement]) -> list[Candidate]:
    """
    The candidates in the order in which they should be priced while time lasts: each dear statement gets a first
    candidate before another gets its second.
    """
    weights = {statement.query_id: statement.total_s for statement in statements}
    left, ordered = list(found), []

    def worth(candidate: Candidate) -> float:
        return sum(weights[name] for name in candidate.query_ids)

    while left:
        # The narrower of two that are worth the same is smaller, and other statements can use it as well.
        best = max(left, key=lambda each: (worth(each), -len(each.definition.keys)))
        left.remove(best)
        ordered.append(best)
        for name in best.query_ids:
            weights[name] *= ALREADY_SERVED
    return ordered


def _key_lists(use: TableUse, table: TableProfile) -> Iterator[Keys]:
    columns = {column.name: column for column in table.columns}
    equal = _equal_keys(use, columns, table)
    joined = _plain_keys(use.join_columns, columns)
    ranges = _plain_keys(use.ranges, columns) + _expressions(use, "range")
    order = _order_keys(use, columns)
    selective: list[Keys] = [
        *((key,) for key in (*equal, *joined, *ranges)),
        tuple(equal[:2]),
        tuple(equal[:3]),
        *((*equal[:2], key) for key in ranges[:2]),
        *((*joined[:1], key) for key in (*equal[:2], *ranges[:1])),
        *((key, *joined[:1]) for key in equal[:2]),
        (*joined[:1], *equal[:2]),
    ]
    yield from (keys for keys in map(_tidy, selective) if keys and _share_of(keys, columns, table) <= MOST_OF_TABLE)
    if order and use.limited:
        yield from (_tidy(keys) for keys in ((*equal[:2], *order), (*equal[:1], *order), (*joined[:1], *order), order))
    yield from _covering(use, equal, ranges, columns)


def _covering(use: TableUse, equal: list[Key], ranges: list[Key], columns: dict[str, ColumnProfile]) -> Iterator[Keys]:
    """
    All that an aggregate reads, in so few columns that the index stands for the table.
    """
    referenced = _plain_keys(use.referenced, columns)
    if not (use.aggregated or use.group_by) or not 0 < len(use.referenced) <= MOST_KEYS:
        return
    if len(referenced) == len(use.referenced) and not _expressions(use, "equality"):
        grouped = _plain_keys(use.group_by, columns)
        yield _tidy((*equal, *grouped, *ranges, *referenced))


def _equal_keys(use: TableUse, columns: dict[str, ColumnProfile], table: TableProfile) -> list[Key]:
    """
    Keys that are compared for equality, the most selective first.
    """
    keys = _expressions(use, "equality") + _plain_keys(use.equality, columns)
    return sorted(keys, key=lambda key: (_share_of((key,), columns, table), key))


def _expressions(use: TableUse, kind: str) -> list[Key]:
    # A $n inside of an expression is another expression for each value: no index can hold it.
    texts = [each.expression for each in use.expressions if each.kind == kind and "$" not in each.expression]
    return [Key(text=text, is_expression=True) for text in dict.fromkeys(texts) if not text.startswith("(")]


def _plain_keys(names: Iterable[str], columns: dict[str, ColumnProfile]) -> list[Key]:
    known = [columns[name] for name in dict.fromkeys(names) if name in columns]
    return [Key(text=each.name) for each in known if _has_order(each.type)]


def _has_order(type_name: str) -> bool:
    return type_name.partition("(")[0].strip().lower() not in _UNORDERED and not type_name.endswith("[]")


def _order_keys(use: TableUse, columns: dict[str, ColumnProfile]) -> Keys:
    keys: list[Key] = []
    for each in use.order_by[:MOST_KEYS]:
        unusual_nulls = each.nulls == ("last" if each.descending else "first")
        if unusual_nulls or each.column not in columns or not _has_order(columns[each.column].type):
            break
        keys.append(Key(text=each.column, descending=each.descending))
    if keys and all(key.descending for key in keys):
        # An index is read backward as well as forward, and without DESC it serves more statements.
        return tuple(Key(text=key.text) for key in keys)
    return tuple(keys)


def _tidy(keys: Iterable[Key]) -> Keys:
    """
    Each key once, at most MOST_KEYS of them.
    """
    found: dict[str, Key] = {}
    for key in keys:
        found.setdefault(key.text, key)
    return tuple(found.values())[:MOST_KEYS]


def _share_of(keys: Iterable[Key], columns: dict[str, ColumnProfile], table: TableProfile) -> float:
    """
    The share of the table that equal values of these keys lead to, as far as the planner's statistics tell.
    """
    share = 1.0
    for key in keys:
        column = columns.get(key.text)
        if key.is_expression or column is None or column.distinct is None:
            share *= 0.005  # PostgreSQL's own guess for an expression: 1 in 200
        elif (column.most_common_frequency or 0) >= SKEWED:
            share *= 1 - (column.most_common_frequency or 0)
        else:
            distinct = column.distinct if column.distinct >= 0 else -column.distinct * table.rows
            share /= max(distinct, 1.0)
    return share


def _is_served(wanted: Definition, existing: Iterable[IndexProfile]) -> bool:
    keys = [plain(key.text) for key in wanted.keys]
    for index in existing:
        usable = index.table == wanted.table and index.method == "btree" and index.valid and not index.partial
        plain_order = " DESC" not in index.definition and not any(key.descending for key in wanted.keys)
        if usable and plain_order and [plain(column) for column in index.columns[: len(keys)]] == keys:
            return True
    return False
