"""
The loop, with a remedy and trials that live in memory; the real ones are in tests/real.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from hasten import cycle, gate, kill_switch, kinds, optimize, way_back
from hasten.application import App
from hasten.errors import ApplyFailed, Interrupted, NoData, NotAllowed
from hasten.evidence import Observation
from hasten.freeze import Freeze
from hasten.model import (
    Block,
    Change,
    Distribution,
    Finding,
    Grade,
    Guard,
    Kind,
    Look,
    Measurement,
    Risk,
    Step,
    Trial,
    Verdict,
    Where,
    now,
)
from hasten.record import history
from hasten.record.ledger import Ledger
from hasten.target import Allow, Target
from hasten.world.supervisor import Supervisor

CHANGE = Change(
    optimization="toy.switch", kind=Kind.FILES, where=Where(kind="route", name="GET /"), before={}, after={"on": 1},
    inverse={"on": 0}, why="", expects="", risk=Risk.R0,
)  # fmt: skip
FINDING = Finding(symptom="slow_toy", where=CHANGE.where, cost_s_per_day=1.0, says="slow")


def trial(ratio: float, *, arena: str = "instance", guard: bool | None = True) -> Trial:
    """
    A trial with this effect.
    """
    look = Look(pairs=16, log_ratio=math.log(ratio), error=0.03, z=4.56, low=ratio * 0.87, high=ratio * 1.15)
    return Trial(
        change=CHANGE.id, grade=Grade.A, arena=arena, seed=1, effect=None, looks=[look],
        blocks=[Block(index=n, order="", control={"q": 1.0}, candidate={"q": ratio}) for n in range(16)],
        guards=[Guard(name="errors", ok=guard, detail="errors")],
    )  # fmt: skip


class World:
    """
    What is live, and what the trials will say.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.live: set[str] = set()
        self.in_arena: Callable[[], Trial] = lambda: trial(0.2)
        self.on_live: Callable[[], Trial] = lambda: trial(1.0, arena="live")
        self.apply: Callable[[], None] = lambda: None
        remedy = SimpleNamespace(
            about=SimpleNamespace(treats=("slow_toy",), least_gain=0.1),
            propose=lambda finding, app: [CHANGE],
            apply=self._apply,
            revert=lambda change, app: self.live.discard(change.id),
            is_applied=lambda change, app: change.id in self.live,
            has_remains=lambda change, app: change.id in self.live,
            by_hand=lambda change: ["switch it off"],
        )
        monkeypatch.setattr(optimize, "catalogue", lambda: {"toy.switch": remedy})
        monkeypatch.setattr(kinds, "require", lambda *_args: None)
        monkeypatch.setattr(kinds, "run_trial", lambda *_args, **_named: self.in_arena())
        monkeypatch.setattr(kinds, "look_at_live", lambda *_args: self.on_live())

    def _apply(self, change: Change, _app: App) -> None:
        self.apply()
        self.live.add(change.id)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """
    An empty world.
    """
    return World(monkeypatch)


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    """
    An empty ledger.
    """
    return Ledger(tmp_path)


@pytest.fixture
def app(tmp_path: Path) -> App:
    """
    An App that was observed.
    """
    return App(
        target=Target(allow=Allow(mode="auto")),
        state_dir=tmp_path,
        supervisor=cast(Supervisor, None),
        gathered=Observation(name="baseline"),
    )


def silent(_done: float, _what: str) -> None:
    """
    Nobody watches.
    """


def steps(book: Ledger) -> list[str]:
    """
    The steps in the ledger, with their arenas.
    """
    return [" ".join(filter(None, [entry.step, entry.body.get("arena")])) for entry in book.read()]


def test_what_is_proved_is_kept(world: World, book: Ledger, app: App) -> None:
    """
    First in its arena, then live, then KEPT; each step is in the ledger.
    """
    (change,) = cycle.plan(app, [FINDING], book, silent)
    decision = cycle.carry_out(change, app, book, silent)

    assert (Verdict.KEEP, {change.id}) == (decision.verdict, world.live)
    assert ["PLANNED", "APPLIED instance", "TRIED instance", "APPLIED live", "TRIED live", "KEPT"] == steps(book)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (lambda: trial(1.0), Verdict.INCONCLUSIVE),
        (lambda: trial(1.5), Verdict.ROLL_BACK),
        (lambda: trial(0.2, guard=False), Verdict.ROLL_BACK),
        (lambda: trial(0.2, guard=None), Verdict.INCONCLUSIVE),
    ],
)
def test_what_is_not_proved_never_gets_live(
    world: World, book: Ledger, app: App, outcome: Callable[[], Trial], verdict: Verdict
) -> None:
    """
    No gain, harm, a failed guard, a guard without data: nothing was applied to the live application.
    """
    world.in_arena = outcome
    (change,) = cycle.plan(app, [FINDING], book, silent)

    assert verdict == cycle.carry_out(change, app, book, silent).verdict
    assert ["PLANNED", "APPLIED instance", "TRIED instance", "ROLLED_BACK"] == steps(book)
    assert set() == world.live


