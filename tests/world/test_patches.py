"""
Files are changed and go back: bytes, modes, absence; a person's edit is never lost.
"""

import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from hasten.errors import ApplyFailed, NotAllowed, RevertFailed, Unreachable
from hasten.model import Change, Kind, Risk, Where, from_json, to_json
from hasten.world import durable, patches
from hasten.world.patches import Files, by_hand

OLD = b"workers = 1\n"
NEW = b"workers = 4\n"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """
    An application with a configuration, a page that will go, and no `made/deep` folder.
    """
    root = tmp_path / "app"
    (root / "conf").mkdir(parents=True)
    (root / "conf" / "server.conf").write_bytes(OLD)
    (root / "conf" / "server.conf").chmod(0o640)
    (root / "old.html").write_bytes(b"<p>old</p>")
    return Files(root, root / ".hasten")


def planned(files: Files, wanted: dict[str, bytes | None] | None = None) -> Change:
    """
    A change of three files: one is edited, one made in new folders, one removed; as it is read from the ledger.
    """
    sides = files.prepare(wanted or {"conf/server.conf": NEW, "made/deep/new.js": b"new()", "old.html": None})
    assert sides
    change = Change(
        optimization="toy.files", kind=Kind.FILES, where=Where(kind="application", name="toy"), why="", expects="",
        risk=Risk.R2, **sides,
    )  # fmt: skip
    return from_json(to_json(change), Change)


def seen(files: Files) -> dict[str, tuple[int, bytes]]:
    """
    Every file and folder below the root, apart from Hasten's own.
    """
    found = [path for path in files.root.rglob("*") if not path.is_relative_to(files.state_dir)]
    return {
        str(path.relative_to(files.root)): (
            stat.S_IMODE(path.lstat().st_mode),
            path.read_bytes() if path.is_file() else b"",
        )
        for path in found
    }


def test_preparing_touches_nothing_and_applying_twice_is_once(files: Files) -> None:
    """
    Edited, made and removed; a second apply finds nothing to do, and going back restores all, twice too.
    """
    before = seen(files)
    change = planned(files)
    assert before == seen(files)
    assert not files.is_applied(change)
    assert not files.has_remains(change)

    for _ in range(2):
        files.apply(change)
        after = {"conf/server.conf": (0o640, NEW), "made/deep/new.js": (0o644, b"new()")}
        assert after == {path: what for path, what in seen(files).items() if what[1]}
        assert files.is_applied(change)
    for _ in range(2):
        files.revert(change)
        assert before == seen(files)
        assert not files.has_remains(change)


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("function", ["stage", "settle", "remove"])
@pytest.mark.parametrize("way", ["apply", "revert"])
def test_ended_anywhere_it_goes_back(
    files: Files, monkeypatch: pytest.MonkeyPatch, function: str, number: int, way: str
) -> None:
    """
    Between any two files, on the way in or out: what is there are whole versions, and a new process restores them.
    """
    before = seen(files)
    change = planned(files)
    if way == "revert":
        files.apply(change)
    monkeypatch.setattr(durable, function, ending_at(number, getattr(durable, function)))
    with suppress(KeyboardInterrupt):
        getattr(files, way)(change)
    monkeypatch.undo()

    Files(files.root, files.state_dir).revert(change)
    assert before == seen(files)


def ending_at(number: int, function: Callable[..., None]) -> Callable[..., None]:
    """
    The function, whose call of that number ends the run after it was done.
    """
    calls = iter(range(100))

    def ending(*given: object, **named: object) -> None:
        function(*given, **named)
        if next(calls) == number:
            raise KeyboardInterrupt

    return ending


@pytest.mark.parametrize("state", ["planned", "applied"])
@pytest.mark.parametrize("edit", ["edited", "deleted", "mode"])
def test_what_a_person_did_is_never_overwritten(files: Files, state: str, edit: str) -> None:
    """
    Neither before nor after: refused with a hint, and not one of the files is touched.
    """
    change = planned(files)
    if state == "applied":
        files.apply(change)
    path = files.root / "conf/server.conf"
    {"edited": lambda: path.write_text("mine"), "deleted": path.unlink, "mode": lambda: path.chmod(0o600)}[edit]()
    as_left = seen(files)
    with pytest.raises(ApplyFailed if state == "planned" else RevertFailed, match="somebody") as refused:
        (files.apply if state == "planned" else files.revert)(change)

    assert "keep" in refused.value.hint
    assert as_left == seen(files)


