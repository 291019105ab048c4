"""
A rule of the policy on trial in a real application under uvicorn, with the agent in it.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest
from tests.real import compressible
from tests.real.test_agent import FOREIGN, ROOT

from hasten import cycle, kinds, way_back
from hasten.application import App
from hasten.errors import NotAllowed
from hasten.evidence import Observation, PageProfile, PageResource, PageRun
from hasten.model import Change, Ending, Finding, Grade, Step, Trial, Verdict, Where
from hasten.optimize.quick_wins import compression
from hasten.record import history
from hasten.record.ledger import Ledger
from hasten.session import opened
from hasten.target import Browser
from hasten.verify import judging, noise, policy_pacing, policy_trial
from hasten.verify.recompute import again
from hasten.verify.trial import Terms
from hasten.world import workers
from hasten.world.policy_file import Rule

pytestmark = pytest.mark.real

CONFIG = """
state = "."
[application]
health = "/health"
[[application.processes]]
name = "web"
command = ["{python}", "-m", "uvicorn", "compressible:app", "--port", "{{port}}", "--log-level", "warning"]
cwd = "{cwd}"
is_web = true
agent = {agent}
[browser]
network = "fast-4g"
[traffic]
requests = "traffic.jsonl"
rate_per_s = 4.0
[allow]
mode = "auto"
"""
TRAFFIC = '{"method": "GET", "path": "/api/items?n=1"}\n{"method": "GET", "path": "/health"}\n'
FINDING = Finding(
    symptom="uncompressed_response", where=Where(kind="page", name="/"), cost_s_per_day=1.0, says="text travels plain"
)


def described(folder: Path, *, agent: bool) -> str:
    """
    The folder has a hasten.toml for the toy application.
    """
    text = CONFIG.format(python=FOREIGN, cwd=ROOT / "tests" / "real", agent=str(agent).lower())
    (folder / "hasten.toml").write_text(text)
    (folder / "traffic.jsonl").write_text(TRAFFIC)
    return str(folder / "hasten.toml")


def observed(app: App) -> App:
    """
    The App with the page as a browser would have seen it.
    """
    resources = [
        PageResource(
            url=app.url + path, kind="Script", status=200, wire_bytes=len(body), body_bytes=len(body), start_s=0.0,
            end_s=1.0, headers={"content-type": kind.decode()},
        )
        for path, (body, kind) in compressible.FILES.items()
    ]  # fmt: skip
    empty = dict.fromkeys(("ttfb_s", "fcp_s", "lcp_s", "cls", "tbt_s", "load_s", "complete_s"))
    run = PageRun(**cast(Any, empty), requests=3, wire_bytes=9, resources=resources)
    page = PageProfile(page="/", principal="anonymous", network="fast-4g", cpu_slowdown=1, runs=[run])
    return replace(app, gathered=Observation(name="now", seconds=60.0, pages=[page]))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """
    The toy application, started as hasten.toml says.
    """
    with opened(described(tmp_path_factory.mktemp("shop"), agent=True), application=True) as found:
        yield observed(found)


def coding(app: App) -> str:
    """
    The coding in which everybody gets the script.
    """
    answer = httpx.get(f"{app.url}/assets/app-1.js", headers={"accept-encoding": "gzip"}, trust_env=False)
    assert compressible.SCRIPT == answer.content
    return str(answer.headers.get("content-encoding", "identity"))


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    """
    A ledger of its own, so that no test knows of another's verdicts.
    """
    return Ledger(tmp_path)


@pytest.fixture(autouse=True)
def _without_a_noise_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It has a test of its own, and takes longer than the trial.
    """
    monkeypatch.setattr(cycle, "Terms", partial(Terms, calibrated=False))


def silent(_done: float, _what: str) -> None:
    """
    Nobody watches.
    """


def test_what_saves_the_visitors_time_is_kept_and_goes_back(
    app: App, book: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Planned, tried beside the control, kept at its first look; everybody gets it, and plain bytes after a rollback.
    """
    monkeypatch.setattr(policy_trial, "PAIR_S", 0.5)
    (change,) = cycle.plan(app, [FINDING], book, silent)
    decision = cycle.carry_out(change, app, book, silent)
    trial = _trial_of(change, book)

    assert Verdict.KEEP is decision.verdict, decision
    assert (Grade.A, "split", Ending.GAIN, 16) == (trial.grade, trial.arena, trial.ended, len(trial.blocks))
    assert trial.effect is not None and trial.effect.high < 0.9
    assert {True} == {guard.ok for guard in trial.guards}, trial.guards
    assert trial == judging.judged(trial), "what was recorded does not give the same verdict again"
    assert any(note.startswith("cold, the server took") for note in trial.notes)
    assert all(len(block.control_samples["GET /assets/app-1.js"]) > 1 for block in trial.blocks)
    assert ("gzip", None) == (coding(app), app.policy.read().trial)
    way_back.rollback(app, book, None)
    _workers_follow(app)

    assert ("identity", [], True) == (coding(app), app.policy.read().rules, book.verify().ok)


def _trial_of(change: Change, book: Ledger) -> Trial:
    (state,) = [each for each in history.changes(book.read()) if each.change.id == change.id]
    assert Step.KEPT is state.step and state.trial is not None
    return state.trial


def _workers_follow(app: App) -> None:
    assert workers.arrived(app.policy.workers_dir, app.policy.read(), app.url, "/health", patience_s=20.0)


def test_on_loopback_it_gains_nothing_and_is_not_kept(app: App, book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without a slow network there is no gain to be shown, and nothing is left of the candidate.
    """
    monkeypatch.setattr(policy_trial, "PAIR_S", 0.1)
    monkeypatch.setattr(policy_pacing, "WANTED_PER_ARM", 14)
    target = msgspec.structs.replace(app.target, browser=Browser(network="none"))
    (change,) = compression.propose(FINDING, app)
    book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})
    decision = cycle.carry_out(change, replace(app, target=target), book, silent)
    _workers_follow(app)

    assert decision.verdict is not Verdict.KEEP, decision
    assert ("identity", None) == (coding(app), app.policy.read().trial)


