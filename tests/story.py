"""
A finished story as the ledger tells it: measured, diagnosed, three changes planned, one kept, one taken back.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hasten.evidence import Observation, StatementProfile
from hasten.model import (
    Block,
    Change,
    Decision,
    Distribution,
    Ending,
    Finding,
    Grade,
    Kind,
    Measurement,
    Risk,
    Step,
    Trial,
    Verdict,
    Where,
)
from hasten.objectives import details, values
from hasten.record import history, observations
from hasten.record.ledger import Ledger
from hasten.verify.judging import judged

TAKEN_AT = datetime(2026, 1, 2, tzinfo=UTC)
CONFIG = 'state = "."\n[application]\nname = "shop"\n[browser]\npages = []\n'
KEEP = Decision(verdict=Verdict.KEEP, rule="gain", reason="80 % less time")
UNDECIDED = Decision(verdict=Verdict.INCONCLUSIVE, rule="interval", reason="no gain cannot be excluded")


@dataclass(frozen=True)
class Story:
    """
    A state folder and the changes in its ledger.
    """

    folder: Path
    kept: Change
    undecided: Change
    waiting: Change

    @property
    def book(self) -> Ledger:
        """
        Its ledger.
        """
        return Ledger(self.folder, actor="test")


def observation(name: str, p95_s: float) -> Observation:
    """
    A run in which the API and the slowest statement had this 95th percentile, and no page was measured.
    """
    spread = Distribution(count=200, mean=p95_s / 2, p50=p95_s / 3, p95=p95_s, p99=p95_s * 1.1)

    def latency(kind: str, where: str) -> Measurement:
        place = Where(kind=kind, name=where)
        return Measurement(
            metric="http.client.request.duration", unit="s", where=place, distribution=spread, taken_at=TAKEN_AT
        )

    statement = StatementProfile(
        query_id="1", text="SELECT * FROM orders WHERE buyer = $1", calls=100, total_s=100 * p95_s / 2,
        mean_s=p95_s / 2, p50_s=p95_s / 3, p95_s=p95_s, timed_calls=100, tables=["orders"],
    )  # fmt: skip
    timing = Measurement(
        metric="db.client.operation.duration", unit="s", where=Where(kind="statement", name="1"), distribution=spread,
        taken_at=TAKEN_AT,
    )  # fmt: skip
    return Observation(
        name=name, taken_at=TAKEN_AT, seconds=60.0, statements=[statement],
        measurements=[latency("application", "shop"), latency("route", "GET /api/orders"), timing],
        missing={"page": "[browser] pages is empty"},
    )  # fmt: skip


def change(column: str) -> Change:
    """
    An index on that column.
    """
    return Change(
        optimization="database.indexes", kind=Kind.SCHEMA, where=Where(kind="table", name="orders"), before={},
        after={"create": f"CREATE INDEX CONCURRENTLY hasten_{column} ON orders ({column})", "columns": [column]},
        inverse={"drop": f"DROP INDEX CONCURRENTLY IF EXISTS hasten_{column}"},
        why=f"orders are looked up by {column}", expects="80 % less time", risk=Risk.R2,
    )  # fmt: skip


def trial(of: Change, ratio: float, noise: float = 0.05) -> Trial:
    """
    Sixteen paired rounds with about that effect, judged as every trial is.
    """
    blocks = []
    for n in range(16):
        control = 0.1 + n / 1000
        candidate = control * ratio * (1 + noise * (1 if n % 2 else -1))
        blocks.append(Block(index=n, order="control first", control={"1": control}, candidate={"1": candidate}))
    found = Trial(
        change=of.id, grade=Grade.A, arena="clone", seed=1, blocks=blocks, effect=None, weights={"1": 100.0},
        notes=["1 statement replayed"], facts={"total_s": 45.0, "observed_s": {"1": 45.0}}, ended=Ending.TIME,
    )  # fmt: skip
    return judged(found, ("harm", "errors"))


def write_story(folder: Path) -> Story:
    """
    The folder has a hasten.toml, the observations and the ledger.
    """
    (folder / "hasten.toml").write_text(CONFIG, encoding="utf-8")
    story = Story(folder, change("buyer"), change("seller"), change("day"))
    book = story.book
    _measured(folder, book, observation("baseline", 0.9))
    finding = Finding(
        symptom="slow_statement", where=Where(kind="statement", name="1"), cost_s_per_day=9000.0, says="it is slow"
    )
    book.append(Step.DIAGNOSED, {"findings": msgspec.to_builtins([finding]), "ignored": [], "silent": {}})
    for each in (story.kept, story.undecided, story.waiting):
        book.append(Step.PLANNED, {"change": msgspec.to_builtins(each), "id": each.id})
    _tried(book, trial(story.kept, 0.2), KEEP)
    book.append(Step.APPLIED, {"change": story.kept.id, "arena": "live"})
    book.append(Step.KEPT, {"change": story.kept.id, "decision": msgspec.to_builtins(KEEP)})
    _tried(book, trial(story.undecided, 0.98, noise=0.3), UNDECIDED)
    book.append(Step.ROLLED_BACK, {"change": story.undecided.id, "reason": UNDECIDED.reason})
    _measured(folder, book, observation("now", 0.15))
    return story


def _measured(folder: Path, book: Ledger, found: Observation) -> None:
    observations.save(folder, found)
    book.append(Step.MEASURED, history.measured_body(found, values(found), details(found)))


def _tried(book: Ledger, found: Trial, decision: Decision) -> None:
    book.append(Step.APPLIED, {"change": found.change, "arena": "clone"})
    body = {"trial": msgspec.to_builtins(found), "decision": msgspec.to_builtins(decision)}
    book.append(Step.TRIED, {"change": found.change, "arena": "clone", **body})
