"""
Whatever is wrong with the record, the state folder or what may be done: one clear error with a hint, exit code 1,
nothing is changed.
"""

import fcntl
import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator

import pytest
from tests.real.broken.whole_setup import Setup
from tests.real.small_desk import SECRET

from hasten.record.ledger import Ledger

#: Small enough to stop the ledger, large enough for the lock.
FILE_LIMIT_BYTES = 8192

pytestmark = pytest.mark.real


def test_another_hasten_at_work(setup: Setup) -> None:
    """
    One at a time; which process it is stands in the error.
    """
    with (setup.folder / "lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)

        setup.refuses("apply", says="another Hasten (process 4711) is at work", hint="wait for it to end")


def test_a_state_folder_that_cannot_be_one(setup: Setup) -> None:
    """
    A file is in its place.
    """
    (setup.folder / "occupied").touch()
    setup.scene.config.write_text(setup.scene.config.read_text().replace('state = "."', 'state = "occupied"'))

    setup.refuses("baseline", says="cannot be written", hint="`state` in hasten.toml")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_state_folder_that_is_closed(setup: Setup) -> None:
    """
    Permissions are mended by whoever owns the folder, not by Hasten.
    """
    (setup.folder / "closed").mkdir(mode=0o500)
    setup.scene.config.write_text(setup.scene.config.read_text().replace('state = "."', 'state = "closed"'))

    setup.refuses("baseline", says="cannot be written", hint="permissions")


def small_files() -> None:
    """
    From now on this process cannot make a file longer than the limit.
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT_BYTES, FILE_LIMIT_BYTES))


def test_no_room_for_the_ledger(setup: Setup) -> None:
    """
    What cannot be recorded is not done.
    """
    setup.refuses("apply", says="cannot be written", hint="free some disk space", preexec_fn=small_files)


@pytest.fixture
def full_disk(setup: Setup) -> Iterator[Setup]:
    """
    The state folder is on a file system of its own, with no room left.
    """
    files = {path.name: path.read_bytes() for path in setup.folder.iterdir() if path.is_file()}
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(setup.folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("only root can mount a small file system")
    try:
        for name, content in files.items():
            (setup.folder / name).write_bytes(content)
        with (setup.folder / "ballast").open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 4096)
            except OSError:
                yield setup
    finally:
        subprocess.run(["umount", str(setup.folder)], check=True)


def test_a_full_disk(full_disk: Setup) -> None:
    """
    The same where the file system itself is full.
    """
    full_disk.refuses("apply", says="No space left", hint="space")


def test_a_damaged_ledger(setup: Setup) -> None:
    """
    Nothing is built on a record that does not hold; where it is damaged is said.
    """
    with sqlite3.connect(setup.folder / "ledger.db") as ledger:
        ledger.execute("DROP TRIGGER entry_is_never_updated")
        ledger.execute("UPDATE entry SET entry = CAST(replace(entry, 'message', 'massage') AS BLOB) WHERE seq = 2")

    setup.refuses("apply", says="entry 2 was edited", hint="restore ledger.db from a backup")
    assert not Ledger(setup.folder).verify().ok
    setup.ails("ledger", says="entry 2 was edited", hint="restore the ledger from a backup")


def test_applying_where_only_looking_is_allowed(setup: Setup) -> None:
    """
    The default of [allow] is observe.
    """
    setup.write(allow="")

    setup.refuses("apply", says="lets Hasten only observe", hint='mode = "approve"')


def test_applying_with_nobody_to_approve(setup: Setup) -> None:
    """
    In a pipe nobody can say yes; --yes says it.
    """
    setup.write(allow='mode = "approve"')

    setup.refuses("apply", says="nobody is there to approve", hint="--yes", stdin=subprocess.DEVNULL)


def test_applying_without_a_plan(setup: Setup) -> None:
    """
    First the plan, then the deed.
    """
    setup.scene.environment["DESK_SECRET"] = SECRET
    empty = setup.folder / "empty"
    empty.mkdir()
    setup.scene.config.write_text(setup.scene.config.read_text().replace('state = "."', 'state = "empty"'))

    setup.refuses("apply", says="no change is planned", hint="hasten plan")
    setup.refuses("plan", says="nothing was measured yet", hint="hasten baseline")
    assert not (empty / "ledger.db").exists()


def test_applying_a_change_that_nobody_planned(setup: Setup) -> None:
    """
    An id that names none.
    """
    setup.refuses("apply", "beef", says="no planned change has an id like 'beef'", hint="hasten status")


def test_undoing_a_change_that_nobody_made(setup: Setup) -> None:
    """
    An id that names none, or no id at all.
    """
    setup.refuses("rollback", "beef", says="no kept change has an id like 'beef'", hint="hasten status")
    setup.refuses("rollback", says="say which", hint="hasten status")
