"""
What differs between the kinds of change.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from hasten import kinds
from hasten.application import App
from hasten.errors import ConfigError, NoData, NotAllowed, Unreachable
from hasten.model import Change, Kind, Risk, Trial, Where
from hasten.optimize import Remedy
from hasten.target import Allow, Target
from hasten.verify.trial import Terms
from hasten.verify.watch import held
from hasten.world import agent, http
from hasten.world.supervisor import Supervisor


def change(kind: Kind) -> Change:
    """
    A change of that kind.
    """
    return Change(
        optimization="toy.any", kind=kind, where=Where(kind="application", name="toy"), before={}, after={}, inverse={},
        why="", expects="", risk=Risk.R2,
    )  # fmt: skip


@pytest.fixture
def app(tmp_path: Path) -> App:
    """
    An App that answers somewhere, or not, and that Hasten does not run.
    """
    return App(target=Target(), state_dir=tmp_path, supervisor=cast(Supervisor, None), url="http://127.0.0.1:1")


def test_each_kind_has_an_arena_and_only_a_policy_is_tried_live(app: App) -> None:
    """
    A crash in a trial on live requests must be undone there; in any other there is nothing to undo.
    """
    found = {kind: kinds.is_live(kinds.arena_of(change(kind), app)) for kind in Kind}

    assert {Kind.SCHEMA: False, Kind.FILES: False, Kind.PROCESS: False, Kind.POLICY: True} == found


def test_without_clones_a_schema_change_is_tried_live(app: App) -> None:
    """
    A crash in its trial must be undone there; other kinds are tried where they were.
    """
    bare = replace(app, target=Target(allow=Allow(clones=False)))
    arena = kinds.arena_of(change(Kind.SCHEMA), bare)

    assert ("switch-back", True) == (arena, kinds.is_live(arena))
    assert "instance" == kinds.arena_of(change(Kind.FILES), bare)


@pytest.mark.parametrize("kind", [Kind.SCHEMA, Kind.PROCESS])
def test_what_cannot_be_begun_is_refused_before_the_first_step(app: App, kind: Kind) -> None:
    """
    A database or processes that hasten.toml does not name.
    """
    with pytest.raises(ConfigError):
        kinds.require(change(kind), app)


def test_a_policy_without_an_agent_is_no_data(app: App) -> None:
    """
    Nothing is kept that could not be tried.
    """
    with pytest.raises(NoData):
        kinds.run_trial(
            change(Kind.POLICY), cast(Remedy, None), replace(app, url=""), Terms(), lambda _done, _what: None
        )


@pytest.mark.parametrize(
    ("options", "variables", "words"),
    [
        (["-I"], {}, "was started with -I, so it ignores PYTHONPATH"),
        ([], {"HASTEN_DISABLE": "1"}, "has HASTEN_DISABLE in its environment"),
        (None, {}, "so nobody would obey a rule"),
    ],
)
def test_why_nobody_would_obey_a_rule_is_said(
    app: App, options: list[str] | None, variables: dict[str, str], words: str
) -> None:
    """
    As far as the processes tell that Hasten has started; before anything is begun.
    """
    environment = agent.with_agent({**os.environ, **variables}, agent.surroundings(app.state_dir))
    command = [sys.executable, *(options or []), "-c", "input()"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as process:
        running = {} if options is None else {"web": ("application", process.pid)}
        with pytest.raises(NotAllowed, match=words) as refused:
            kinds.require(change(Kind.POLICY), replace(app, url="http://127.0.0.1:1", processes=running))
        process.communicate(b"\n")

    assert refused.value.hint


class Answering:
    """
    What the application says to a health check.
    """

    def __init__(self, status: int) -> None:
        self.status = status

    def __call__(self, *_: Any) -> http.Answer:
        """
        The answer, or none.
        """
        if not self.status:
            raise Unreachable("nobody answers", hint="start it")
        return http.Answer(status=self.status, headers=[], body=b"", wire_bytes=0, seconds=0.0)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch, app: App) -> Iterator[Any]:
    """
    A look at the live application, which answers with a status.
    """

    def look(status: int) -> Trial:
        monkeypatch.setattr(kinds, "check_health", Answering(status))
        return kinds.look_at_live(change(Kind.FILES), app)

    yield look


@pytest.mark.parametrize(("status", "verdict"), [(200, "KEEP"), (404, "KEEP"), (0, "ROLL_BACK")])
def test_an_application_that_does_not_answer_any_more_goes_back(looked: Any, status: int, verdict: str) -> None:
    """
    Whatever the trial had said.
    """
    assert verdict == held(looked(status)).verdict
