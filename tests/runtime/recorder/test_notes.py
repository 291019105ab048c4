"""
What is written of a recording, and when no more is.
"""

import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.driving import scope_of
from tests.runtime.recorder.secrets_of import SECRETS

from hasten_runtime import policy
from hasten_runtime.policy import Record
from hasten_runtime.recorder import notes
from hasten_runtime.recorder.notes import Notes


def record(**changed: Any) -> Record:
    """
    Everything is recorded, for a minute.
    """
    given = {"id": "r1", "key": "ab" * 32, "share": 1.0, "per_s": 1000.0, "most_bytes": 100_000, "for_s": 60.0,
             "expires_at": time.time() + 60}  # fmt: skip
    return policy._record({**given, **changed})


class Time:
    """
    A clock that is moved by hand.
    """

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lines(folder: Path) -> list[dict[str, Any]]:
    """
    What was written, once the thread that writes has ended.
    """
    until = time.monotonic() + 10
    while time.monotonic() < until:
        text = "".join(path.read_text() for path in folder.glob("*.jsonl"))
        if text.endswith("\n") or not text:
            break
        time.sleep(0.01)
    return [json.loads(line) for line in text.splitlines()]


def settled(made: Notes, folder: Path, is_so: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """
    The lines, once they are so.
    """
    until = time.monotonic() + 10
    while not is_so(found := lines(folder)) and time.monotonic() < until:
        time.sleep(0.01)
    return found


def ask(made: Notes, path: str = "/orders/7", status: int = 200, **given: Any) -> bool:
    """
    A request comes and is answered; says whether it was noted.
    """
    scope = scope_of(path, **given)
    note = made.noted(scope, scope["path"])
    if note is not None:
        note(status, "/orders/{id}")
    return note is not None


def test_a_request_is_a_line(tmp_path: Path) -> None:
    """
    When, what, as whom (hashed), with its route and status; readable by nobody else.
    """
    made = Notes(record(), str(tmp_path / "r1"))
    ask(made, query=b"page=2", headers=[(b"cookie", b"session=s3cret"), (b"accept", b"*/*")])
    (line,) = settled(made, tmp_path / "r1", lambda found: len(found) == 1)
    (path,) = (tmp_path / "r1").iterdir()

    assert {"version", "at", "http.request.method", "path", "identity", "headers", "http.route",
            "http.response.status_code", "seen"} == set(line)  # fmt: skip
    assert ("GET", "/orders/7?page=2", "/orders/{id}", 200, {"accept": "*/*"}) == (
        line["http.request.method"],
        line["path"],
        line["http.route"],
        line["http.response.status_code"],
        line["headers"],
    )
    assert "s3cret" not in path.read_text() and 16 == len(line["identity"])
    assert (f"{os.getpid()}.jsonl", 0o600) == (path.name, stat.S_IMODE(path.stat().st_mode))


PLACES = st.sampled_from(
    ["path", "segment", "query", "name", "cookie", "authorization", "accept", "accept-language", "referer",
     "user-agent", "x-forwarded-for", "x-requested-with", "host", "x-api-key", "origin"]
)  # fmt: skip


@given(secret=SECRETS, places=st.lists(PLACES, min_size=1, max_size=3, unique=True), encoded=st.booleans())
@settings(max_examples=300, derandomize=True, deadline=None)
def test_nothing_secret_is_ever_written(secret: str, places: list[str], encoded: bool) -> None:
    """
    Wherever in a request it stands: the request is withheld, or what is written does not have it.
    """
    value = quote(secret, safe="") if encoded else secret
    path = {"path": f"/{secret}", "segment": f"/orders/{secret}/lines"}.get(
        next((each for each in places if each in ("path", "segment")), ""), "/orders/7"
    )
    query = "&".join(
        f"{value}=1" if each == "name" else f"page={value}" for each in places if each in ("query", "name")
    )
    headers = [
        (each.encode(), (f"session={secret}" if each == "cookie" else secret).encode())
        for each in places
        if each not in ("path", "segment", "query", "name")
    ]
    made, written = Notes(record(), "nowhere"), list[dict[str, Any]]()
    made._add = written.append  # type: ignore[method-assign]
    ask(made, path, query=query.encode("latin-1"), headers=headers)
    text = json.dumps([{**line, "at": 0, "identity": "", "seen": {}} for line in written])

    assert secret not in text and value not in text and unquote(secret) not in text
    assert not {"path", "segment", "query", "name", "accept", "accept-language"} & set(places) or not written


def test_only_what_may_be_repeated_is_recorded(tmp_path: Path) -> None:
    """
    Methods that write are counted and not noted; secrets are withheld, and counted by where they stood.
    """
    made = Notes(record(), str(tmp_path))

    assert [True, False, False, False, True] == [
        ask(made),
        ask(made, method="POST"),
        ask(made, query=b"token=x"),
        ask(made, "/reset/5"),
        ask(made, method="HEAD"),
    ]
    assert [4, 1, 2, 0] == [made.counts[name] for name in ("requests", "others", "kept", "over")]
    assert {"query": 1, "link": 1} == made.withheld


def test_visitors_are_drawn_as_a_whole(tmp_path: Path) -> None:
    """
    Of each one all requests are noted or none, and of many visitors about the share.
    """
    made = Notes(record(share=0.3), str(tmp_path))
    noted = [[ask(made, headers=[(b"cookie", b"session=%d" % visitor)]) for _ in range(3)] for visitor in range(400)]

    assert {1} == {len(set(each)) for each in noted}
    assert 80 <= sum(each[0] for each in noted) <= 160
    assert 80 <= sum(ask(made) for _ in range(400)) <= 160
    assert not any(ask(Notes(record(share=0.0), str(tmp_path))) for _ in range(50))


def test_the_rate_is_bounded(tmp_path: Path) -> None:
    """
    What comes faster is counted and not noted, and a second later there is room again.
    """
    clock = Time()
    made = Notes(record(per_s=2.0), str(tmp_path), clock)

    assert [True, True, False] == [ask(made) for _ in range(3)]
    clock.now += 1.0
    assert [True, True, False] == [ask(made) for _ in range(3)]
    assert 2 == made.counts["over"]


def test_the_size_is_bounded(tmp_path: Path) -> None:
    """
    No file is larger than it may be, and what found no place is counted.
    """
    made = Notes(record(most_bytes=1024), str(tmp_path))
    for _ in range(50):
        ask(made)
    found = settled(made, tmp_path, lambda found: len(found) >= 3)

    assert 3 <= len(found) < 10
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1024
    assert 50 == made.counts["over"] + len(found)


def test_counts_are_written_now_and_then(tmp_path: Path) -> None:
    """
    How many requests there were, of which these few were recorded: what the rate of arrivals is known from.
    """
    clock = Time()
    made = Notes(record(share=0.0), str(tmp_path), clock)
    for _ in range(5):
        ask(made)
    clock.now += 1.5
    ask(made, method="POST")
    ask(made)
    (line,) = settled(made, tmp_path, lambda found: len(found) == 1)

    seen = line["seen"]

    assert (6, 1, 0, {}) == (seen["requests"], seen["others"], seen["kept"], seen["withheld"])
    assert seen["since"] <= line["at"]


def test_an_answer_that_begins_anew_is_one_request(tmp_path: Path) -> None:
    """
    As PEP 3333 lets an application do it after an error.
    """
    made = Notes(record(), str(tmp_path))
    note = made.noted(scope_of("/a"), "/a")
    assert note is not None
    note(200, "")
    note(500, "")

    assert 1 == len(settled(made, tmp_path, lambda found: len(found) == 1))
    assert 1 == made.counts["kept"]


def test_a_disk_that_takes_nothing_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    That is said once, and the application goes on.
    """
    (tmp_path / "r1").write_text("a file")
    made = Notes(record(), str(tmp_path / "r1"))
    until = time.monotonic() + 10
    while ask(made) and time.monotonic() < until:
        time.sleep(0.01)

    assert not ask(made)
    assert 1 == capsys.readouterr().err.count("no more is recorded")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links are followed here")
def test_no_link_is_followed(tmp_path: Path) -> None:
    """
    Whoever can write there must not have another file written to.
    """
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / f"{os.getpid()}.jsonl").symlink_to(tmp_path / "other")
    made = Notes(record(), str(tmp_path / "r1"))
    until = time.monotonic() + 10
    while ask(made) and time.monotonic() < until:
        time.sleep(0.01)

    assert not (tmp_path / "other").exists()


def test_another_recording_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Beside the reports of the workers, in a folder of its own.
    """
    monkeypatch.setenv("HASTEN_POLICY", str(tmp_path / "policy.json"))
    monkeypatch.setattr(notes, "_now", None)
    for name in ("r1", "r2"):
        note = notes.noted(record(id=name), scope_of("/a"), "/a")
        assert note is not None
        note(200, "")
        assert 1 == len(settled(notes._now, tmp_path / "workers/recordings" / name, lambda found: len(found) == 1))  # type: ignore[arg-type]


def test_other_bounds_are_obeyed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The recording goes on, and what it may hold is what the policy says now.
    """
    monkeypatch.setenv("HASTEN_POLICY", str(tmp_path / "policy.json"))
    monkeypatch.setattr(notes, "_now", None)

    assert notes.noted(record(), scope_of("/a"), "/a") is not None
    assert notes.noted(record(share=0.0), scope_of("/a"), "/a") is None
    assert notes._now is not None and 2 == notes._now.counts["requests"]


def test_who_wants_no_telemetry_is_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    HASTEN_TELEMETRY=0 goes before the policy.
    """
    monkeypatch.setenv("HASTEN_POLICY", str(tmp_path / "policy.json"))
    monkeypatch.setenv("HASTEN_TELEMETRY", "0")
    monkeypatch.setattr(notes, "_now", None)

    assert notes.noted(record(), scope_of("/a"), "/a") is None
