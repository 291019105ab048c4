"""
The nouns of Hasten: frozen, pure, and the same in JSON and in memory.

    Measurement  what is it like?            Finding   what costs the most, and how do we know?
    Change       one reversible step         Trial     control against candidate
    Decision     keep, roll back, undecided  Entry     one line of the append-only ledger
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from hasten.noun import Noun as Noun
from hasten.noun import digest_of as digest_of
from hasten.noun import from_json as from_json
from hasten.noun import to_json as to_json


def now() -> datetime:
    """
    The present moment, with its time zone.
    """
    return datetime.now(UTC)


class Where(Noun, frozen=True, kw_only=True, order=True):
    """
    The place a measurement, finding or change is about.

    kind: route · statement · table · page · process · bundle · application · database · code · upstream
    name: "GET /api/inquiries", a query id, "messages", "/", "index.js" …
    """

    kind: str
    name: str


class Distribution(Noun, frozen=True, kw_only=True):
    """
    A sample in a few numbers, in the unit of its Measurement; None where the sample was too small to say.
    """

    count: int
    mean: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    min: float | None = None
    max: float | None = None
    total: float | None = None

    @classmethod
    def of(cls, values: "list[float]") -> "Distribution":
        """
        The distribution of a sample; quantiles by linear interpolation (Hyndman and Fan 1996, type 7).
        """
        if not values:
            return cls(count=0)
        ordered = sorted(values)
        total = sum(ordered)
        return cls(
            count=len(ordered),
            mean=total / len(ordered),
            total=total,
            min=ordered[0],
            max=ordered[-1],
            p50=quantile(ordered, 0.50),
            p95=quantile(ordered, 0.95),
            p99=quantile(ordered, 0.99),
        )

    @classmethod
    def single(cls, value: float) -> "Distribution":
        """
        One number that was read once.
        """
        return cls(count=1, mean=value, p50=value, min=value, max=value, total=value)


def quantile(ordered: "list[float]", q: float) -> float:
    """
    The q-quantile of an ascending, non-empty sample (type 7).
    """
    position = q * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


class Conditions(Noun, frozen=True, kw_only=True):
    """
    Under what a number was measured; numbers under different conditions are not compared silently.
    """

    load: str = ""
    revision: str = ""
    host: str = ""
    noise: float | None = None
    notes: dict[str, str | float | int | bool] = {}


class Measurement(Noun, frozen=True, kw_only=True):
    """
    What one metric was at one place. Units are UCUM as in OpenTelemetry: s, By, 1.
    """

    metric: str
    unit: str
    where: Where
    distribution: Distribution
    conditions: Conditions = Conditions()
    taken_at: datetime = msgspec.field(default_factory=now)


class Finding(Noun, frozen=True, kw_only=True):
    """
    A symptom with its cost and its evidence. Cost is frequency × avoidable time, in seconds per day.
    """

    symptom: str
    where: Where
    cost_s_per_day: float
    says: str
    evidence: dict[str, Any] = {}

    @property
    def id(self) -> str:
        """
        The same symptom at the same place has the same id in every run.
        """
        return digest_of([self.symptom, self.where], 8)


class Risk(StrEnum):
    """
    How far a change reaches (design §7).
    """

    R0 = "R0"  # stateless, in-process
    R1 = "R1"  # in-process with data
    R2 = "R2"  # durable but reversible
    R3 = "R3"  # could change answers or topology
    R4 = "R4"  # lossy: proposed only


class Kind(StrEnum):
    """
    What carries a change out.
    """

    POLICY = "policy"
    SCHEMA = "schema"
    FILES = "files"
    PROCESS = "process"


class Change(Noun, frozen=True, kw_only=True):
    """
    One reversible step, as data: enough to apply it and to undo it in a new process.
    """

    optimization: str
    kind: Kind
    where: Where
    before: dict[str, Any]
    after: dict[str, Any]
    inverse: dict[str, Any]
    why: str
    expects: str
    risk: Risk
    finding: str = ""

    @property
    def id(self) -> str:
        """
        A hash of what is done, not of why: the same step has the same id.
        """
        return digest_of([self.optimization, self.where, self.before, self.after, self.inverse])


class Effect(Noun, frozen=True, kw_only=True):
    """
    How the candidate compares: ratio = candidate / control, below 1 is better; low and high are its interval, which
    holds at least 95 % of the time (for a trial's primary effect: at all of its looks together).
    """

    metric: str
    where: Where
    ratio: float
    low: float
    high: float
    pairs: int
    control: float
    candidate: float
    unit: str = "s"


class Guard(Noun, frozen=True, kw_only=True):
    """
    Something that must not get worse, and whether it held. `ok` is None where there was no data: that is not good news.
    """

    name: str
    ok: bool | None
    detail: str
    value: float | None = None
    limit: float | None = None


class Block(Noun, frozen=True, kw_only=True):
    """
    One pair of a trial: the raw numbers from which every verdict can be computed again.

    control, candidate: mean seconds per call, by statement or route.
    control_samples, candidate_samples: the single latencies (s) by route, where requests were timed one by one.
    seconds: how long the pair took; at_s: when it began, counted from the begin of the trial.
    """

    index: int
    order: str
    control: dict[str, float]
    candidate: dict[str, float]
    control_errors: int = 0
    candidate_errors: int = 0
    control_samples: dict[str, list[float]] = {}
    candidate_samples: dict[str, list[float]] = {}
    seconds: float = 0.0
    at_s: float = 0.0


class Grade(StrEnum):
    """
    How good the evidence is; only A and B may be kept automatically.
    """

    A = "A"  # both arms at the same time
    B = "B"  # paired, one after the other
    C = "C"  # before and after


#: Only after so many pairs may a change be kept; looking more often would keep more of nothing (verify.looks).
PLANNED_PAIRS = (16, 32, 48, 64, 80)


class Look(Noun, frozen=True, kw_only=True):
    """
    What a trial said at one planned look.

    log_ratio, error: log of candidate / control in total, and its standard error over pairs, widened for few pairs.
    z: how many errors the interval has to either side; low, high: the repeated interval, as a ratio.
    """

    pairs: int
    log_ratio: float
    error: float
    z: float
    low: float
    high: float


class Ending(StrEnum):
    """
    Why no further pair was played.
    """

    GAIN = "gain"  # a look shows enough of a gain
    HARM = "harm"  # a look, or the watch between looks, shows harm
    HARMLESS = "harmless"  # a look shows that no more than a margin can be lost, where that is enough
    FUTILE = "futile"  # a look shows that the gain cannot be large enough
    LAST_LOOK = "last look"
    TIME = "time"
    NO_DATA = "no data"
    NOISE = "noise"  # two equal arms say that nothing, or nothing of this size, can be told here


class Noise(Noun, frozen=True, kw_only=True):
    """
    What control against control said: how well this place can judge.

    half_width: what the repeated interval would have to either side at the last look, in log ratio units.
    is_off: the two equal arms differ at the 99.9 % level.
    conditions: a digest of what it holds for.
    """

    pairs: int
    log_ratio: float
    error: float
    half_width: float
    is_off: bool
    conditions: str = ""
    seed: int = 0
    blocks: list[Block] = []
    weights: dict[str, float] = {}


class Trial(Noun, frozen=True, kw_only=True):
    """
    Control against candidate: raw blocks, looks, effect, guards.

    least_gain, level: the share of time it had to save, and the one-sided level that was granted to it.
    facts: what the guards need beside the blocks, so that they can be computed again.
    needs_pairs: about how many pairs an undecided trial would have needed.
    """

    change: str
    grade: Grade
    arena: str
    seed: int
    blocks: list[Block]
    effect: Effect | None
    effects: list[Effect] = []
    guards: list[Guard] = []
    equivalence: dict[str, Any] = {}
    weights: dict[str, float] = {}
    duration_s: float = 0.0
    notes: list[str] = []
    looks: list[Look] = []
    noise: Noise | None = None
    least_gain: float = 0.10
    level: float = 0.025
    ended: Ending | None = None
    facts: dict[str, Any] = {}
    needs_pairs: int | None = None


class Verdict(StrEnum):
    """
    What is done with a change; INCONCLUSIVE rolls back too.
    """

    KEEP = "KEEP"
    ROLL_BACK = "ROLL_BACK"
    INCONCLUSIVE = "INCONCLUSIVE"


class Decision(Noun, frozen=True, kw_only=True):
    """
    The verdict, the rule it follows from, and the reason for people.
    """

    verdict: Verdict
    rule: str
    reason: str


class Step(StrEnum):
    """
    What an entry of the ledger says.

    A change goes PLANNED → APPLIED → TRIED → KEPT | ROLLED_BACK, first in the arena of its kind (a clone, an instance
    beside the application, a share of its requests), then live; STUCK from anywhere.
    Entries are written before the step they name is carried out. What people say moves no change: APPROVED, WITHDRAWN,
    STOPPED, RESUMED.
    """

    MEASURED = "MEASURED"
    DIAGNOSED = "DIAGNOSED"
    PLANNED = "PLANNED"
    APPLIED = "APPLIED"
    TRIED = "TRIED"
    KEPT = "KEPT"
    ROLLED_BACK = "ROLLED_BACK"
    STUCK = "STUCK"
    RECOVERED = "RECOVERED"
    APPROVED = "APPROVED"
    WITHDRAWN = "WITHDRAWN"
    STOPPED = "STOPPED"
    RESUMED = "RESUMED"
    VERIFIED = "VERIFIED"  # a change that a person makes was judged in a copy
    CHECKED = "CHECKED"  # budgets and regression, for CI


class Entry(Noun, frozen=True, kw_only=True):
    """
    One line of the ledger, chained to the one before by its digest.
    """

    seq: int
    at: datetime
    actor: str
    step: Step
    body: dict[str, Any]
    previous: str
    digest: str
