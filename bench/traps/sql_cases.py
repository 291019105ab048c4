"""
Indexes and rewritten statements on a real PostgreSQL: an index is tried on clones, a rewrite on one snapshot.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic

import msgspec

from bench.traps.case import Expected, Outcome, judged
from hasten.application import App
from hasten.errors import NoData
from hasten.evidence import StatementSample
from hasten.model import Block, Change, Grade, Kind, Risk, Trial, Where, now
from hasten.testing.servers import observe_statements, private_app
from hasten.verify import guards, statistics
from hasten.verify.rewrites import compare_rewrite
from hasten.verify.sequence import Plan, run_pairs
from hasten.verify.trial import Terms, run_schema_trial
from hasten.world import catalog
from hasten.world.execution import Connection, execute

SEED = """
CREATE TABLE customer (id int PRIMARY KEY, country text, visits int NOT NULL);
CREATE TABLE message (id int PRIMARY KEY, customer_id int, words text NOT NULL, size int NOT NULL, state int NOT NULL);
INSERT INTO customer SELECT n, 'c' || n % 30, n % 7 FROM generate_series(1, 3000) n;
INSERT INTO message SELECT n, nullif(n % 2500, 0) + 1, md5(n::text) || ' ' || md5((n * 7)::text), n % 900, n % 5
    FROM generate_series(1, 150000) n;
