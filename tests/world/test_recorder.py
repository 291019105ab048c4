"""
Having requests recorded, and reading what was.
"""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from hasten.errors import ConfigError, NoData
from hasten.world import recorder
from hasten.world.policy_file import PolicyFile
from hasten.world.recorder import Recorded, Wish, names, read, record, recordings_dir, section, sweep
from hasten_runtime.policy import read_policy

SEEN = {"since": 100.0, "requests": 50, "others": 2, "kept": 5, "over": 1, "withheld": {"query": 3}}
LINE = {
    "version": 1, "at": 100.0, "http.request.method": "GET", "path": "/a", "identity": "", "headers": {},
    "http.route": "", "http.response.status_code": 200, "seen": {**SEEN, "requests": 1, "withheld": {}},
}  # fmt: skip
COUNTS = {"version": 1, "at": 110.0, "seen": SEEN}


def put(folder: Path, name: str, *lines: Any, pid: int = 7) -> Path:
    """
    A recording as a worker writes it.
    """
    (folder / name).mkdir(parents=True, exist_ok=True)
    path = folder / name / f"{pid}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_what_is_wished_for_the_agents_understand(tmp_path: Path) -> None:
    """
    Every recording has a name and a key of its own, and an end.
    """
    policy = PolicyFile(tmp_path)
    one, two = (section(Wish(for_s=60.0, uuids=True, parameters=["q"], cookies=["sid"])) for _ in range(2))
    policy.record(one)
    read_back = read_policy(policy.path.read_bytes()).record
    assert read_back is not None

    assert (True, {"q"}, {"sid"}, 0.1) == (read_back.uuids, read_back.parameters, read_back.cookies, read_back.share)
    assert one.id != two.id and one.key != two.key
    assert 0 < one.expires_at - time.time() <= 60


@pytest.mark.parametrize(
    "changed", [{"for_s": 7200.0}, {"share": 0.0}, {"share": 2.0}, {"per_s": 0.0}, {"most_bytes": 10}]
)
def test_what_the_agents_would_refuse_is_refused_here(changed: dict[str, Any]) -> None:
    """
    With the bounds in the hint.
    """
    with pytest.raises(ConfigError) as refused:
        section(Wish(**changed))

    assert "choose from" in refused.value.hint


def test_at_the_end_nothing_is_recorded_any_more(tmp_path: Path) -> None:
    """
    The section and its key are gone from the policy, and what was recorded is read.
    """
    policy = PolicyFile(tmp_path)
    wanted = section(Wish(for_s=1.0))
    policy.record(wanted)
    heard: list[int] = []

    def sleep(seconds: float) -> None:
        put(recordings_dir(policy), wanted.id, LINE, COUNTS)
        time.sleep(seconds)

    found = record(policy, wanted, lambda part, count: heard.append(count), sleep)

    assert (1, 1) == (len(found.requests), len(found.counts))
    assert wanted.key not in policy.path.read_text()
    assert heard


def test_ctrl_c_ends_it_too(tmp_path: Path) -> None:
    """
    Whatever ends it, nothing is recorded any more; a recording that somebody else has begun is left alone.
    """
    policy = PolicyFile(tmp_path)
    wanted, other = section(Wish()), section(Wish())

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    for now, left in ((wanted, None), (other, other)):
        policy.record(now)
        with pytest.raises(KeyboardInterrupt):
            record(policy, wanted, lambda *_: None, interrupt)
        assert left == policy.read().record


def test_lines_of_all_workers_are_one_recording(tmp_path: Path) -> None:
    """
    In the order in which the requests came; of each worker the last counts are all that it saw.
    """
    put(
        tmp_path,
        "r1",
        {**LINE, "at": 105.0, "path": "/late"},
        COUNTS,
        {**COUNTS, "at": 120.0, "seen": {**SEEN, "requests": 90}},
    )
    put(tmp_path, "r1", {**LINE, "at": 101.0}, {**COUNTS, "seen": {**SEEN, "requests": 10}}, pid=8)
    found = read(tmp_path)

    assert ["/a", "/late"] == [each.path for each in found.requests]
    assert (100, {"query": 6}, 5.0) == (
        sum(each.seen.requests for each in found.counts),
        found.withheld,
        found.rate_per_s,
    )


def test_what_is_broken_is_passed_over(tmp_path: Path) -> None:
    """
    A line that ends in the middle, one of another version, one that is nothing.
    """
    path = put(tmp_path, "r1", LINE, {**LINE, "version": 2}, {"odd": 1}, [])
    with path.open("a") as file:
        file.write(json.dumps(LINE)[:-20])

    assert 1 == len(read(tmp_path).requests)


def test_the_newest_is_meant_where_none_is_named(tmp_path: Path) -> None:
    """
    One that is not there is an error with those that are.
    """
    with pytest.raises(NoData, match="nothing was recorded"):
        read(tmp_path)
    put(tmp_path, "20260101-1", LINE)
    put(tmp_path, "20260102-1", LINE, LINE)

    assert (2, 1) == (len(read(tmp_path).requests), len(read(tmp_path, "20260101-1").requests))
    with pytest.raises(NoData) as refused:
        read(tmp_path, "../20260101-1")
    assert "20260101-1" in refused.value.hint


def test_old_recordings_are_thrown_away(tmp_path: Path) -> None:
    """
    What visitors have asked for is not kept longer than the next few recordings.
    """
    for number in range(6):
        put(tmp_path, f"r{number}", LINE)
    sweep(tmp_path)

    assert recorder.MOST_KEPT - 1 == len(names(tmp_path))
    assert "r5" == names(tmp_path)[-1]


def test_nobody_has_counted_is_no_rate() -> None:
    """
    No data is no number.
    """
    assert Recorded(id="r", requests=[], counts=[]).rate_per_s is None
