"""
What a snapshot of an application sees.
"""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from hasten.application import App
from hasten.target import Target
from hasten.testing.snapshot import Snapshot, snapshot
from hasten.world.policy_file import Match, Rule
from hasten.world.supervisor import Supervisor


@pytest.fixture
def app(tmp_path: Path) -> App:
    """
    An application that consists of files.
    """
    root = tmp_path / "app"
    (root / "a").mkdir(parents=True)
    (root / "a" / "f").write_bytes(b"x")
    (root / "link").symlink_to("a/f")
    state_dir = root / ".hasten"
    state_dir.mkdir()
    return App(target=Target(), state_dir=state_dir, root=root, supervisor=cast(Supervisor, None))


RULE = Rule(id="fast", kind="compression", match=Match(paths=[]))
CHANGES: dict[str, Callable[[App], object]] = {
    "files: a/f": lambda app: (app.root / "a" / "f").write_bytes(b"y"),
    "files: a/f was": lambda app: (app.root / "a" / "f").chmod(0o600),
    "files: a": lambda app: (app.root / "a").chmod(0o700),
    "files: new was not there": lambda app: (app.root / "new").mkdir(),
    "files: link": lambda app: ((app.root / "link").unlink(), (app.root / "link").symlink_to("a")),
    "governing: processes.json was not there": lambda app: (app.state_dir / "processes.json").write_bytes(b"{}"),
    "policy: fast was not there": lambda app: app.policy.put(RULE),
    "policy: STOP was not there": lambda app: app.policy.stop(),
}


@pytest.mark.parametrize("told", CHANGES)
def test_every_change_of_a_file_is_seen(app: App, told: str) -> None:
    """
    Bytes, modes, folders, links, and what governs the application; each is told by its name.
    """
    before = snapshot(app)
    CHANGES[told](app)
    (line,) = before.differences(snapshot(app))

    assert line.startswith(told)


def test_what_hasten_keeps_for_itself_is_not_the_application(app: App) -> None:
    """
    Saved bytes, logs, and the time of a file.
    """
    before = snapshot(app)
    app.files.saved.keep(b"bytes")
    (app.root / "a" / "f").touch()

    assert [] == before.differences(snapshot(app))


def test_an_application_without_a_folder_of_its_own_has_no_files(app: App) -> None:
    """
    The folder that a test happens to run in is not looked through.
    """
    elsewhere = App(target=Target(), state_dir=app.state_dir, supervisor=cast(Supervisor, None))

    assert Snapshot() == snapshot(elsewhere)
