"""
Executed statements from a log that another program writes.
"""

import json
import os
import pwd
from pathlib import Path

import pytest

from hasten.errors import NotAllowed
from hasten.world import statement_steps
from hasten.world.statement_log import StatementLog


def line(message: str = "", **fields) -> str:
    """
    A line of the JSON log.
    """
    entry = {
        "timestamp": "2026-11-23 05:16:52.534 UTC",
        "user": "shop",
        "dbname": "shop",
        "session_id": "s1",
        "vxid": "5/107",
        "error_severity": "LOG",
        "message": message,
        "application_name": "web",
        "backend_type": "client backend",
        "query_id": 7,
    }
    return json.dumps(entry | fields) + "\n"


def step(name: str, ms: float, text: str = "SELECT $1", **fields) -> str:
    """
    A duration line.
    """
    return line(f"duration: {ms:.3f} ms  {name}: {text}", **fields)


@pytest.fixture
def file(tmp_path) -> Path:
    """
    A log file in a folder of its own.
    """
    path = tmp_path / "log" / "hasten-1.json"
    path.parent.mkdir()
    path.touch()
    return path


def add(path: Path, *lines: str) -> None:
    """
    The server writes.
    """
    with path.open("a") as log:
        log.write("".join(lines))


def test_parse_and_bind_count_to_the_execution(file):
    """
    The seconds of a sample are parse + bind + execute of the same statement in the same session.
    """
    add(file, step("parse <unnamed>", 1), step("bind <unnamed>", 2, session_id="s2"), step("bind <unnamed>", 4))
    add(file, step("bind <unnamed>", 100, "SELECT 2"), step("execute <unnamed>", 8), step("execute <unnamed>", 16))

    found = StatementLog(file.parent).read().samples

    assert [0.013, 0.016] == [round(sample.seconds, 6) for sample in found]


def test_steps_are_put_together_across_reads(file):
    """
    A bind that was read before its execution is not lost.
    """
    log = StatementLog(file.parent)
    add(file, step("bind a/b", 2))

    assert [] == log.read().samples
    add(file, step("execute a/b", 1))
    assert [0.003] == [sample.seconds for sample in log.read().samples]


def test_fetches_count_to_the_execution(file):
    """
    Rows that are fetched in portions are one execution.
    """
    add(file, step("execute c", 2), step("execute fetch from c", 3), step("statement", 5, "SELECT 3"))

    found = StatementLog(file.parent).read().samples

    assert [("SELECT $1", 0.005), ("SELECT 3", 0.005)] == [(sample.text, sample.seconds) for sample in found]


def test_parameters_are_read_from_the_detail(file):
    """
    They are text, None for NULL; a damaged list is counted and left out.
    """
    add(file, step("execute a", 1, detail="Parameters: $1 = 'it''s', $2 = NULL"))
    add(file, step("execute a", 1, detail="Parameters: $1 = 'cut"))

    found = StatementLog(file.parent).read()

    assert [["it's", None], []] == [sample.parameters for sample in found.samples]
    assert 1 == found.unreadable_parameters


def test_an_error_is_a_sample_with_its_code(file):
    """
    A statement that failed is there with its SQLSTATE and parameters; one that came to nothing is not.
    """
    context = "PL/pgSQL function f() line 1\nunnamed portal with parameters: $1 = '0'"
    add(file, step("bind <unnamed>", 2))
    add(
        file,
        line("division by zero", error_severity="ERROR", state_code="22012", statement="SELECT $1", context=context),
    )
    add(file, line("connection refused", error_severity="FATAL", state_code="53300"))

    (found,) = StatementLog(file.parent).read().samples

    assert ("22012", ["0"], 0.002) == (found.error, found.parameters, found.seconds)


def test_hastens_own_and_other_databases_are_left_out(file):
    """
    Only the application's statements in its own database count.
    """
    add(file, step("statement", 1, application_name="hasten:1234:observe"), step("statement", 1, dbname="other"))
    add(file, step("statement", 1, backend_type="autovacuum worker"), step("statement", 1))

    found = StatementLog(file.parent, "shop").read()

    assert 1 == len(found.samples)
    assert (4, 1) == (found.entries, found.own)


def test_what_was_logged_before_is_skipped(file):
    """
    After skip only what is new is read, and each entry once.
    """
    log = StatementLog(file.parent)
    add(file, step("statement", 1, "SELECT 1"))
    log.skip()
    add(file, step("statement", 1, "SELECT 2"))

    assert ["SELECT 2"] == [sample.text for sample in log.read().samples]
    assert [] == log.read().samples


