"""
The kill switch is a file, and whatever has its name counts.
"""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hasten import kill_switch
from hasten.errors import HastenError, Interrupted
from hasten.kill_switch import Ended, Stop, check, end_run, path_of, pull, pulled, release, watched
from hasten.lock import alone


def test_it_is_off_until_somebody_pulls_it(tmp_path: Path) -> None:
    """
    Without the file, and without the folder, everything goes on.
    """
    check(tmp_path)
    check(tmp_path / "gone")

    assert None is pulled(tmp_path)


@pytest.mark.parametrize("made", ["touch", "folder", "link", "text", "bytes"])
def test_whatever_has_the_name_counts(tmp_path: Path, made: str) -> None:
    """
    An empty file, a folder, a link to nowhere, a reason, rubbish.
    """
    path = path_of(tmp_path)
    {
        "touch": path.touch,
        "folder": path.mkdir,
        "link": lambda: path.symlink_to("nowhere"),
        "text": lambda: path.write_text("checkout is down\n"),
        "bytes": lambda: path.write_bytes(b"\xff" * 100_000),
    }[made]()
    found = pulled(tmp_path)

    assert found is not None and found.since is not None
    assert abs(datetime.now(UTC) - found.since) < timedelta(minutes=10)
    assert len(found.reason) <= 1000
    with pytest.raises(Interrupted, match="checkout is down" if made == "text" else "stopped") as caught:
        check(tmp_path)
    assert (130, "stop") == (caught.value.exit_code, caught.value.data["rule"])


def test_a_folder_that_cannot_be_looked_into_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Doubt goes back: not to know is not to be allowed.
    """

    def refuse(_: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "lstat", refuse)
    found = pulled(tmp_path)

    assert found is not None and "Permission denied" in found.reason


def test_a_trial_ends_between_two_rounds(tmp_path: Path) -> None:
    """
    Progress is passed on until the file is there.
    """
    seen: list[str] = []
    report = watched(lambda _done, what: seen.append(what), tmp_path)
    report(0.1, "round 1")
    path_of(tmp_path).touch()
    with pytest.raises(Interrupted):
        report(0.2, "round 2")

    assert ["round 1"] == seen


def test_a_reason_stays_until_there_is_another(tmp_path: Path) -> None:
    """
    Pulled twice is pulled; lifted once is lifted, and tells what it was.
    """
    folder = tmp_path / "new"
    for reason, stays in [("first", "first"), ("", "first"), ("second", "second")]:
        pull(folder, reason)
        assert stays == (pulled(folder) or Stop()).reason

    assert "second" == (release(folder) or Stop()).reason
    assert (None, None) == (pulled(folder), release(folder))


def test_what_cannot_be_made_or_removed_is_told(tmp_path: Path) -> None:
    """
    The hint says what to type; a folder of that name stops, and is a person's to remove.
    """
    (tmp_path / "file").touch()
    with pytest.raises(HastenError) as caught:
        pull(tmp_path / "file", "")
    assert "touch" in caught.value.hint

    path_of(tmp_path).mkdir()
    pull(tmp_path, "there is one already")
    with pytest.raises(HastenError, match="cannot be removed"):
        release(tmp_path)


def test_where_nobody_is_at_work_nothing_is_waited_for(tmp_path: Path) -> None:
    """
    There is no run to end.
    """
    assert Ended(is_over=True) == end_run(tmp_path, 60)


@pytest.mark.parametrize("ignoring", [False, True])
def test_the_run_is_told_once_and_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ignoring: bool) -> None:
    """
    As Ctrl-C does it, or as SIGTERM where that is ignored; one that does not end is told of, not killed.
    """
    got: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda number, _: got.append(number)) for number in numbers}
    if ignoring:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    monkeypatch.setattr(kill_switch.time, "sleep", lambda _: None)  # type: ignore[attr-defined]
    try:
        with alone(tmp_path):
            ended = end_run(tmp_path, 0.05)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert Ended(is_over=False, pid=os.getpid()) == ended
    assert [signal.SIGTERM if ignoring else signal.SIGINT] == got
