"""
hasten.verify.side_by_side, hasten verify and hasten check on real instances of a real application and real clones.
"""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as Xml

import msgspec
import pytest
from tests.real.desk_project import ONCE, SLOWER, Project, edit
from tests.real.scene import assert_no_strays

from hasten import by_hand
from hasten.model import Ending, Noise, Step, Trial
from hasten.record.ledger import Ledger
from hasten.verify import noise, pacing
from hasten.verify.recompute import again
from hasten.world.load import run_load
from hasten.world.postgres import Database

VERIFY = by_hand.verify
#: With so many rows the statement is most of the answer.
MORE = "INSERT INTO message SELECT n, n % 5000, repeat('x', 60) FROM generate_series(60001, 240000) n"

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@pytest.fixture
def project(place: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """
    The small desk as a project, and trials with short blocks.
    """
    monkeypatch.setattr(pacing, "BLOCK_S", 0.2)
    # The noise floor has a test of its own, and takes as long as a trial.
    monkeypatch.setattr(by_hand, "verify", partial(VERIFY, calibrated=False))
    return Project(place, database)


@pytest.fixture(autouse=True)
def _is_untouched(project: Project) -> object:
    """
    Whatever was judged: no file of the project, no table of its database and no process is different afterwards.
    """
    schema = project.database.schema_dump()
    yield
    assert schema == project.database.schema_dump()
    assert_no_strays(project.folder / ".hasten")


def test_an_index_that_helps_is_worth_making(project: Project) -> None:
    """
    A migration that a person would run is judged on a clone: it is faster, it is on record, and it was not made.
    """
    code = (
        "import os, psycopg; c = psycopg.connect(os.environ['DATABASE_URL'], autocommit=True);"
        "c.execute('CREATE INDEX ON message (inquiry_id)')"
    )
    project.database.run(MORE)
    before = project.files()
    status, said = project.judged("verify", "--", sys.executable, "-c", code)

    assert (0, "KEEP") == (status, said["decision"]["verdict"]), said["decision"]
    assert said["made"]["schema"]
    assert before == project.files()
    (entry,) = Ledger(project.folder / ".hasten").read()
    assert Step.VERIFIED is entry.step
    assert (0, True) == (
        project.judged("recompute", entry.body["trial"]["change"])[0],
        entry.body["trial"]["looks"] != [],
    )


def test_an_edit_that_does_more_work_is_not(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A statement that is repeated makes the route slower, and that is shown.
    """
    monkeypatch.setattr(pacing, "LEAST_REQUESTS", 16)
    status, said = project.judged("verify", "--", *edit(*SLOWER))

    assert (2, "ROLL_BACK") == (status, said["decision"]["verdict"]), said["decision"]
    assert said["decision"]["rule"] in ("guard:harm", "guard:routes", "harm")
    assert ["desk.py"] == said["made"]["files"]


def test_a_faster_wrong_answer_is_refused_for_the_answer(project: Project) -> None:
    """
    An answer that lost a part is told by its field, before anything is timed.
    """
    status, said = project.judged("verify", "--", *edit('{"messages": row}', '{"messages": row[:1]}'))

    assert (2, "guard:answers") == (status, said["decision"]["rule"])
    assert "messages" in said["decision"]["reason"]
    assert [] == said["trial"]["blocks"]


def test_a_command_that_does_nothing_is_never_kept_and_seldom_called_harmful(project: Project) -> None:
    """
    Two equal instances are not told apart, though each login has a session of its own and each instance an address.

    Harm may be called in up to a tenth of such trials (decision 6); three in a row are no chance.
    """
    told = '{"messages": row, "session": self.headers["Cookie"], "self": f"http://{self.headers[\'Host\']}/"}'
    text = project.desk.read_text().replace('{"messages": row}', told)
    text = text.replace('"session=known; HttpOnly"', 'f"session=known-{time.time_ns()}; HttpOnly"')
    project.desk.write_text(f"import time\n{text}")
    rules = []
    while not {"interval", "least_gain", "time"} & set(rules):
        status, said = project.judged("verify", "--minutes", "0.05", "--", "true")
        rules.append(said["decision"]["rule"])

        assert 2 == status
        assert rules != ["guard:harm"] * 3
        assert {*rules} <= {"interval", "least_gain", "time", "guard:harm"}, said["decision"]
        assert [True] == [guard["ok"] for guard in said["trial"]["guards"] if guard["name"] == "answers"]
        assert {"count": 0, "files": [], "schema": False, "rows": 0} == said["made"]


def test_control_is_played_against_control_first(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    One instance is asked everything twice; the next verdict takes its noise from the ledger, and may be refused for it.
    """
    monkeypatch.setattr(by_hand, "verify", VERIFY)
    monkeypatch.setattr(noise, "PAIRS", 8)
    # The candidate answers six times as slowly, and none of that is in the noise.
    monkeypatch.setattr(noise, "is_hopeless", lambda _floor, _level: True)
    trials = []
    for _ in range(2):
        status, said = project.judged("verify", "--", *edit(*SLOWER))
        assert (2, "noise") == (status, said["decision"]["rule"]), said["decision"]
        trials.append(msgspec.convert(said["trial"], Trial))
    first, second = trials

    assert isinstance(first.noise, Noise)
    assert (8, 8, Ending.NOISE, []) == (first.noise.pairs, len(first.noise.blocks), first.ended, first.blocks)
    assert abs(first.noise.log_ratio) < 0.5
    assert msgspec.structs.replace(first.noise, blocks=[]) == second.noise
    assert ([], []) == (again(first).differs, again(second).differs)
    assert [True] * 2 == [guard.ok for trial in trials for guard in trial.guards]


def test_a_command_that_fails_is_your_input(project: Project) -> None:
    """
    Its last words are shown, nothing is judged, and nothing is on record.
    """
    done = project.hasten("verify", "--", "sh", "-c", "echo no such table >&2; exit 3")

    assert 1 == done.returncode
    assert "failed with code 3" in done.stderr
    assert "| no such table" in done.stderr
    assert [] == Ledger(project.folder / ".hasten").read()


def test_without_clones_nothing_can_be_written(project: Project) -> None:
    """
    Both instances share the live database, in sessions that are read-only, and that is said.
    """
    project.config.write_text(project.config.read_text() + "[allow]\nclones = false\n")
    wipe = edit(ONCE, f"connection.execute('DELETE FROM message'); {ONCE}")
    status, said = project.judged("verify", "--", *wipe)

    assert (2, "guard:answers") == (status, said["decision"]["rule"])
    assert any("clones is false" in note for note in said["trial"]["notes"])
    assert 60000 == project.database.value("SELECT count(*) FROM message")


def test_a_check_tells_a_regression_against_a_revision(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    The revision runs beside the working copy; what is slower breaks the build, in every form of the report.
    """
    monkeypatch.setattr(pacing, "LEAST_REQUESTS", 16)
    (project.folder / ".gitignore").write_text(".hasten\n__pycache__\n")
    _git(project.folder, "init", "--quiet")
    _git(project.folder, "add", ".")
    _git(project.folder, "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "-m", "first")
    subprocess.run(edit(*SLOWER), cwd=project.folder, check=True)
    before = project.files()
    files = ["--junit", str(tmp_path / "junit.xml"), "--sarif", str(tmp_path / "sarif.json")]
    status, said = project.judged("check", "--against", "HEAD", "--no-budgets", "--minutes", "0.3", *files)

    broken = {item["name"] for item in said["items"] if item["status"] == "broken"}
    assert 2 == status, said["items"]
    assert broken & {"GET /messages", "all routes"}
    assert before == project.files()
    assert 1 == len(_git(project.folder, "worktree", "list").splitlines())
    suites = Xml.parse(tmp_path / "junit.xml").getroot()
    assert str(len(broken)) == suites.get("failures")
    (run,) = json.loads((tmp_path / "sarif.json").read_bytes())["runs"]
    assert len(broken) == sum(result["level"] == "error" for result in run["results"])


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=True).stdout


def test_a_change_made_by_hand_can_be_shown_to_be_wrong(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Before and after, with the application started anew in between: another answer is told.
    """
    made = edit('{"messages": row}', '{"messages": row[:1]}')
    monkeypatch.setattr("hasten.cli.verify._wait", lambda: subprocess.run(made, cwd=project.folder, check=True))
    # Whether this machine is too busy to be believed just now is not what this test is about.
    monkeypatch.setattr(
        "hasten.observe.api.run_load",
        lambda *words, **more: msgspec.structs.replace(run_load(*words, **more), windows=[]),
    )
    status, said = project.judged("verify", "--pause")

    assert (2, "guard:answers", "C") == (status, said["decision"]["rule"], said["trial"]["grade"])
