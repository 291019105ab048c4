"""
hasten.world.recordings.access_log
"""

from pathlib import Path

import pytest

from hasten.errors import ConfigError
from hasten.target import Principal
from hasten.world.recordings.access_log import NO_BODY, NO_REQUEST, read_access_log
from hasten.world.recordings.routes import Routes
from hasten.world.recordings.tally import FAILED, LEAVES, STATIC, UNKNOWN_IDENTITY, Recording

AGENT = Principal(name="agent", user="a@example")


def line(path: str = "/a", status: int = 200, user: str = "-", method: str = "GET", minute: int = 0) -> str:
    at = f"10/Oct/2025:13:{minute:02}:36 +0200"
    return f'127.0.0.1 - {user} [{at}] "{method} {path} HTTP/1.1" {status} 2326 "http://x/" "Mozilla/5.0 (X11)"'


def read(*lines: str) -> Recording:
    return read_access_log(Path("access.log"), lines, [AGENT], Routes())


def test_the_combined_format_is_read() -> None:
    """
    The user is the principal's name; equal requests weigh more; times tell the day.
    """
    found = read(line("/a/7?b=1", user="a@example"), line("/a/7?b=1", user="a@example", minute=2), line("/c"))

    assert [("/a/7?b=1", "GET /a/{id}", "agent", 2.0), ("/c", "GET /c", "anonymous", 1.0)] == [
        (request.path, request.name, request.principal, request.weight) for request in found.requests
    ]
    assert 3 / 120 * 86_400 == found.per_day


def test_uvicorn_s_lines_are_read() -> None:
    """
    They have neither user nor time.
    """
    found = read('INFO:     127.0.0.1:5000 - "GET /a?b=1 HTTP/1.1" 200 OK')

    assert (["/a?b=1"], None) == ([request.path for request in found.requests], found.per_day)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line(user="stranger@example"), UNKNOWN_IDENTITY),
        (line("/a?access_token=abc"), UNKNOWN_IDENTITY),
        (line("/app.js"), STATIC),
        (line("/api/auth/logout"), LEAVES),
        (line("/wp-admin.php", 404), FAILED),
        (line(method="POST"), NO_BODY),
        ('1.2.3.4 - - [10/Oct/2025:13:55:36 +0200] "\\x16\\x03" 400 0', NO_REQUEST),
    ],
)
def test_what_does_not_stand_for_a_user_is_counted(text: str, reason: str) -> None:
    """
    Each reason is told.
    """
    assert {reason: 1} == read(text, line()).dropped


def test_what_is_no_access_log_is_an_error() -> None:
    """
    Other text is not silently an empty load.
    """
    with pytest.raises(ConfigError):
        read("hello", "world")
