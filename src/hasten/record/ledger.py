"""
The append-only record: each entry is durable before the step that it names, and chained to the one before.

SQLite holds the entries (`ledger.db`); the digest of the newest stands outside of it as well (`ledger.head`), so
that a cut tail is found too. An entry is stored as the very bytes that its digest was taken over:
digest = SHA-256(previous digest, newline, entry).
"""

import getpass
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from hasten.errors import HastenError, LedgerBroken
from hasten.log import event
from hasten.model import Entry, Step, now, to_json

GENESIS = "0" * 64

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, entry BLOB NOT NULL, digest BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS entry_is_never_updated BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entry_is_never_deleted BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""


class Head(msgspec.Struct, frozen=True):
    """
    The newest entry as the file outside of the ledger knows it.
    """

    seq: int
    digest: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """
    Whether the whole chain holds; if not, what is wrong and at which entry.
    """

    ok: bool
    entries: int
    problem: str = ""
    at_seq: int | None = None


def digest_of_entry(previous: str, content: bytes) -> str:
    """
    The digest that chains `content` to the entry before it.
    """
    return hashlib.sha256(previous.encode() + b"\n" + content).hexdigest()


class Ledger:
    """
    The ledger in `folder`; made at the first append.
    """

    def __init__(self, folder: Path, *, actor: str = "") -> None:
        self.path = folder / "ledger.db"
        self.head_path = folder / "ledger.head"
        self.actor = actor or f"{_user()} (hasten, process {os.getpid()})"

    def append(self, step: Step, body: dict[str, Any]) -> Entry:
        """
        One more entry is on the disk when this returns.

        Raises:
            LedgerBroken: the end of the chain does not hold, so nothing may be added to it.
            HastenError: the disk is full or the file cannot be written; nothing was added.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._transaction() as connection:
                last = self._last(connection)
                content = to_json(
                    {
                        "seq": last.seq + 1,
                        "at": now(),
                        "actor": self.actor,
                        "step": step,
                        "body": body,
                        "previous": last.digest,
                    }
                )
                digest = digest_of_entry(last.digest, content)
                connection.execute("INSERT INTO entry VALUES (?, ?, ?)", (last.seq + 1, content, digest.encode()))
            self._write_head(Head(last.seq + 1, digest))
        except (sqlite3.OperationalError, OSError) as error:
            raise HastenError(
                f"the ledger {self.path} cannot be written: {error}",
                hint="free some disk space or mend the permissions; nothing is changed without a record of it",
            ) from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error
        event("ledger.append", step=step, seq=last.seq + 1)
        return _entry(content, digest)

    def read(self) -> list[Entry]:
        """
        All entries in order; [] when there is no ledger yet.

        Raises:
            LedgerBroken: an entry was edited, or the file is damaged; `data["at_seq"]` says where.
        """
        if not self.path.exists() and not self.head_path.exists():
            return []
        found, verification = self._walk()
        if not verification.ok:
            raise LedgerBroken(
                verification.problem,
                hint=f"restore {self.path.name} from a backup; `hasten ledger verify` shows the extent",
                at_seq=verification.at_seq,
            )
        return found

    def verify(self) -> Verification:
        """
        The chain is walked from the first entry to the head outside.
        """
        if not self.path.exists() and not self.head_path.exists():
            return Verification(ok=True, entries=0)
        return self._walk()[1]

    def _walk(self) -> tuple[list[Entry], Verification]:
        try:
            with closing(self._connect(write=False)) as connection:
                damage = connection.execute("PRAGMA integrity_check").fetchone()[0]
                rows = connection.execute("SELECT seq, entry, digest FROM entry ORDER BY seq").fetchall()
        except (sqlite3.DatabaseError, OSError) as error:
            return [], Verification(ok=False, entries=0, problem=str(self._damaged(error)))
        found, problem = _chained(rows)
        if problem is None and damage not in (b"ok", "ok"):
            problem = (None, f"the file is damaged: {bytes(damage).decode(errors='replace')}")
        if problem is None:
            problem = self._against_head(found)
        if problem is None:
            return found, Verification(ok=True, entries=len(found))
        return found, Verification(ok=False, entries=len(rows), problem=problem[1], at_seq=problem[0])

    def _against_head(self, found: list[Entry]) -> tuple[int | None, str] | None:
        try:
            head = msgspec.json.decode(self.head_path.read_bytes(), type=Head)
        except FileNotFoundError:
            # A crash between the very first entry and its head leaves exactly one entry.
            return None if len(found) <= 1 else (None, f"{self.head_path.name}, the head kept outside, is gone")
        except (OSError, msgspec.MsgspecError) as error:
            return None, f"{self.head_path.name} cannot be read: {error}"
        if head.seq > len(found):
            return head.seq, f"the tail was cut: entries {len(found) + 1} to {head.seq} are gone"
        if found[head.seq - 1].digest != head.digest:
            return head.seq, f"entry {head.seq} is not the one that the head kept outside names"
        if len(found) > head.seq + 1:
            return head.seq + 1, f"{len(found) - head.seq} entries were added after the head kept outside"
        return None

    def _last(self, connection: sqlite3.Connection) -> Head:
        row = connection.execute("SELECT seq, entry, digest FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
        if row is None:
            return Head(0, GENESIS)
        seq, content, digest = int(row[0]), bytes(row[1]), bytes(row[2]).decode(errors="replace")
        try:
            previous = msgspec.json.decode(content)["previous"]
        except (msgspec.MsgspecError, KeyError, TypeError):
            previous = ""
        if digest_of_entry(str(previous), content) != digest:
            raise LedgerBroken(
                f"entry {seq} was edited: its digest does not match", hint="run `hasten ledger verify`", at_seq=seq
            )
        return Head(seq, digest)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect(write=True)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _connect(self, *, write: bool) -> sqlite3.Connection:
        if write:
            is_new = not self.path.exists()
            connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
            if is_new:
                self.path.chmod(0o600)
            # An entry must survive a power cut: the journal is synced, and then the file is.
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.executescript(_SCHEMA)
        else:
            connection = sqlite3.connect(f"file:{_quoted(self.path)}?mode=ro", uri=True, timeout=10)
        # Damaged text must reach the digest check instead of failing to decode.
        connection.text_factory = bytes
        return connection

    def _write_head(self, head: Head) -> None:
        temporary = self.head_path.with_suffix(".head.new")
        with temporary.open("wb") as file:
            file.write(to_json(head))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.head_path)

    def _damaged(self, error: Exception) -> LedgerBroken:
        return LedgerBroken(
            f"the ledger {self.path.name} is damaged: {error}", hint="restore it from a backup of .hasten"
        )


def _chained(rows: list[tuple[int, bytes, bytes]]) -> tuple[list[Entry], tuple[int | None, str] | None]:
    previous = GENESIS
    found: list[Entry] = []
    for expected, (seq, content, digest) in enumerate(rows, start=1):
        if seq != expected:
            return found, (expected, f"entry {expected} is missing")
        if not isinstance(content, bytes) or digest_of_entry(previous, content).encode() != digest:
            return found, (seq, f"entry {seq} was edited: its digest does not match")
        found.append(_entry(content, bytes(digest).decode()))
        previous = found[-1].digest
    return found, None


def _entry(content: bytes, digest: str) -> Entry:
    return msgspec.convert({**msgspec.json.decode(content), "digest": digest}, Entry)


def _quoted(path: Path) -> str:
    return path.absolute().as_uri().removeprefix("file://")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