def test_an_edit_in_the_last_moment_is_kept_too(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Saved by a person while the new bytes were being written: nothing of the change is left, all of the edit is.
    """
    change = planned(files, {"a.txt": b"a", "old.html": b"<p>new</p>"})
    before = seen(files)

    def settle(staged: Path, path: Path) -> None:
        staged.replace(path)
        (files.root / "old.html").write_bytes(b"mine")

    monkeypatch.setattr(durable, "settle", settle)
    with pytest.raises(ApplyFailed, match="at this very moment"):
        files.apply(change)

    assert {**before, "old.html": (before["old.html"][0], b"mine")} == seen(files)


@pytest.mark.parametrize("refused", ["../out", "/etc/hosts", "link/x", "a/../b", "here", "conf", ".hasten/x", ""])
def test_a_path_that_leads_elsewhere_is_refused(files: Files, refused: str) -> None:
    """
    Out of the folder, through a symlink, onto a symlink or a folder, or into Hasten's own state.
    """
    (files.root / "link").symlink_to(files.root.parent)
    (files.root / "here").symlink_to("old.html")
    with pytest.raises(NotAllowed):
        files.prepare({refused: b"x"})


def test_a_copy_of_the_application_in_the_state_folder_can_be_changed(files: Files, tmp_path: Path) -> None:
    """
    The candidate of a trial is one; its change is the same as the live application's.
    """
    change = planned(files)
    copy = Files(files.state_dir / "scratch" / "app", files.state_dir)
    shutil.copytree(files.root, copy.root, ignore=shutil.ignore_patterns(".hasten"))
    copy.apply(change)

    assert (True, False) == (copy.is_applied(change), files.is_applied(change))


def test_a_symlink_that_came_later_is_refused_too(files: Files) -> None:
    """
    Between plan and apply the file was replaced by a link: what it points to stays as it is.
    """
    change = planned(files, {"old.html": b"<p>new</p>"})
    (files.root / "old.html").rename(files.root / "real.html")
    (files.root / "old.html").symlink_to("real.html")
    with pytest.raises(ApplyFailed, match="symlink"):
        files.apply(change)

    assert b"<p>old</p>" == (files.root / "real.html").read_bytes()


def test_a_folder_in_the_place_of_a_file_is_refused(files: Files) -> None:
    """
    Nothing is written around it.
    """
    change = planned(files)
    (files.root / "made" / "deep" / "new.js").mkdir(parents=True)
    with pytest.raises(ApplyFailed, match="no regular file"):
        files.apply(change)

    assert OLD == (files.root / "conf/server.conf").read_bytes()


def full(*_: object, **__: object) -> None:
    """
    What a full disk answers.
    """
    raise OSError(28, "No space left on device")


def test_a_full_disk_while_saving_changes_nothing(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    No plan without a way back.
    """
    before = seen(files)
    monkeypatch.setattr(durable, "stage", full)
    with pytest.raises(Unreachable, match="No space left") as refused:
        files.prepare({"old.html": b"x"})

    assert "disk space" in refused.value.hint
    assert before == seen(files)


def test_a_disk_that_fills_up_on_the_way_leaves_the_old_files(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The second of two new files had no room: the first is gone again, and so is its folder.
    """
    before, change = seen(files), planned(files)
    stage, calls = durable.stage, iter(range(9))
    monkeypatch.setattr(durable, "stage", lambda *given, **named: stage(*given, **named) if next(calls) < 1 else full())
    with pytest.raises(ApplyFailed, match="No space left"):
        files.apply(change)

    assert before == seen(files)


def test_a_way_back_without_its_bytes_is_refused_before_the_first_step(files: Files) -> None:
    """
    Saved bytes that are gone, or are others than their name says, stop the apply and the revert.
    """
    change = planned(files)
    for path in files.saved.folder.iterdir():
        path.write_bytes(b"spoiled")
    before = seen(files)
    with pytest.raises(ApplyFailed, match="saved bytes"):
        files.apply(change)

    assert before == seen(files)


def test_what_a_person_put_into_a_new_folder_stays(files: Files) -> None:
    """
    Only an empty folder goes with the file that it was made for.
    """
    change = planned(files)
    files.apply(change)
    (files.root / "made" / "deep" / "notes.txt").write_bytes(b"mine")
    files.revert(change)

    assert (0o644, b"mine") == seen(files)["made/deep/notes.txt"]
    assert "made/deep/new.js" not in seen(files)
    assert not files.has_remains(change)


def test_the_commands_for_a_person_do_what_revert_does(files: Files) -> None:
    """
    Typed into a shell in the application's folder they restore everything.
    """
    before, change = seen(files), planned(files)
    files.apply(change)
    assert 0 == os.system(f"cd {files.root} && " + "\n".join(by_hand(change)[1:]))

    assert before == seen(files)
    files.revert(change)
    assert not files.has_remains(change)


def test_nothing_to_do_is_no_change(files: Files) -> None:
    """
    A file that already has these bytes is not proposed.
    """
    assert files.prepare({"old.html": b"<p>old</p>", "missing": None}) is None


def test_a_change_without_its_inverse_is_not_undone(files: Files) -> None:
    """
    Not by guessing from `before` either; and the commands say so.
    """
    change = planned(files)
    files.apply(change)
    lost = patches.msgspec.structs.replace(change, inverse={})
    with pytest.raises(RevertFailed):
        files.revert(lost)

    assert files.is_applied(change)
    assert "lost its inverse" in by_hand(lost)[0]