def test_a_line_that_is_being_written_is_read_when_it_is_whole(file):
    """
    Half a line is neither lost nor counted as damaged.
    """
    log = StatementLog(file.parent)
    whole = step("statement", 1)
    add(file, whole[:40])

    assert (0, 0) == (len(log.read().samples), log.read().unreadable)
    add(file, whole[40:])
    assert 1 == len(log.read().samples)


def test_damaged_lines_are_counted_and_skipped(file):
    """
    The lines around them count.
    """
    add(file, step("statement", 1), "{ not json\n", "\x00\x00\n", "\n", step("statement", 2))

    found = StatementLog(file.parent).read()

    assert (2, 3) == (len(found.samples), found.unreadable)


def test_a_rotation_loses_nothing(file):
    """
    The rest of the old file and the new one are read, in that order.
    """
    log = StatementLog(file.parent)
    add(file, step("statement", 1, "SELECT 1"))
    log.read()
    add(file, step("statement", 1, "SELECT 2"))
    new = file.with_name("hasten-2.json")
    add(new, step("statement", 1, "SELECT 3"))
    os.utime(file, (1, 1))

    assert ["SELECT 2", "SELECT 3"] == [sample.text for sample in log.read().samples]


def test_a_renamed_file_is_not_read_again(tmp_path):
    """
    logrotate renames: the old content keeps its place under the new name.
    """
    path = tmp_path / "postgresql.json"
    log = StatementLog(path)
    add(path, step("statement", 1, "SELECT 1"))
    assert 1 == len(log.read().samples)

    path.rename(tmp_path / "postgresql.json.1")
    add(path, step("statement", 1, "SELECT 2"))

    assert ["SELECT 2"] == [sample.text for sample in log.read().samples]


def test_a_file_that_was_emptied_is_read_from_its_start(file):
    """
    logrotate's copytruncate does not make the log silent for ever.
    """
    log = StatementLog(file.parent)
    add(file, step("statement", 1, "SELECT 1"), step("statement", 1, "SELECT 2"))
    log.skip()
    file.write_text(step("statement", 1, "SELECT 3"))

    assert ["SELECT 3"] == [sample.text for sample in log.read().samples]


def test_a_file_that_vanishes_is_counted(file, monkeypatch):
    """
    A file that is removed between the look and the reading is no error.
    """
    other = file.with_name("hasten-0.json")
    add(other, step("statement", 1))
    add(file, step("statement", 1))
    log = StatementLog(file.parent)
    files = log._files()
    monkeypatch.setattr(log, "_files", lambda: files)
    other.unlink()

    found = log.read()

    assert (1, 1) == (len(found.samples), found.vanished)


def test_a_log_that_is_not_there_is_empty(tmp_path):
    """
    Nothing was logged yet.
    """
    assert [] == StatementLog(tmp_path / "nowhere").read().samples


def test_a_huge_log_is_read_in_portions(file):
    """
    What is beyond the limit is reported and read the next time.
    """
    log = StatementLog(file.parent)
    add(file, *[step("statement", 1, f"SELECT {number}") for number in range(10)])
    size = file.stat().st_size

    first, second = log.read(limit_bytes=size // 2), log.read()

    assert 0 < first.left_bytes < size
    assert [f"SELECT {number}" for number in range(10)] == [sample.text for sample in first.samples + second.samples]
    assert 0 == second.left_bytes


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two users")
def test_a_log_that_may_not_be_read_is_said_to(file):
    """
    The error says what to do.
    """
    file.parent.chmod(0o700)
    nobody = pwd.getpwnam("nobody").pw_uid
    os.seteuid(nobody)
    try:
        with pytest.raises(NotAllowed, match="may not be read") as refused:
            StatementLog(file.parent).read()
    finally:
        os.seteuid(0)

    assert "[database]" in refused.value.hint


def test_steps_without_an_execution_do_not_pile_up(file, monkeypatch):
    """
    Sessions and statements that never execute are forgotten in the end.
    """
    monkeypatch.setattr(statement_steps, "KEPT_SESSIONS", 5)
    log = StatementLog(file.parent)
    add(file, *[step("bind x", 1, session_id=f"s{number}") for number in range(50)])

    log.read()

    assert 5 == len(log._executions._pending)
