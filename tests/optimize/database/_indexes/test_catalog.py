"""
Keys as the server writes them, compared with keys as the statements have them.
"""

from typing import Any

import pytest

from hasten.optimize.database._indexes.catalog import Found, plain
from hasten.optimize.database._indexes.definition import Definition, Key


@pytest.mark.parametrize(
    ("server", "ours"),
    [
        ("inquiry_id", "inquiry_id"),
        ("lower((email)::text)", "lower(email)"),
        ("lower(email::text)", "lower(email)"),
        ("(payload ->> 'kind'::text)", "payload ->> 'kind'"),
        ("((payload ->> 'size'::text)::numeric(10,2))", "(payload ->> 'size')::numeric(10, 2)"),
        ("date(at)", "date( at )"),
        ("COALESCE(name, ''::character varying)", "coalesce(name, '')"),
    ],
)
def test_the_servers_spelling_is_understood(server: str, ours: str) -> None:
    """
    Casts that the server adds, parentheses and spaces make no difference.
    """
    assert plain(ours) == plain(server)


@pytest.mark.parametrize(
    ("one", "other"),
    [("lower(email)", "upper(email)"), ("payload ->> 'a'", "payload ->> 'A'"), ("a::date", "a"), ("a", "b")],
)
def test_other_keys_stay_different(one: str, other: str) -> None:
    """
    What is computed, and of what, does.
    """
    assert plain(one) != plain(other)


def found(**more: Any) -> Found:
    """
    An index on t (a, b) as the catalog tells of it.
    """
    fields: dict[str, Any] = {
        "name": "i",
        "table": "t",
        "method": "btree",
        "whole": True,
        "is_unique": False,
        "partial": False,
        "definition": "",
        "keys": ("a", "b"),
        "options": (0, 0),
        "default_classes": True,
        "size_bytes": 1,
        **more,
    }
    return Found(**fields)


A, B = Key(text="a"), Key(text="b")


@pytest.mark.parametrize(
    ("index", "keys", "same", "serves"),
    [
        (found(), (A, B), True, True),
        (found(), (A,), False, True),
        (found(), (B,), False, False),
        (found(), (B, A), False, False),
        (found(), (A, B, Key(text="c")), False, False),
        (found(whole=False), (A, B), True, False),
        (found(is_unique=True), (A, B), False, True),
        (found(partial=True), (A, B), False, False),
        (found(method="hash"), (A, B), False, False),
        (found(default_classes=False), (A, B), False, False),
        (found(options=(0, 3)), (A, B), False, False),
        (found(options=(0, 3)), (A, Key(text="b", descending=True)), True, True),
        (found(options=(0, 1)), (A, Key(text="b", descending=True)), False, False),
        (found(table="s.t"), (A, B), False, False),
    ],
)
def test_same_and_serving_are_told_apart(index: Found, keys: tuple[Key, ...], same: bool, serves: bool) -> None:
    """
    The same index is the one that we would make; a serving one begins with what we would make.
    """
    wanted = Definition(table="t", keys=keys)

    assert (same, serves) == (index.is_same(wanted), index.serves(wanted))
