"""
The ledger: append-only, chained, and honest about damage.
"""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hasten.errors import HastenError, LedgerBroken
from hasten.model import Step
from hasten.record.ledger import Ledger


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    """
    A ledger with five entries.
    """
    ledger = Ledger(tmp_path / "state", actor="test")
    for number in range(5):
        ledger.append(Step.MEASURED, {"name": f"run {number}", "value": number * 1.5})
    return ledger


def test_entries_come_back_in_order_as_they_were_written(book: Ledger) -> None:
    """
    What was appended is read back, chained from the first to the last.
    """
    entries = book.read()

    assert [1, 2, 3, 4, 5] == [entry.seq for entry in entries]
    assert [e.digest for e in entries[:-1]] == [e.previous for e in entries[1:]]
    assert "run 3" == entries[3].body["name"]


def test_no_ledger_is_an_empty_one(tmp_path: Path) -> None:
    """
    Before the first append there is nothing to read, nothing wrong, and no file.
    """
    ledger = Ledger(tmp_path)

    assert [] == ledger.read()
    assert ledger.verify().ok
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("column", ["entry", "digest"])
@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_flipped_byte_in_any_entry_is_found_and_located(book: Ledger, seq: int, column: str) -> None:
    """
    One bit changed in an entry or its digest names that entry.
    """
    with sqlite3.connect(book.path) as connection:
        connection.execute("DROP TRIGGER entry_is_never_updated")
        value = bytearray(connection.execute(f"SELECT {column} FROM entry WHERE seq = ?", (seq,)).fetchone()[0])
        value[len(value) // 2] ^= 1
        connection.execute(f"UPDATE entry SET {column} = ? WHERE seq = ?", (bytes(value), seq))
    connection.close()

    assert (False, seq) == (book.verify().ok, book.verify().at_seq)
    with pytest.raises(LedgerBroken, match=f"entry {seq} "):
        book.read()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_anywhere_in_the_stored_entries_is_never_read_as_good(book: Ledger, data: st.DataObject) -> None:
    """
    Whatever byte of an entry's stored form is flipped in the file itself, reading does not return other content.
    """
    good = book.path.read_bytes()
    expected = [(entry.seq, entry.body, entry.digest) for entry in book.read()]
    with sqlite3.connect(book.path) as connection:
        contents = [row[0] for row in connection.execute("SELECT entry FROM entry")]
    connection.close()
    content = data.draw(st.sampled_from(contents))
    position = good.index(content) + data.draw(st.integers(0, len(content) - 1))
    bad = bytearray(good)
    bad[position] ^= 1 << data.draw(st.integers(0, 7))
    try:
        book.path.write_bytes(bad)
        verification = book.verify()
        assert not verification.ok
        assert expected[contents.index(content)][0] == verification.at_seq
    finally:
        book.path.write_bytes(good)


def test_a_cut_tail_is_found_by_the_head_kept_outside(book: Ledger) -> None:
    """
    Entries that are gone from the end are missed, because the head stands in another file.
    """
    with sqlite3.connect(book.path) as connection:
        connection.execute("DROP TRIGGER entry_is_never_deleted")
        connection.execute("DELETE FROM entry WHERE seq > 3")
    connection.close()

    assert (False, 5) == (book.verify().ok, book.verify().at_seq)
    assert "the tail was cut: entries 4 to 5 are gone" == book.verify().problem


def test_a_head_that_is_one_behind_is_a_crash_not_an_edit(book: Ledger) -> None:
    """
    Killed between an entry and its head, the ledger still holds, and the next append mends the head.
    """
    before = book.head_path.read_bytes()
    book.append(Step.MEASURED, {"name": "six"})
    book.head_path.write_bytes(before)

    assert book.verify().ok
    book.append(Step.MEASURED, {"name": "seven"})
    assert (True, 7) == (book.verify().ok, book.verify().entries)


def test_a_damaged_file_is_reported_as_such(book: Ledger) -> None:
    """
    A file that is no database any more says so, with a hint, and cannot be appended to.
    """
    book.path.write_bytes(b"not a database at all" * 500)

    assert not book.verify().ok
    assert "damaged" in book.verify().problem
    with pytest.raises(HastenError) as caught:
        book.append(Step.MEASURED, {})
    assert caught.value.hint


def test_entries_cannot_be_updated_or_deleted(book: Ledger) -> None:
    """
    SQL that would edit the past is refused by the database itself.
    """
    connection = sqlite3.connect(book.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE entry SET entry = x'00' WHERE seq = 2")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM entry WHERE seq = 2")
    connection.close()


def test_nothing_is_added_to_a_chain_that_does_not_hold(book: Ledger) -> None:
    """
    An edited last entry stops the next append.
    """
    connection = sqlite3.connect(book.path)
    connection.execute("DROP TRIGGER entry_is_never_updated")
    connection.execute("UPDATE entry SET entry = replace(entry, 'run 4', 'run 9') WHERE seq = 5")
    connection.commit()
    connection.close()

    with pytest.raises(LedgerBroken, match="entry 5"):
        book.append(Step.MEASURED, {})


def test_a_disk_that_is_full_says_so_and_changes_nothing(book: Ledger) -> None:
    """
    When SQLite cannot grow the file, the error has a hint and the ledger still holds.
    """
    connection = sqlite3.connect(book.path)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    original = book._connect

    def tiny(*, write: bool) -> sqlite3.Connection:
        opened = original(write=write)
        opened.execute(f"PRAGMA max_page_count = {pages}")
        return opened

    book._connect = tiny  # type: ignore[method-assign]
    with pytest.raises(HastenError, match="cannot be written") as caught:
        book.append(Step.MEASURED, {"filler": "x" * 100_000})
    book._connect = original  # type: ignore[method-assign]

    assert "free some disk space" in caught.value.hint
    assert (True, 5) == (book.verify().ok, book.verify().entries)
