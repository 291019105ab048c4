"""
duplicate_index: the leading-column rule over definitions.
"""

from typing import Any

import pytest

from hasten.diagnose import duplicate_index
from hasten.evidence import IndexProfile


def index(name: str, keys: str, **given: Any) -> IndexProfile:
    """
    An index on inquiries, as the catalog describes it.
    """
    method = given.pop("method", "btree")
    unique = "UNIQUE " if given.get("unique") else ""
    values = {
        "table": "inquiries",
        "definition": f"CREATE {unique}INDEX {name} ON public.inquiries USING {method} ({keys}",
        "columns": [key.split()[0] for key in keys.rstrip(")").split(", ")],
        "size_bytes": 4_500_000,
    }
    return IndexProfile(name=name, method=method, **values | given)


def could_go(observed: Any, target: Any, *indexes: IndexProfile) -> list[str]:
    """
    The names of the indexes that are found.
    """
    return [each.evidence["index"] for each in duplicate_index.find(observed(indexes=list(indexes)), target)]


def test_of_two_equal_indexes_the_less_used_one_is_found(observed: Any, target: Any) -> None:
    """
    One of them, never both; with equal use the later name.
    """
    one, two = index("a_created", "created_at)", scans=5), index("b_created", "created_at)", scans=9)

    assert ["a_created"] == could_go(observed, target, one, two)
    assert ["b_created"] == could_go(
        observed, target, index("a_created", "created_at)"), index("b_created", "created_at)")
    )


def test_the_beginning_of_another_index_is_found(observed: Any, target: Any) -> None:
    """
    (status) beside (status, created_at); not (created_at) beside it.
    """
    long = index("c_both", "status, created_at)")

    assert ["a_status"] == could_go(observed, target, index("a_status", "status)"), long)
    assert [] == could_go(observed, target, index("b_created", "created_at)"), long)


def test_a_constraint_is_never_the_one_to_go(observed: Any, target: Any) -> None:
    """
    Beside a unique index the plain one goes, however much it is used.
    """
    enforcing = index("users_email_key", "email)", unique=True, constraint=True)

    assert ["ix_email"] == could_go(observed, target, enforcing, index("ix_email", "email)", scans=99))
    assert [] == could_go(observed, target, enforcing, index("also", "email)", unique=True))


@pytest.mark.parametrize(
    "other",
    [
        index("b", "created_at DESC)"),
        index("b", "created_at)", method="hash"),
        index("b", "created_at)", valid=False),
        index("b", "created_at) WHERE (status = 'open'::text)", partial=True),
        index("b", "created_at) INCLUDE (subject)", scans=9),
        index("b", "date(created_at))"),
        index("b", "created_at)", table="messages"),
    ],
    ids=["direction", "method", "broken", "condition", "include", "expression", "table"],
)
def test_another_index_is_not_the_same(observed: Any, target: Any, other: IndexProfile) -> None:
    """
    What differs in any way that counts is kept; the one with more in it is not made to go.
    """
    assert "b" not in could_go(observed, target, index("a", "created_at)"), other)


def test_an_index_without_include_may_go_beside_one_with(observed: Any, target: Any) -> None:
    """
    (created_at) INCLUDE (subject) answers all that (created_at) does.
    """
    assert ["a"] == could_go(
        observed, target, index("a", "created_at)"), index("b", "created_at, id) INCLUDE (subject)")
    )


def test_commas_inside_of_expressions_are_no_keys(observed: Any, target: Any) -> None:
    """
    COALESCE(a, b) is one key.
    """
    one, two = index("a", "COALESCE(status, 'x'::text))"), index("b", "COALESCE(status, 'x'::text), id)")

    assert ["a"] == could_go(observed, target, one, two)


def test_a_healthy_catalog_has_no_finding(observed: Any, target: Any) -> None:
    """
    A primary key alone.
    """
    assert [] == duplicate_index.find(observed(), target)
