"""
The same judge on slowdesk: a change that does nothing, and an index that is missing, each tried on two clones.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.tables import show
from hasten.application import App
from hasten.decide import decide
from hasten.model import Change, Decision, Kind, Risk, Trial, Where, from_json, to_json
from hasten.session import opened
from hasten.slowdesk import prepare
from hasten.testing.servers import observe_statements
from hasten.verify.recompute import again
from hasten.verify.trial import Terms, run_schema_trial

SCALE = 0.2
NOTHING = "does nothing"
INDEX = "index messages (inquiry_id)"
DOES = {NOTHING: [], INDEX: ["CREATE INDEX ON messages (inquiry_id)"]}

#: What slowdesk asks of the table, as its routers write it.
THREAD = "SELECT id, inquiry_id, body, created_at FROM messages WHERE inquiry_id = $1 ORDER BY created_at"
COUNT = "SELECT count(*) FROM messages WHERE inquiry_id = $1"
WRITE = "UPDATE messages SET body = body WHERE id = $1"
CALLS = 100


@dataclass(frozen=True)
class Result:
    """
    One trial, its decision, whether it came out the same from its JSON, and the seconds that it took.
    """

    name: str
    trial: Trial
    decision: Decision
    is_the_same: bool
    seconds: float


class Executes:
    """
    A remedy that executes the statements of its change.
    """

    def apply(self, change: Change, app: App) -> None:
        """
        They were executed.
        """
        for statement in change.after["do"]:
            app.database.run(statement)


def trials() -> list[Result]:
    """
    Both changes were tried on slowdesk's data, and a table of it stands on stdout.
    """
    with _slowdesk() as app:
        found = [_tried(name, app, None) for name in DOES]
    rows = [
        [
            each.name,
            str(each.decision.verdict),
            str(each.trial.ended),
            len(each.trial.blocks),
            f"× {each.trial.effect.ratio:.3f}" if each.trial.effect else None,
            "yes" if each.is_the_same else "NO",
            f"{each.seconds:.1f} s",
        ]
        for each in found
    ]
    columns = ["change", "verdict", "ended by", "pairs", "effect", "same from the ledger", "wall time"]
    show(f"slowdesk at scale {SCALE:g}, on clones", columns, rows)
    for each in found:
        print(f"  {each.name}: {each.decision.reason}")
    return found


def _tried(name: str, app: App, terms: Terms | None) -> Result:
    change = Change(
        optimization="bench.executes",
        kind=Kind.SCHEMA,
        where=Where(kind="table", name="messages"),
        before={},
        after={"table": "messages", "do": DOES[name]},
        inverse={},
        why="",
        expects="",
        risk=Risk.R2,
    )
    began = time.monotonic()
    trial = run_schema_trial(change, Executes(), app, terms or Terms())
    seconds = time.monotonic() - began
    found = again(from_json(to_json(trial), Trial))
    decision = decide(trial)
    return Result(name, trial, decision, not found.differs and decide(found.trial) == decision, seconds)


@contextmanager
def _slowdesk() -> Iterator[App]:
    with tempfile.TemporaryDirectory(prefix="hasten-calibration-") as folder:
        # A dropped server must be able to reach its data.
        Path(folder).chmod(0o755)
        config = prepare(Path(folder) / "state", None, SCALE, _stage)
        with opened(str(config), database=True, evidence=False) as app:
            inquiries = app.database.rows("SELECT id FROM inquiries ORDER BY md5(id::text) LIMIT 6")
            messages = app.database.rows("SELECT id FROM messages ORDER BY md5(id::text) LIMIT 3")
            by_inquiry = [[str(row["id"])] for row in inquiries]
            asked = {THREAD: by_inquiry, COUNT: by_inquiry, WRITE: [[str(row["id"])] for row in messages]}
            yield replace(app, gathered=observe_statements(app.database, asked, CALLS))


@contextmanager
def _stage(title: str) -> Iterator[object]:
    print(f"  {title}", flush=True)
    yield lambda _done, _what: None
