"""
What is missing for Hasten's work, found out before anything is tried.
"""

import pytest
from msgspec.structs import replace

from hasten.errors import NotAllowed
from hasten.world.facts import Facts, need_create, need_statements

GOOD = Facts(
    version="18.6",
    major=18,
    database="shop",
    role="web",
    is_superuser=False,
    may_create=True,
    may_replicate=False,
    may_create_databases=False,
    may_see_all_statements=True,
    tables=5,
    owned_tables=5,
    is_read_only=False,
    in_recovery=False,
    statements_preloaded=True,
    statements_installed=True,
    hypopg_installed=False,
    hypopg_available=False,
    size_bytes=1,
)


def test_an_owner_of_tables_is_enough():
    """
    No superuser is needed; an empty database will do too.
    """
    for facts in (GOOD, replace(GOOD, tables=0, owned_tables=0)):
        assert facts == need_create(facts, "web@db/shop") == need_statements(facts, "web@db/shop")


@pytest.mark.parametrize(
    ("lack", "says", "hint"),
    [
        ({"in_recovery": True}, "read-only standby", "primary"),
        ({"is_read_only": True}, "role web may only read in shop", "ALTER ROLE web RESET"),
        ({"owned_tables": 0}, "owns none of the 5 tables", "owns the tables"),
        ({"may_create": False}, "may not create anything in schema public", "GRANT"),
    ],
)
def test_what_keeps_from_making_indexes_is_said(lack, says, hint):
    """
    With the next step.
    """
    with pytest.raises(NotAllowed, match=says) as refused:
        need_create(replace(GOOD, **lack), "web@db/shop")

    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("lack", "says", "hint"),
    [
        ({"statements_preloaded": False}, "is not loaded", "shared_preload_libraries"),
        ({"statements_installed": False}, "is not installed in shop", "CREATE EXTENSION"),
        ({"may_see_all_statements": False}, "may not see", "GRANT pg_read_all_stats TO web"),
    ],
)
def test_what_keeps_from_counting_statements_is_said(lack, says, hint):
    """
    With the next step.
    """
    with pytest.raises(NotAllowed, match=says) as refused:
        need_statements(replace(GOOD, **lack), "web@db/shop")

    assert hint in refused.value.hint
