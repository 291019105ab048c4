"""
A change of files goes the whole way on a real application: two instances, a verdict, the live files, and back.
"""

import json
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from tests.remedies import compressed_twins
from tests.remedies.patients import COMMAND, FINDING, PAGES, make_pages

from hasten import cycle, optimize, way_back
from hasten.evidence import Observation
from hasten.model import Step, Verdict
from hasten.objectives import values
from hasten.optimize import Remedy
from hasten.record import history, observations
from hasten.record.ledger import Ledger
from hasten.session import opened
from hasten.testing.snapshot import snapshot
from hasten.verify import pacing
from hasten.verify.trial import Terms

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@pytest.fixture
def config(place: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """
    The little application, whose server compresses its pages for each request; trials with short blocks.
    """
    monkeypatch.setattr(pacing, "BLOCK_S", 0.2)
    monkeypatch.setattr(cycle, "Terms", partial(Terms, calibrated=False))
    known = {"toy.files": cast(Remedy, compressed_twins)}
    monkeypatch.setattr(optimize, "_found", lambda: known)
    make_pages(place / "app")
    asked = [{"method": "GET", "path": f"/{name}", "headers": {"accept-encoding": "gzip"}} for name in PAGES]
    (place / "app" / "traffic.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in asked), encoding="utf-8")
    lines = ['root = "app"', "[application]", 'health = "/health"', "[[application.processes]]", 'name = "web"']
    lines += [f"command = {json.dumps(COMMAND)}", "is_web = true", "[traffic]", 'requests = "traffic.jsonl"']
    (place / "hasten.toml").write_text("\n".join([*lines, "[allow]", 'mode = "auto"', ""]), encoding="utf-8")
    (place / ".hasten").mkdir()
    seen = Observation(name="recorded")
    observations.save(place / ".hasten", seen)
    Ledger(place / ".hasten").append(Step.MEASURED, history.measured_body(seen, values(seen), {}))
    return str(place / "hasten.toml")


def test_stored_twins_are_kept_with_proof_and_go_back(config: str) -> None:
    """
    Faster with the same answers: it is in the live folder, the application answers, and a rollback restores every file.
    """
    with opened(config, application=True) as app:
        book, before = Ledger(app.state_dir), snapshot(app)
        (change,) = cycle.plan(app, [FINDING], book, lambda _done, _what: None)
        decision = cycle.carry_out(change, app, book, lambda _done, _what: None)
        (state,) = history.changes(book.read())

        assert (Verdict.KEEP, True) == (decision.verdict, compressed_twins.is_applied(change, app)), decision
        assert state.trial is not None
        assert state.trial.effect is not None
        assert state.trial.effect.ratio < 0.9
        assert [change] == way_back.rollback(app, book, None)
        assert [] == before.differences(snapshot(app))