"""
Parameters = Sequence[Sequence[str | None]]
READ = "SELECT count(*), max(words) FROM message WHERE customer_id = $1"
ADD = "INSERT INTO message VALUES ($1, $2, 'a new one', 1, 1)"
FIND = "SELECT count(*) FROM message WHERE to_tsvector('simple', words) @@ to_tsquery('simple', $1)"
MARK = "UPDATE message SET state = state + 1 WHERE id BETWEEN $1 AND $1 + 400"
QUIET: dict[str, Parameters] = {READ: [["7"], ["70"], ["700"]], ADD: [["1000000", "7"], ["1000001", "70"]]}
BUSY: dict[str, Parameters] = {FIND: [["c4ca"], ["eccb"]], MARK: [["10"], ["9000"], ["30000"]]}
WORD_INDEX = "CREATE INDEX words_found ON message USING gin (to_tsvector('simple', words)) WITH (fastupdate = off)"
KEY_INDEX = "CREATE INDEX message_customer ON message (customer_id)"

ABSENT = """SELECT id FROM customer c WHERE c.id < 30 AND c.id NOT IN
    (SELECT customer_id FROM message m WHERE m.size > $1 AND m.state = c.visits % 5) ORDER BY id"""
PER_CUSTOMER = """SELECT c.id, (SELECT count(*) FROM message m WHERE m.customer_id = c.id AND m.size > $1) AS n
FROM customer c WHERE c.id < 20 ORDER BY c.id"""
SHARE = "SELECT id, (SELECT sum(size) FROM message) / visits AS share FROM customer WHERE id BETWEEN $1 AND $1 + 9"


@dataclass(frozen=True)
class Index:
    """
    A statement that builds an index, and what is executed meanwhile.
    """

    name: str
    what: str
    build: str
    workload: Mapping[str, Parameters]
    expected: Expected


@dataclass(frozen=True)
class Rewrite:
    """
    A recorded statement, and another text for it.
    """

    name: str
    what: str
    text: str
    other: str
    parameters: Parameters
    expected: Expected


INDEXES = (
    Index("index that slows writes", "a word index under a table that is written all the time", WORD_INDEX, BUSY,
          Expected("guard:writes", "writing statement")),
    Index("index on the customer", "what a page looks for all the time", KEY_INDEX, QUIET, Expected("gain")),
)  # fmt: skip
REWRITES = (
    Rewrite("differs on NULLs", "NOT EXISTS instead of NOT IN over a column with NULLs", ABSENT,
            "SELECT id FROM customer c WHERE c.id < 30 AND NOT EXISTS (SELECT FROM message m WHERE m.size > $1"
            " AND m.customer_id = c.id AND m.state = c.visits % 5) ORDER BY id",
            [["100"], ["500"], ["880"]], Expected("guard:rows", "rows")),
    Rewrite("an error becomes NULL", "a division by nothing no longer fails", SHARE,
            "SELECT id, s.total / nullif(visits, 0) AS share FROM customer, (SELECT 1000000::bigint AS total) s"
            " WHERE id BETWEEN $1 AND $1 + 9", [["1"], ["20"], ["30"]], Expected("guard:rows", "error")),
    Rewrite("another type", "int instead of bigint, so that larger sums fail one day", PER_CUSTOMER,
            "SELECT c.id, count(m.id)::int AS n FROM customer c LEFT JOIN message m ON m.customer_id = c.id"
            " AND m.size > $1 WHERE c.id < 20 GROUP BY c.id ORDER BY c.id", [["100"], ["500"], ["880"]],
            Expected("guard:rows", "columns")),
    Rewrite("joined instead of asked for each", "one pass over the messages, and the same rows and types", PER_CUSTOMER,
            "SELECT c.id, count(m.id) AS n FROM customer c LEFT JOIN message m ON m.customer_id = c.id AND m.size > $1"
            " WHERE c.id < 20 GROUP BY c.id ORDER BY c.id", [["100"], ["500"], ["880"]], Expected("gain")),
)  # fmt: skip


@contextmanager
def runs(folder: Path) -> Iterator[list[tuple[str, Callable[[], Outcome]]]]:
    """
    What can be run, by name, on a private server that is gone at the end of the block.
    """
    folder.mkdir(mode=0o755)
    with private_app(folder, SEED) as app:
        yield [
            *((index.name, partial(run_index, index, app)) for index in INDEXES),
            *((rewrite.name, partial(run_rewrite, rewrite, app)) for rewrite in REWRITES),
        ]


class Builds:
    """
    A remedy that executes the statement of its change.
    """

    def apply(self, change: Change, app: App) -> None:
        """
        It was executed.
        """
        app.database.run(change.after["build"])


def run_index(index: Index, app: App) -> Outcome:
    """
    The index was tried on two clones.
    """
    start = monotonic()
    seen = replace(app, gathered=observe_statements(app.database, index.workload))
    change = Change(
        optimization="traps.index",
        kind=Kind.SCHEMA,
        where=Where(kind="table", name="message"),
        before={},
        after={"table": "message", "build": index.build},
        inverse={},
        why=index.what,
        expects="",
        risk=Risk.R2,
    )
    trial = run_schema_trial(change, Builds(), seen, Terms(seed=5, time_budget_s=60, calibrated=False))
    return Outcome(index.name, index.what, index.expected, trial, judged(trial, 0.10), monotonic() - start)


def run_rewrite(rewrite: Rewrite, app: App) -> Outcome:
    """
    Both texts were compared on one snapshot, and timed in turn on two sessions.
    """
    start = monotonic()
    samples = [
        StatementSample(at=now(), query_id=rewrite.name, text=rewrite.text, parameters=list(each), seconds=0.01)
        for each in rewrite.parameters
    ]
    database = app.database
    comparison = compare_rewrite(database, samples, rewrite.other, catalog.indexes(database))
    with database.connect(read_only=True) as first, database.connect(read_only=True) as second:
        played = run_pairs(partial(_pair, first, second, samples, rewrite.other), Plan(seed=3, budget_s=60.0))
    rows = guards.rows(comparison.as_data())
    differing = sorted({str(each["what"]) for each in comparison.unequal})
    trial = Trial(
        change=rewrite.name,
        grade=Grade.B,
        arena="live",
        seed=3,
        blocks=played.blocks,
        effect=statistics.effect_of(played.blocks, {}, 3),
        guards=[msgspec.structs.replace(rows, detail=f"{rows.detail} ({', '.join(differing)})"), played.harm],
        equivalence=comparison.as_data(),
        looks=played.looks,
        ended=played.ended,
    )
    return Outcome(rewrite.name, rewrite.what, rewrite.expected, trial, judged(trial, 0.10), monotonic() - start)


def _pair(
    first: Connection,
    second: Connection,
    samples: Sequence[StatementSample],
    other: str,
    index: int,
    control_first: bool,
) -> Block:
    sample = samples[index % len(samples)]
    arms = [("control", first, sample), ("candidate", second, msgspec.structs.replace(sample, text=other))]
    told = {arm: execute(session, each) for arm, session, each in (arms if control_first else reversed(arms))}
    if not all(run.seconds > 0 for run in told.values()):
        raise NoData("an execution took no time", hint="look at the clock of this machine")
    return Block(
        index=index,
        order="control first" if control_first else "candidate first",
        control={"statement": told["control"].seconds},
        candidate={"statement": told["candidate"].seconds},
    )
