"""
What Hasten has started, in files.
"""

import os

from hasten.model import to_json
from hasten.world import registry
from hasten.world.process_id import ProcessId
from hasten.world.registry import SCRATCH_MARK, Record, Scratch
from hasten.world.unprivileged import remove_tree


def record(**fields) -> Record:
    """
    A record of a process that never was.
    """
    known = {"name": "web", "owner": ProcessId.mine(), "argv": ["x"], "token": "t"}
    return Record(**(known | fields))


def test_records_come_back(tmp_path):
    """
    Processes and folders are each read as what they are.
    """
    scratch = Scratch(path="/x", owner=ProcessId.mine())
    registry.write(tmp_path / "web.json", record())
    registry.write(tmp_path / "clone.scratch", scratch)

    assert [record()] == [found for _, found in registry.read_records(tmp_path)]
    assert [scratch] == [found for _, found in registry.read_scratch(tmp_path)]


def test_a_file_that_is_no_record_is_left_alone(tmp_path):
    """
    It is neither read nor removed.
    """
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "cut.json").write_bytes(to_json(record())[:20])

    assert [] == list(registry.read_records(tmp_path))
    assert 2 == len(list(tmp_path.iterdir()))


def test_a_folder_without_the_mark_is_never_deleted(tmp_path):
    """
    Whatever a record says, only Hasten's own folders go.
    """
    mine, other, link = tmp_path / "mine", tmp_path / "other", tmp_path / "link"
    for folder in (mine, other):
        folder.mkdir()
    (mine / SCRATCH_MARK).touch()
    link.symlink_to(mine)

    for folder in (link, other):
        registry.delete_scratch(folder)
        assert folder.is_dir()
    registry.delete_scratch(mine)
    assert not mine.exists()


def test_a_process_that_is_gone_is_ended_already():
    """
    Ending it does nothing and succeeds; a record without a process too.
    """
    mine = ProcessId.mine()
    gone = ProcessId(pid=os.getpid(), started=mine.started - 1, boot=mine.boot)

    assert registry.end(record(process=gone, grace_s=0.1))
    assert registry.end(record(grace_s=0.1))


def test_waiting_ends_with_the_time():
    """
    What never becomes so is said to be not so.
    """
    assert registry.wait_until(lambda: True, 0.0)
    assert not registry.wait_until(lambda: False, 0.05)


def test_what_comes_back_after_a_crash_is_deleted_again(tmp_path, monkeypatch):
    """
    A part of a dead browser still makes a folder in its profile, without the mark: that goes too.
    """
    scratch, deleted = tmp_path / "browser", []
    scratch.mkdir()
    (scratch / SCRATCH_MARK).touch()

    def and_again(path):
        remove_tree(path)
        deleted.append(path)
        if len(deleted) == 1:
            (scratch / "profile").mkdir(parents=True)

    monkeypatch.setattr(registry, "remove_tree", and_again)
    registry.delete_scratch(scratch, after_crash=True)

    assert [] == list(tmp_path.iterdir())
    assert 2 == len(deleted)
