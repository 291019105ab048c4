"""
An index as data: its name and its statements.
"""

from hypothesis import given
from hypothesis import strategies as st

from hasten.optimize.database._indexes.definition import LONGEST_NAME_BYTES, Definition, Key


def test_the_statements_are_quoted() -> None:
    """
    Names are identifiers whatever is in them; an expression stands in parentheses.
    """
    keys = (Key(text='odd"name'), Key(text="lower(email)", is_expression=True), Key(text="at", descending=True))
    wanted = Definition(table="audit.Select", keys=keys)

    assert (
        f'CREATE INDEX CONCURRENTLY "{wanted.name}" ON "audit"."Select" '
        'USING btree ("odd""name", (lower(email)), "at" DESC)'
    ) == wanted.create()
    assert f'DROP INDEX CONCURRENTLY IF EXISTS "audit"."{wanted.name}"' == wanted.drop()


def test_the_name_says_what_it_is() -> None:
    """
    Prefix, table, columns, digest.
    """
    name = Definition(table="messages", keys=(Key(text="inquiry_id"),)).name

    assert name.startswith("hasten_messages_inquiry_id_")
    assert 6 == len(name.rpartition("_")[2])


names = st.text(min_size=1, max_size=80)


@given(names, st.lists(names, min_size=1, max_size=3, unique=True))
def test_a_name_is_never_cut_by_the_server(table: str, columns: list[str]) -> None:
    """
    At most 63 bytes of plain letters, digits and underscores, whatever the table is called.
    """
    name = Definition(table=table, keys=tuple(Key(text=column) for column in columns)).name

    assert len(name.encode()) <= LONGEST_NAME_BYTES
    assert name.isascii()
    assert name.replace("_", "").isalnum()


def test_other_definitions_have_other_names() -> None:
    """
    Direction, order, kind and schema tell names apart, also when the words are the same.
    """
    made = [
        Definition(table="t", keys=(Key(text="a"), Key(text="b"))),
        Definition(table="t", keys=(Key(text="b"), Key(text="a"))),
        Definition(table="t", keys=(Key(text="a_b"),)),
        Definition(table="t", keys=(Key(text="a b", is_expression=True),)),
        Definition(table="t", keys=(Key(text="a"), Key(text="b", descending=True))),
        Definition(table="s.t", keys=(Key(text="a"), Key(text="b"))),
    ]

    assert len(made) == len({each.name for each in made})
