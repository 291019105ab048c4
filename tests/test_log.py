"""
Operations are logged with their duration and without secrets.
"""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.log import REDACTED, OptimizationLogger, redact


def lines(path: Path) -> list[dict[str, Any]]:
    """
    The logged lines.
    """
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> OptimizationLogger:
    """
    A logger with a clock that advances by two seconds per look.
    """
    ticks = iter(range(0, 1000, 2))
    logger = OptimizationLogger(clock=lambda: float(next(ticks)))
    logger.log_to(tmp_path / "log" / "operations.jsonl", target="shop")
    return logger


def test_an_operation_has_a_start_an_end_and_a_duration(log: OptimizationLogger, tmp_path: Path) -> None:
    """
    Both lines name the operation and its context; the end has the duration and what the block found out.
    """
    with log.operation("measure", run="baseline") as result:
        result["requests"] = 12
    log.close()

    start, end = lines(tmp_path / "log" / "operations.jsonl")
    assert ("measure", "start", "baseline", "shop") == (start["event"], start["phase"], start["run"], start["target"])
    assert ("end", 2.0, 12) == (end["phase"], end["duration_s"], end["requests"])


def test_a_failed_operation_says_why_and_the_error_goes_on(log: OptimizationLogger, tmp_path: Path) -> None:
    """
    The error is logged and raised, not swallowed.
    """
    with pytest.raises(ValueError, match="broken"), log.operation("apply"):
        raise ValueError("broken")
    log.close()

    end = lines(tmp_path / "log" / "operations.jsonl")[-1]
    assert ("error", "ValueError", "broken") == (end["phase"], end["error"], end["message"])


def test_what_libraries_warn_of_is_logged_and_not_printed(
    log: OptimizationLogger, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """
    Until the log is closed; secrets do not survive there either.
    """
    logging.getLogger("psycopg").warning("error ignored in rollback: %s", "password=pa55")
    log.close()
    logging.getLogger("psycopg").warning("after the end")

    (line,) = lines(tmp_path / "log" / "operations.jsonl")
    assert ("library", "psycopg", "WARNING") == (line["event"], line["logger"], line["level"])
    assert "error ignored in rollback" in line["message"]
    assert "pa55" not in line["message"]
    assert "error ignored" not in capfd.readouterr().err


def test_without_a_file_operations_still_run() -> None:
    """
    Logging is optional: nothing is written and nothing fails.
    """
    with OptimizationLogger().operation("anything") as result:
        result["x"] = 1


def test_a_disk_that_cannot_be_written_does_not_stop_an_operation(log: OptimizationLogger) -> None:
    """
    A log file that was closed under the logger costs the line, never the operation.
    """
    assert log._file is not None
    log._file.close()
    done = []
    with log.operation("revert"):
        done.append(True)

    assert [True] == done


@given(st.text(alphabet="abcXYZ0189-_", min_size=8, max_size=30))
def test_secrets_do_not_survive(secret: str) -> None:
    """
    A secret is gone from keys that name one, from URLs and from headers, at any depth.
    """
    value = {
        "password": secret,
        "nested": [{"Authorization": f"Bearer {secret}"}, f"postgresql://user:{secret}@host/db"],
        "text": f"sent Authorization: Bearer {secret} to the server, password={secret}",
        "query": f"/callback?access_token={secret}&api_key={secret}",
        "json": f'{{"refresh_token": "{secret}"}}',
    }

    assert secret not in json.dumps(redact(value)).replace(REDACTED, "")


def test_what_is_no_secret_stays() -> None:
    """
    Ordinary fields are logged as they are.
    """
    assert {"route": "GET /api", "n": 3, "ok": True} == redact({"route": "GET /api", "n": 3, "ok": True})
