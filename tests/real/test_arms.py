"""
Arms that are processes: answers compared and the gate tried over HTTP, on the small application of the traps.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from bench.traps.desk import create
from bench.traps.http_cases import HELLOS, LIVE, MINE, NOTES, PROBES, REPORTS
from bench.traps.http_run import ME, PEOPLE, TARGET, desk

from hasten.verify import freshness, identity
from hasten.verify.answers import (
    CANDIDATE,
    COMPRESSION,
    CONTROL,
    CONTROL_AGAIN,
    Ask,
    ComparisonPlan,
    Declared,
    compare_answers,
    guard,
)
from hasten.verify.answers.arms import arms_at, joined
from hasten.world.load.plan import LoadRequest

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    Give the file that all desks of this module share.
    """
    path = tmp_path_factory.mktemp("desk") / "desk.sqlite"
    create(str(path))
    return path


@contextmanager
def arms(state: Path, change: str) -> Iterator[Ask]:
    """
    Control and a candidate with that change, in processes of their own.
    """
    with ExitStack() as stack:
        control, candidate = (stack.enter_context(desk(state, name)) for name in ("as_it_is", change))
        addresses = {CONTROL: control, CONTROL_AGAIN: control, CANDIDATE: candidate}
        yield stack.enter_context(arms_at(addresses, TARGET))


@pytest.mark.parametrize(
    ("change", "requests", "declared", "accused"),
    [
        ("cached", [*MINE, *NOTES], Declared(), []),
        ("compressed", REPORTS, COMPRESSION, []),
        ("remembered_report", LIVE, Declared(), []),
        ("missing_vary", REPORTS, COMPRESSION, ["header:vary"]),
        ("unordered", NOTES, Declared(), ["$.notes (order)"]),
    ],
)
def test_answers_over_http(
    state: Path, change: str, requests: list[LoadRequest], declared: Declared, accused: list[str]
) -> None:
    """
    Right changes are found to answer alike, noise and all, and wrong ones are named by their field.
    """
    with arms(state, change) as ask:
        found = compare_answers(requests, ask, ComparisonPlan(declared=declared, known=requests))

    assert (accused, not accused) == ([field.name for field in found.mismatches], guard(found).ok)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ("cached", set()),
        ("keyed_by_url", {identity.LeakKind.CANARY}),
        ("joined_by_url", {identity.LeakKind.CANARY}),
        ("keyed_without_language", {identity.LeakKind.VARIANT}),
    ],
)
def test_the_gate_over_http(state: Path, change: str, kinds: set[identity.LeakKind]) -> None:
    """
    A cache with the whole key passes, and one that mixes people or languages does not, cold or warm.
    """
    plan = identity.IdentityPlan(principals=list(PEOPLE), telling=[ME], urls_per_route=1)
    with arms(state, change) as ask:
        found = identity.check_identity([MINE[0], HELLOS[0]], ask, plan)

    assert (True, not kinds) == (kinds <= {leak.kind for leak in found.leaks}, identity.guard(found).ok)


@pytest.mark.parametrize(("change", "ok"), [("cached", True), ("never_told", False)])
def test_writes_over_http(state: Path, change: str, ok: bool) -> None:
    """
    The next read shows the write, or the guard says that it does not.
    """
    with arms(state, change) as ask:
        found = freshness.check_freshness(PROBES, ask, freshness.FreshnessPlan())

    assert ok is freshness.guard(found).ok


def test_credentials_win_and_cookies_are_joined() -> None:
    """
    A request never speaks for another principal, and its own cookies are sent beside the session's.
    """
    own = {"Cookie": "theme=dark", "Authorization": "Bearer of-somebody"}

    assert {"cookie": "sid=1; theme=dark", "authorization": "Bearer of-ada"} == joined(
        own, {"cookie": "sid=1", "authorization": "Bearer of-ada"}
    )