@pytest.mark.parametrize("error", [NoData("nothing to replay"), ApplyFailed("does not go in")])
def test_a_trial_that_cannot_be_had_is_inconclusive(world: World, book: Ledger, app: App, error: Exception) -> None:
    """
    No data is not good news: it goes back, with the reason.
    """

    def fail() -> Trial:
        raise error

    world.in_arena = fail
    (change,) = cycle.plan(app, [FINDING], book, silent)
    decision = cycle.carry_out(change, app, book, silent)

    assert (Verdict.INCONCLUSIVE, str(error)) == (decision.verdict, decision.reason)
    assert set() == world.live


def test_what_was_tried_on_live_requests_is_undone_there(world: World, book: Ledger, app: App) -> None:
    """
    A policy is tried on a share of the live requests: what was not proved is taken back, not only forgotten.
    """
    change = msgspec.structs.replace(CHANGE, kind=Kind.POLICY)
    book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})

    def half_there() -> Trial:
        world.live.add(change.id)
        return trial(1.0, arena="split")

    world.in_arena = half_there
    decision = cycle.carry_out(change, app, book, silent)

    assert (Verdict.INCONCLUSIVE, set()) == (decision.verdict, world.live)
    assert ["PLANNED", "APPLIED split", "TRIED split", "ROLLED_BACK"] == steps(book)


def test_what_the_live_application_vetoes_goes_back(world: World, book: Ledger, app: App) -> None:
    """
    Proved in its arena and worse live: it is undone.
    """
    world.on_live = lambda: trial(1.0, arena="live", guard=False)
    (change,) = cycle.plan(app, [FINDING], book, silent)

    assert Verdict.ROLL_BACK == cycle.carry_out(change, app, book, silent).verdict
    assert (set(), "ROLLED_BACK") == (world.live, steps(book)[-1])


@pytest.mark.parametrize("error", [ApplyFailed("no room"), KeyboardInterrupt()])
def test_an_apply_that_ends_early_leaves_nothing(world: World, book: Ledger, app: App, error: BaseException) -> None:
    """
    The error goes on, the world is as before, the ledger says ROLLED_BACK.
    """

    def fail() -> None:
        world.live.add(CHANGE.id)
        raise error

    world.apply = fail
    (change,) = cycle.plan(app, [FINDING], book, silent)
    with pytest.raises(type(error)):
        cycle.carry_out(change, app, book, silent)

    assert (set(), "ROLLED_BACK") == (world.live, steps(book)[-1])


def test_a_failed_idea_is_not_proposed_again(world: World, book: Ledger, app: App) -> None:
    """
    Neither what went back nor what is kept is planned twice; what a person undid may be.
    """
    world.in_arena = lambda: trial(1.5)
    (change,) = cycle.plan(app, [FINDING], book, silent)
    cycle.carry_out(change, app, book, silent)

    assert [] == cycle.plan(app, [FINDING], book, silent)


def test_a_failed_idea_is_proposed_again_under_another_workload(world: World, book: Ledger, app: App) -> None:
    """
    Or when somebody asks for it; a first failure under a workload that nobody wrote down stays a failure.
    """
    world.in_arena = lambda: trial(1.5)
    busy, busier = replace(app, gathered=asked(100)), replace(app, gathered=asked(300))
    (change,) = cycle.plan(busy, [FINDING], book, silent)
    cycle.carry_out(change, busy, book, silent)

    assert [] == cycle.plan(replace(app, gathered=asked(120)), [FINDING], book, silent)
    assert [change] == cycle.plan(busier, [FINDING], book, silent, dry_run=True)
    assert [change] == cycle.plan(busy, [FINDING], book, silent, again=True)
    cycle.carry_out(change, busy, book, silent)
    book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})
    cycle.carry_out(change, busy, book, silent)
    assert [] == cycle.plan(busier, [FINDING], book, silent)


def asked(times: int) -> Observation:
    """
    A run in which the toy's route was asked for so often.
    """
    counted = Measurement(metric="m", unit="s", where=CHANGE.where, distribution=Distribution(count=times))
    return Observation(name="now", seconds=60, measurements=[counted])