def test_control_is_played_against_control_first(app: App, book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It is said and recorded, computes again, is taken from the ledger by the next trial, and can forbid it.
    """
    monkeypatch.setattr(cycle, "Terms", Terms)
    monkeypatch.setattr(policy_trial, "PAIR_S", 0.3)
    monkeypatch.setattr(noise, "PAIRS", 8)
    monkeypatch.setattr(noise, "is_hopeless", lambda _floor, _level: True)
    first, told = _noise_of(app, book)
    second, told_again = _noise_of(app, book)

    assert first.noise is not None
    assert (8, 8, Ending.NOISE, []) == (first.noise.pairs, len(first.noise.blocks), first.ended, first.blocks)
    assert all(block.control.keys() == block.candidate.keys() != set() for block in first.noise.blocks)
    # The script is a third as long with the change: equal arms were asked for.
    assert abs(first.noise.log_ratio) < 0.3
    assert [8, 0] == [sum("control against control" in what for what in each) for each in (told, told_again)]
    assert msgspec.structs.replace(first.noise, blocks=[]) == second.noise
    assert ([], []) == (again(first).differs, again(second).differs)
    assert None is app.policy.read().trial


def _noise_of(app: App, book: Ledger) -> tuple[Trial, list[str]]:
    """
    The next trial of the change, and what it said on its way.
    """
    told: list[str] = []
    (change,) = compression.propose(FINDING, app)
    book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})
    decision = cycle.carry_out(change, app, book, lambda _done, what: told.append(what))
    tried = history.tried(book.read(), change.id)
    assert tried is not None and "noise" == decision.rule, decision
    return tried.trial, told


def test_a_rule_that_touches_nothing_is_not_kept(app: App, book: Ledger) -> None:
    """
    No data is no good news: the trial says that no answer changes.
    """
    (change,) = compression.propose(FINDING, app)
    rule = {**change.after["rule"], "settings": {"minimum_bytes": 1_000_000}}
    change = msgspec.structs.replace(change, after={"rule": rule})
    book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})
    decision = cycle.carry_out(change, app, book, silent)

    assert (Verdict.INCONCLUSIVE, True) == (decision.verdict, "changes no answer" in decision.reason)
    assert None is app.policy.read().trial


def test_a_rule_that_the_agent_refuses_is_not_tried(app: App, book: Ledger) -> None:
    """
    A setting that the agent does not know leaves the old policy in force, and the trial ends with the reason.
    """
    (change,) = compression.propose(FINDING, app)
    rule = {**change.after["rule"], "settings": {"strength": 11}}
    change = msgspec.structs.replace(change, after={"rule": rule})
    book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})
    decision = cycle.carry_out(change, app, book, silent)

    assert (Verdict.INCONCLUSIVE, True) == (decision.verdict, "no worker" in decision.reason)
    assert "identity" == coding(app)


def test_without_the_agent_nothing_is_begun(tmp_path: Path) -> None:
    """
    An application that was started without it cannot be tried, and that is said before anything is written.
    """
    with opened(described(tmp_path, agent=False), application=True) as found:
        app = observed(found)
        assert [] == compression.propose(FINDING, app)
        told = replace(app, target=msgspec.structs.replace(app.target, application=_armed(app)))
        (change,) = compression.propose(FINDING, told)
        with pytest.raises(NotAllowed) as refused:
            kinds.require(change, app)

    assert "no worker" in str(refused.value)
    assert not (tmp_path / "policy" / "policy.json").exists()


def _armed(app: App) -> Any:
    section = app.target.application
    return msgspec.structs.replace(
        section, processes=[msgspec.structs.replace(each, agent=True) for each in section.processes]
    )


def test_a_run_that_was_killed_during_the_trial_is_put_in_order(app: App, book: Ledger) -> None:
    """
    The ledger has the trial as begun and the file has the candidate: recovery takes it out, and says so.
    """
    (change,) = compression.propose(FINDING, app)
    change = msgspec.structs.replace(change, why="another time", where=Where(kind="page", name="/ again"))
    book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})
    book.append(Step.APPLIED, {"change": change.id, "arena": "split"})
    rule = msgspec.convert(change.after["rule"], Rule)
    with app.policy.candidate([rule], name=change.id, seed=1):
        left = app.policy.path.read_bytes()
    app.policy.path.write_bytes(left)
    done = way_back.recover(app, book)

    assert [change.id] == [each["change"] for each in done if each["did"] == "undone"]
    assert (None, []) == (app.policy.read().trial, app.policy.read().rules)
