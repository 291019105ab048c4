"""
What `hasten doctor` finds: one check for one cause, and nothing is changed by looking.
"""

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.story import write_story

from hasten.checkup import Check, checkup
from hasten.session import located

#: An application of a few lines: health, and a page.
APPLICATION = (
    "import sys\nfrom http.server import *\nHTTPServer(('127.0.0.1', int(sys.argv[1])), "
    "type('H', (BaseHTTPRequestHandler,), {'do_GET': lambda s: (s.send_response(200), s.end_headers()), "
    "'log_message': lambda *_: None})).serve_forever()"
)


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., dict[str, Check]]:
    """
    Gives a function that writes hasten.toml and answers the checks by name.
    """
    command = json.dumps([sys.executable, "-c", APPLICATION, "{port}"])
    (tmp_path / "traffic.jsonl").write_text('{"path": "/"}\n')

    def checks(more: str = "", *, traffic: str = 'requests = "traffic.jsonl"', pages: str = "[]") -> dict[str, Check]:
        (tmp_path / "hasten.toml").write_text(
            f'state = "state"\n[[application.processes]]\nname = "web"\ncommand = {command}\nis_web = true\n'
            f"[browser]\npages = {pages}\n[traffic]\n{traffic}\n{more}"
        )
        return {check.name: check for check in checkup(located(str(tmp_path)), str(tmp_path))}

    return checks


def to_mend(found: dict[str, Check]) -> list[str]:
    """
    The names of the checks that failed; each of them has a hint.
    """
    failed = [check for check in found.values() if check.ok is False]
    assert all(check.hint for check in failed), failed
    return [check.name for check in failed]


def test_what_is_not_asked_for_is_no_fault(look: Callable[..., dict[str, Check]]) -> None:
    """
    No database, no front end, no pages, no principals: each is said, and none is to mend.
    """
    found = look()

    assert [] == to_mend(found)
    absent = {name for name, check in found.items() if check.ok is None}
    assert {"front end", "browser", "PostgreSQL programs", "database", "principals"} == absent
    assert "1 requests" == found["recorded requests"].says
    assert found["application"].says.startswith("answers at http://127.0.0.1:")


@pytest.mark.parametrize(
    ("more", "options", "check"),
    [
        ('[frontend]\ndist = "dist"\n', {}, "front end"),
        ("", {"traffic": 'requests = "gone.jsonl"'}, "traffic files"),
        ("", {"traffic": ""}, "traffic files"),
        ("", {"pages": '["/"]\npath = "/nowhere/chromium"'}, "browser"),
        ('[database]\nurl = "postgresql://u:p@127.0.0.1:1/d"\nprograms = "/nowhere"\n', {}, "PostgreSQL programs"),
        ('[[principals]]\nname = "ada"\nsecret_env = "NOT_SET_ANYWHERE"\n', {}, "login of ada"),
    ],
)
def test_one_cause_is_one_fault(
    look: Callable[..., dict[str, Check]], more: str, options: dict[str, str], check: str
) -> None:
    """
    With a hint; what could not be looked at because of it is no second fault.
    """
    found = look(more, **options)

    expected = [check, "database"] if "127.0.0.1:1/" in more else [check]
    assert expected == to_mend(found)


def test_an_application_that_does_not_start_is_one_fault(look: Callable[..., dict[str, Check]], tmp_path: Path) -> None:
    """
    Its reason is told, and the checks that need it are left out.
    """
    found = look('[[application.processes]]\nname = "worker"\ncommand = ["/nowhere/worker"]\n')

    assert ["application and database"] == to_mend(found)
    assert "there is no program /nowhere/worker" in found["application and database"].says
    assert not list((tmp_path / "state" / "run").glob("*.json"))


def test_a_damaged_ledger_is_one_fault(look: Callable[..., dict[str, Check]], tmp_path: Path) -> None:
    """
    Nothing is opened on top of it.
    """
    (tmp_path / "state").mkdir()
    story = write_story(tmp_path / "state")
    assert f"{len(story.book.read())} entries hold" == look()["ledger"].says
    with sqlite3.connect(story.book.path) as ledger:
        ledger.execute("DROP TRIGGER entry_is_never_updated")
        ledger.execute("UPDATE entry SET entry = CAST(replace(entry, 'buyer', 'fryer') AS BLOB) WHERE seq = 3")

    assert ["ledger"] == to_mend(look())


def test_lost_evidence_is_no_fault(look: Callable[..., dict[str, Check]], tmp_path: Path) -> None:
    """
    Doctor looks at the present; a baseline measures anew.
    """
    (tmp_path / "state").mkdir()
    write_story(tmp_path / "state")
    for path in (tmp_path / "state" / "observations").iterdir():
        path.unlink()

    assert [] == to_mend(look())


def test_what_holds_everything_up_is_told(look: Callable[..., dict[str, Check]], tmp_path: Path) -> None:
    """
    A stop and a freeze are nobody's mistake: they are told, not to be mended.
    """
    assert look()["free to act"].ok
    frozen = look('[[freeze]]\nfrom = "2000-01-01"\nto = "2100-01-01"\nreason = "sale"')["free to act"]
    (tmp_path / "state" / "STOP").write_text("down")
    stopped = look()["free to act"]

    assert [(None, True), (None, True)] == [(frozen.ok, "sale" in frozen.says), (stopped.ok, "(down)" in stopped.says)]