@pytest.mark.parametrize("allow", [Allow(), Allow(mode="approve"), Allow(mode="auto", max_changes_per_day=0)])
def test_what_is_not_allowed_is_not_begun(world: World, book: Ledger, app: App, allow: Allow) -> None:
    """
    Whoever calls the loop: without leave nothing is written and nothing is touched.
    """
    (change,) = cycle.plan(app, [FINDING], book, silent)
    with pytest.raises(NotAllowed):
        cycle.carry_out(change, replace(app, target=Target(allow=allow)), book, silent)

    assert (["PLANNED"], set()) == (steps(book), world.live)


@pytest.mark.parametrize("moment", ["begin", "trial", "live"])
def test_the_stop_file_sends_a_run_back_at_its_next_step(world: World, book: Ledger, app: App, moment: str) -> None:
    """
    Before, during the trial and while it goes live: nothing is left, and it may be planned again.
    """

    def stop() -> None:
        kill_switch.pull(app.state_dir, moment)

    if moment == "trial":
        world.in_arena = lambda: (stop(), trial(0.2))[1]
    elif moment == "live":
        world.apply = stop
    (change,) = cycle.plan(app, [FINDING], book, silent)
    if moment == "begin":
        stop()
    with pytest.raises(Interrupted):
        cycle.carry_out(change, app, book, silent)

    expected = ["PLANNED", "APPLIED instance", "TRIED instance", "APPLIED live", "TRIED live", "ROLLED_BACK"]
    assert {"begin": expected[:1], "trial": [*expected[:3], expected[-1]], "live": expected}[moment] == steps(book)
    assert set() == world.live
    assert [change] == cycle.plan(app, [FINDING], book, silent)


def test_a_freeze_that_has_begun_during_the_trial_keeps_it_from_going_live(
    world: World, book: Ledger, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The trial was longer than anybody thought: it goes back with the reason, and may be planned again.
    """
    start = now() + timedelta(hours=1)
    freeze = Freeze(from_=start.isoformat(), to=(start + timedelta(hours=1)).isoformat(), reason="sale")
    app = replace(app, target=Target(allow=Allow(mode="auto"), freeze=[freeze]))
    (change,) = cycle.plan(app, [FINDING], book, silent)

    def slow() -> Trial:
        monkeypatch.setattr(gate, "now", lambda: start)
        return trial(0.2)

    world.in_arena = slow
    with pytest.raises(NotAllowed, match="sale"):
        cycle.carry_out(change, app, book, silent)

    assert (["PLANNED", "APPLIED instance", "TRIED instance", "ROLLED_BACK"], set()) == (steps(book), world.live)
    assert [change] == cycle.plan(app, [FINDING], book, silent)


def test_what_was_undone_on_request_may_be_planned_again(world: World, book: Ledger, app: App) -> None:
    """
    A kept change is not proposed while it is there, and is after `hasten rollback`.
    """
    (change,) = cycle.plan(app, [FINDING], book, silent)
    cycle.carry_out(change, app, book, silent)
    assert [] == cycle.plan(app, [FINDING], book, silent)

    way_back.rollback(app, book, None)
    assert [change] == cycle.plan(app, [FINDING], book, silent)


def test_a_dry_run_writes_nothing(world: World, book: Ledger, app: App) -> None:
    """
    The proposals come back and no entry is made.
    """
    assert [CHANGE] == cycle.plan(app, [FINDING], book, silent, dry_run=True)
    assert [] == book.read()


def test_only_findings_that_a_remedy_treats_reach_it(world: World, book: Ledger, app: App) -> None:
    """
    A symptom that nobody treats plans nothing.
    """
    other = Finding(symptom="something_else", where=CHANGE.where, cost_s_per_day=9.0, says="")
    assert [] == cycle.plan(app, [other], book, silent)


def test_a_measurement_is_in_the_ledger_and_its_evidence_in_a_file(
    world: World, book: Ledger, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The ledger names the evidence by its digest.
    """
    seen = Observation(name="now", seconds=3.0)
    monkeypatch.setattr(cycle, "observe", lambda *_: seen)
    cycle.measure(app, book, "now", silent)
    (run,) = history.measured(book.read())

    assert (seen.id, "now") == (run.observation, run.name)
    assert (app.state_dir / "observations" / f"{seen.id}.json").is_file()


def test_a_diagnosis_is_in_the_ledger(world: World, book: Ledger, app: App) -> None:
    """
    The entry names the observation that it was read from.
    """
    found = cycle.examine(app, book)
    entry: Any = book.read()[-1]

    assert (Step.DIAGNOSED, app.observation.id) == (entry.step, entry.body["observation"])
    assert found.findings == history.findings(book.read())
