"""
The laws catch what breaks them: each is held against a remedy that does.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from tests.remedies import compressed_twins, more_threads
from tests.remedies.patients import FINDING as SLOW_PAGE
from tests.remedies.patients import little_app

from hasten.application import App
from hasten.errors import RevertFailed
from hasten.model import Change, Finding, Kind, Risk, Where
from hasten.optimize import Remedy
from hasten.optimize.about import About
from hasten.testing import laws
from hasten.testing.servers import private_app

ABOUT = About(title="t", kind=Kind.SCHEMA, risk=Risk.R2, treats=("s",), improves=("m",))
HEADER = "\n".join(f"{heading} x." for heading in laws.HEADINGS)
FINDING = Finding(symptom="s", where=Where(kind="table", name="t"), cost_s_per_day=1.0, says="")
CHANGE = Change(
    optimization="test.fake",
    kind=Kind.SCHEMA,
    where=Where(kind="table", name="t"),
    before={},
    after={},
    inverse={"drop": "x"},
    why="",
    expects="",
    risk=Risk.R2,
)
_THERE = "SELECT to_regclass('t_name') IS NOT NULL"


def propose(finding: Finding, app: App) -> list[Change]:
    """
    One change.
    """
    return [CHANGE]


def apply(change: Change, app: App) -> None:
    """
    An index is there.
    """
    app.database.run("CREATE INDEX IF NOT EXISTS t_name ON t (name)")


def revert(change: Change, app: App) -> None:
    """
    It is gone.
    """
    if not change.inverse:
        raise RevertFailed("no inverse", hint="by hand")
    app.database.run("DROP INDEX IF EXISTS t_name")


def is_applied(change: Change, app: App) -> bool:
    """
    Whether it is there.
    """
    return bool(app.database.value(_THERE))


def by_hand(change: Change) -> list[str]:
    """
    What a person types.
    """
    return ["DROP INDEX t_name;"]


def nothing(step: Change, app: App) -> None:
    """
    Nothing is done.
    """


def always(change: Change, app: App) -> bool:
    """
    It is there, whatever is there.
    """
    return True


def remedy(**other: Any) -> Remedy:
    """
    A remedy that keeps all laws, except for what is given.
    """
    parts: dict[str, Any] = {
        "__name__": "fake",
        "__doc__": HEADER,
        "about": ABOUT,
        "propose": propose,
        "apply": apply,
        "revert": revert,
        "is_applied": is_applied,
        "has_remains": is_applied,
        "by_hand": by_hand,
    }
    return cast(Remedy, SimpleNamespace(**{**parts, **other}))


@pytest.mark.parametrize(
    "header", [None, "", HEADER.replace("How it goes back:", "How it ends:"), "\n".join(reversed(HEADER.splitlines()))]
)
def test_a_header_without_its_headings_is_caught(header: str | None) -> None:
    """
    A missing heading, or one in the wrong place.
    """
    laws.header_is_a_manual_page(remedy())
    with pytest.raises(AssertionError, match="headings"):
        laws.header_is_a_manual_page(remedy(__doc__=header))


def test_other_parameters_are_caught() -> None:
    """
    The same names everywhere, so that the loop can call any remedy.
    """
    laws.functions_are_there(remedy())
    with pytest.raises(AssertionError, match="takes"):
        laws.functions_are_there(remedy(revert=nothing))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """
    A database with one table.
    """
    seed = "CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a'), (2, 'b')"
    with private_app(tmp_path_factory.mktemp("laws"), seed) as made:
        yield made


@pytest.mark.real
def test_a_good_remedy_keeps_them(app: App, tmp_path: Path) -> None:
    """
    Nothing is caught where nothing is wrong.
    """
    good = remedy()
    [change] = laws.proposing_touches_nothing(good, [FINDING], app)
    laws.apply_then_revert_restores(good, change, app)
    laws.both_can_be_repeated(good, change, app)
    laws.an_empty_inverse_fails(good, change, app)


@pytest.mark.real
def test_a_proposal_that_writes_is_caught(app: App) -> None:
    """
    One changed value in one row is enough.
    """

    def writing(finding: Finding, app: App) -> list[Change]:
        app.database.run("UPDATE t SET name = name || '!' WHERE id = 1")
        return [CHANGE]

    with pytest.raises(AssertionError, match="propose touched"):
        laws.proposing_touches_nothing(remedy(propose=writing), [FINDING], app)


@pytest.mark.real
def test_a_way_back_that_leaves_something_is_caught(app: App) -> None:
    """
    Also where the remedy believes itself that all is gone.
    """

    def forgetful(change: Change, app: App) -> None:
        app.database.run("ALTER INDEX t_name RENAME TO t_other")

    with pytest.raises(AssertionError, match="not as before"):
        laws.apply_then_revert_restores(remedy(revert=forgetful), CHANGE, app)
    app.database.run("DROP INDEX t_other")


@pytest.mark.real
def test_an_apply_that_does_nothing_is_caught(app: App) -> None:
    """
    A change that changes nothing is none.
    """
    idle = remedy(apply=nothing, is_applied=always)
    with pytest.raises(AssertionError, match="changed nothing"):
        laws.apply_then_revert_restores(idle, CHANGE, app)


@pytest.mark.real
def test_a_second_apply_that_does_more_is_caught(app: App) -> None:
    """
    Done twice must be done once.
    """

    def growing(change: Change, app: App) -> None:
        app.database.run("CREATE INDEX ON t (name)")

    def clearing(change: Change, app: App) -> None:
        for row in app.database.rows("SELECT indexname AS name FROM pg_indexes WHERE tablename = 't'"):
            if row["name"] != "t_pkey":
                app.database.run(f"DROP INDEX {row['name']}")

    with pytest.raises(AssertionError, match="second apply"):
        laws.both_can_be_repeated(remedy(apply=growing, revert=clearing), CHANGE, app)
    clearing(CHANGE, app)


@pytest.mark.real
def test_a_guessed_way_back_is_caught(app: App) -> None:
    """
    A change that lost its inverse is not undone from memory.
    """

    def guessing(change: Change, app: App) -> None:
        app.database.run("DROP INDEX IF EXISTS t_name")

    with pytest.raises(AssertionError, match="empty inverse was accepted"):
        laws.an_empty_inverse_fails(remedy(revert=guessing), CHANGE, app)


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """
    A folder of pages and the server that sends them.
    """
    with little_app(tmp_path_factory.mktemp("little")) as made:
        yield made


def like(toy: Any, **other: Any) -> Remedy:
    """
    A toy remedy that keeps all laws, except for what is given.
    """
    return cast(Remedy, SimpleNamespace(**{**vars(toy), **other}))


def reverting(toy: Any, then: Callable[[App], object]) -> Remedy:
    """
    A toy remedy that reverts as it should, and then does something more.
    """

    def revert(change: Change, app: App) -> None:
        toy.revert(change, app)
        then(app)

    return like(toy, revert=revert)


@pytest.mark.real
@pytest.mark.parametrize("toy", [compressed_twins, more_threads])
def test_an_empty_way_back_is_caught_in_every_kind(little: App, toy: Any) -> None:
    """
    A revert that does nothing.
    """
    (change,) = toy.propose(SLOW_PAGE, little)
    with pytest.raises(AssertionError, match="something is left"):
        laws.apply_then_revert_restores(like(toy, revert=nothing), change, little)
    toy.revert(change, little)


@pytest.mark.real
@pytest.mark.parametrize("toy", [compressed_twins, more_threads])
def test_a_guessed_way_back_is_caught_in_every_kind(little: App, toy: Any) -> None:
    """
    A revert that takes `before` where the inverse is lost.
    """
    (change,) = toy.propose(SLOW_PAGE, little)

    def guessing(given: Change, app: App) -> None:
        toy.revert(msgspec.structs.replace(given, inverse=given.before), app)

    with pytest.raises(AssertionError, match="empty inverse was accepted"):
        laws.an_empty_inverse_fails(like(toy, revert=guessing), change, little)


@pytest.mark.real
def test_a_mode_that_does_not_come_back_is_caught(little: App) -> None:
    """
    The bytes are right and the file can be read by others.
    """
    (change,) = compressed_twins.propose(SLOW_PAGE, little)
    careless = reverting(compressed_twins, lambda app: (app.root / "server.conf").chmod(0o644))
    with pytest.raises(AssertionError, match=r"files: server.conf was 640 .*, is 644"):
        laws.apply_then_revert_restores(careless, change, little)
    (little.root / "server.conf").chmod(0o640)


@pytest.mark.real
def test_a_folder_that_is_left_is_caught(little: App) -> None:
    """
    Also an empty one.
    """
    (change,) = compressed_twins.propose(SLOW_PAGE, little)
    careless = reverting(compressed_twins, lambda app: (app.root / "cache" / "left").mkdir())
    with pytest.raises(AssertionError, match="cache/left was not there"):
        laws.apply_then_revert_restores(careless, change, little)
    (little.root / "cache" / "left").rmdir()


@pytest.mark.real
def test_a_server_that_is_not_started_again_is_caught(little: App) -> None:
    """
    What is written down is as before, and nothing runs.
    """
    (change,) = more_threads.propose(SLOW_PAGE, little)
    careless = reverting(more_threads, lambda app: app.servers.supervisor.stop("web"))
    with pytest.raises(AssertionError, match="something is left"):
        laws.apply_then_revert_restores(careless, change, little)
    little.servers.stop()
    little.servers.start()


@pytest.mark.real
def test_a_server_that_is_only_restarted_is_caught(little: App) -> None:
    """
    A change that is not written down is gone at the next start, and is no change.
    """
    (change,) = more_threads.propose(SLOW_PAGE, little)
    idle = like(more_threads, apply=nothing, is_applied=always)
    with pytest.raises(AssertionError, match="changed nothing"):
        laws.apply_then_revert_restores(idle, change, little)


@pytest.mark.real
def test_a_proposal_that_writes_down_is_caught(little: App) -> None:
    """
    An override for another process is enough.
    """
    path = little.state_dir / "processes.json"

    def writing(finding: Finding, app: App) -> list[Change]:
        path.write_text(json.dumps({"other": {"command": None, "env": {}}}))
        return more_threads.propose(finding, app)

    with pytest.raises(AssertionError, match="propose touched"):
        laws.proposing_touches_nothing(like(more_threads, propose=writing), [SLOW_PAGE], little)
    path.unlink()
