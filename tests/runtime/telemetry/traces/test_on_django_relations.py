"""
Django's relations: loaded with their objects, and read; in a process of its own (`django_shop.py`).
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[4]
ORDER = ("customer", "bill", "lines", "tags")


def shop(*options: str) -> Any:
    """
    What the shop prints, and what its hooks say.
    """
    run = subprocess.run(
        [sys.executable, "-m", "tests.runtime.telemetry.traces.django_shop", *options],
        capture_output=True, cwd=ROOT, text=True,
    )  # fmt: skip
    assert 0 == run.returncode, run.stderr
    return {**json.loads(run.stdout), "hasten": [each for each in run.stderr.splitlines() if "hasten:" in each]}


@pytest.fixture(scope="module")
def watched() -> Any:
    """
    The shop with all hooks.
    """
    return shop()


@pytest.fixture(scope="module")
def plain() -> Any:
    """
    The shop without hooks.
    """
    return shop("--plain")


def of(*verdicts: str, holder: str = "Order") -> dict[str, str]:
    """
    Of an order's customer, bill, lines and tags.
    """
    return {f"{'Order' if at < 2 else holder}.{name}": verdicts[at] for at, name in enumerate(ORDER)}


CASES: dict[str, Any] = {
    "nothing": of(*["unread"] * 4),
    "of a child": of(*["unread"] * 4, holder="Express"),
    "all": of(*["read"] * 4),
    "all of a child": of(*["read"] * 4, holder="Express"),
    "one": of("unread", "unread", "read", "unread"),
    "template": of("read", "unread", "read", "unread"),
    "nested": {"Customer.orders": "read", "Order.lines": "unread"},
    "forward": {"Line.order": "read", "Order.customer": "unread"},
    "related in related": {"Line.order": "read", "Order.customer": "unread"},
    "to_attr": {},
    "twice": {"Order.lines": "unread"},
    "column": {"Order.customer": "unread"},
    "pickled": of(*["passed"] * 4),
    "copied": of(*["passed"] * 4),
    "kept": of(*["kept"] * 4),
    "child kept": of("kept", "kept", "read", "kept"),
    "saved": of("read", "unread", "unread", "unread"),
    "deleted": of(*["unread"] * 4),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_known_of_each_relation(watched: Any, case: str) -> None:
    """
    Cycles of objects are no reason to think that somebody has them; whoever has one has what it leads to.
    """
    assert CASES[case] == watched["found"][case]


def test_django_is_as_it_was(watched: Any, plain: Any) -> None:
    """
    All that is said is the same, and nobody waits for anything in the end.
    """
    assert (plain["said"], 0, []) == (watched["said"], watched["awaited"], watched["hasten"])
    assert not any(plain["found"].values())


PARTS = ( "on_django_relations._relation_of", "on_django_relations._add",
    "on_django_relations._populate", "on_django_relations.ref", "relations._load_of", "relations.own_frames",
    "loads:Load.add", "relations._watch", "relations._count", "loads.keeping", "bypass.is_open",
    "trace.current", "trace.here",
)  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_whatever_fails_django_says_the_same(plain: Any, part: str) -> None:
    """
    And nothing that was read is called unread.
    """
    broken = shop("--broken", part)

    assert plain["said"] == broken["said"]
    assert "unread" not in {*broken["found"]["all"].values(), *broken["found"]["all of a child"].values()}
    assert len(broken["hasten"]) <= 4
