"""
The recorded statements, chosen for a trial and run again in both arms at the same time.

Every statement runs in a transaction that is rolled back, so a clone is after the trial what it was before.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from hasten.corpus import repeatable
from hasten.evidence import Observation, StatementSample
from hasten.sql import StatementShape, read_statement
from hasten.world.execution import Run as Run
from hasten.world.execution import execute as execute
from hasten.world.postgres import Row, as_query

#: Fast statements are run several times in a round, until they have this much time or were run MOST_REPEATS times.
REPEAT_UNTIL_S = 0.02
MOST_REPEATS = 5
STATEMENT_TIMEOUT_S = 60


@dataclass(frozen=True)
class Replayed:
    """
    One normalized statement of the corpus, with executions that can be repeated (cheapest first).
    """

    query_id: str
    calls: int
    is_write: bool
    shape: StatementShape
    samples: tuple[StatementSample, ...]
    seconds: float
    total_s: float = 0.0

    @property
    def repeats(self) -> int:
        """
        Runs per round: more for a statement that is too fast to be timed once.
        """
        return max(1, min(MOST_REPEATS, round(REPEAT_UNTIL_S / max(self.seconds, 1e-6))))

    @property
    def round_s(self) -> float:
        """
        What it adds to a round, as observed.
        """
        return self.repeats * self.seconds


@dataclass(frozen=True)
class Corpus:
    """
    What can be replayed, the share of all database time that it stands for, and what cannot be.

    `unsampled`: statements that touch the tables and have no execution to repeat; True where it writes.
    `alike`: statements that are timed and that both arms plan alike. `untimed`: such that are left out.
    """

    statements: tuple[Replayed, ...]
    share: float
    total_s: float
    unsampled: dict[str, bool] = field(default_factory=dict)
    alike: tuple[str, ...] = ()
    untimed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reach:
    """
    Where a change of some tables can be felt: by statements that name one of `anyhow`, and by writes to `written`.
    """

    anyhow: frozenset[str]
    written: frozenset[str] = frozenset()

    def holds(self, tables: Iterable[str], *, is_write: bool) -> bool:
        """
        Whether a statement on these tables can feel the change.
        """
        named = set(tables)
        return bool(named & self.anyhow) or (is_write and bool(named & self.written))


def corpus_of(observation: Observation, reach: Reach) -> Corpus:
    """
    The statements that can feel the change; all others cannot differ between the arms.
    """
    total_s = sum(profile.total_s for profile in observation.statements)
    columns = {table.name: [column.name for column in table.columns] for table in observation.tables}
    chosen: list[Replayed] = []
    unsampled: dict[str, bool] = {}
    replayed_s = 0.0
    for profile in observation.statements:
        samples = repeatable(profile)
        shape = read_statement(samples[0].text if samples else profile.text, columns)
        is_write = profile.is_write or shape.is_write
        if shape.kind == "utility" or not reach.holds([*profile.tables, *shape.tables], is_write=is_write):
            continue
        if not samples:
            unsampled[profile.query_id] = is_write
            continue
        replayed_s += profile.total_s
        chosen.append(
            Replayed(
                query_id=profile.query_id,
                calls=profile.calls,
                is_write=is_write,
                shape=shape,
                samples=tuple(samples),
                seconds=profile.mean_s,
                total_s=profile.total_s,
            )
        )
    chosen.sort(key=lambda each: each.query_id)
    share = replayed_s / total_s if total_s > 0 else 0.0
    return Corpus(statements=tuple(chosen), share=share, total_s=total_s, unsampled=unsampled)


class Duet:
    """
    Two arms that run the same statement at the same moment, each on its own connection and thread.
    """

    def __init__(self, control: psycopg.Connection[Row], candidate: psycopg.Connection[Row]) -> None:
        self._arms = (control, candidate)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="arm")
        for connection in self._arms:
            connection.execute(as_query(f"SET statement_timeout = '{STATEMENT_TIMEOUT_S}s'"))

    def both(self, sample: StatementSample, *, control_first: bool, with_rows: bool = False) -> tuple[Run, Run]:
        """
        The execution in control and in candidate; `control_first` says which one is handed out first.
        """
        order = (0, 1) if control_first else (1, 0)
        futures = {at: self._threads.submit(execute, self._arms[at], sample, with_rows=with_rows) for at in order}
        return futures[0].result(), futures[1].result()

    def again(self, sample: StatementSample) -> Run:
        """
        Control by itself once more, with rows: what differs from its first run is noise.
        """
        return execute(self._arms[0], sample, with_rows=True)

    def close(self) -> None:
        """
        The threads are gone; the connections stay with whoever opened them.
        """
        self._threads.shutdown(wait=True, cancel_futures=True)


@contextmanager
def duet(control: psycopg.Connection[Row], candidate: psycopg.Connection[Row]) -> Iterator[Duet]:
    """
    A Duet for the block. When the block ends early, statements that still run are cancelled.
    """
    playing = Duet(control, candidate)
    try:
        yield playing
    except BaseException:
        for connection in (control, candidate):
            connection.cancel_safe(timeout=5)
        raise
    finally:
        playing.close()


def turns(statements: Sequence[Replayed], index: int, seed: int) -> list[tuple[Replayed, StatementSample]]:
    """
    The executions of round `index` in a shuffled order; each statement's samples take turns from round to round.
    """
    found = [
        (statement, statement.samples[(index * statement.repeats + again) % len(statement.samples)])
        for statement in statements
        for again in range(statement.repeats)
    ]
    random.Random(f"{seed}:{index}").shuffle(found)  # noqa: S311
    return found


def touched_by(connection: psycopg.Connection[Row], tables: Iterable[str]) -> Reach:
    """
    The tables and all that reach them by another name: views over them, their partitions and parents. Writes also
    count where these tables reference another one: deleting there looks for rows here.
    """
    names = list(tables)
    rows = connection.execute(_REACHED, [names]).fetchall()
    return Reach(
        anyhow=frozenset([*names, *(row["name"] for row in rows if not row["by_reference"])]),
        written=frozenset(row["name"] for row in rows if row["by_reference"]),
    )


_REACHED = """
WITH RECURSIVE named AS (
    SELECT c.oid, CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
), reached(oid) AS (
    SELECT oid FROM named WHERE name = ANY (%s)
    UNION
    SELECT next.oid FROM reached JOIN LATERAL (
        SELECT r.ev_class AS oid FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
          AND d.refobjid = reached.oid AND r.ev_class <> reached.oid
        UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = reached.oid
        UNION ALL SELECT inhparent FROM pg_inherits WHERE inhrelid = reached.oid
    ) next ON true
)
SELECT name, false AS by_reference FROM named JOIN reached USING (oid)
UNION
SELECT name, true FROM reached JOIN pg_constraint k ON k.conrelid = reached.oid AND k.contype = 'f'
JOIN named ON named.oid = k.confrelid
"""
