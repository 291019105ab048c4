"""
A private PostgreSQL with an application's data in it, and statements recorded on it: what an optimization is tried on.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import psycopg

from hasten.application import App
from hasten.evidence import Observation, StatementProfile, StatementSample
from hasten.model import Finding, Where, digest_of, now
from hasten.sql import read_statement
from hasten.target import Allow, Target
from hasten.world import catalog
from hasten.world.cluster import Cluster
from hasten.world.postgres import Database, as_query
from hasten.world.programs import PostgresPrograms
from hasten.world.supervisor import Supervisor

#: Enough for tests, and no more: several of these run at once.
SETTINGS = {"shared_buffers": "64MB", "fsync": "off", "jit": "off", "max_parallel_workers_per_gather": "0"}


@contextmanager
def private_app(
    state_dir: Path, seed: str, *, name: str = "app", programs: PostgresPrograms | None = None
) -> Iterator[App]:
    """
    An App on a private server that holds what the statements in `seed` made; gone at the end of the block.

    Args:
        state_dir: An empty folder for it.
        seed: SQL statements, separated as psql would have them.
        programs: The PostgreSQL to run; the usual choice if left out.
    """
    with Supervisor(state_dir) as supervisor:
        cluster = Cluster.create(supervisor.scratch("testing") / "data", programs, SETTINGS).start(supervisor)
        database = cluster.create_database(name)
        with database.connect(statement_timeout_s=120) as connection:
            connection.execute(as_query(seed))
            connection.execute("VACUUM ANALYZE")
        target = Target(allow=Allow(mode="auto"))
        yield App(target=target, state_dir=state_dir, supervisor=supervisor, store=database, cluster=cluster)


def observe_statements(
    database: Database, statements: Mapping[str, Sequence[Sequence[str | None]]], calls: int = 100
) -> Observation:
    """
    What a run of the probes would bring home if these statements, with these parameters, were all that was executed.

    Each execution is really run and timed once, in a transaction that is rolled back.
    """
    profiles = [_profile(database, text, parameters, calls) for text, parameters in statements.items()]
    return Observation(
        name="recorded",
        statements=sorted(profiles, key=lambda each: each.total_s, reverse=True),
        tables=catalog.tables(database),
        indexes=catalog.indexes(database),
    )


def findings_of(observation: Observation) -> list[Finding]:
    """
    Every recorded statement as a finding, as if a detector had found each of them slow.
    """
    return [
        Finding(
            symptom="slow_statement",
            where=Where(kind="statement", name=profile.query_id),
            cost_s_per_day=profile.total_s,
            says=f"{profile.total_s:.3g} s in {profile.calls} calls",
            evidence={"query_id": profile.query_id, "tables": profile.tables},
        )
        for profile in observation.statements
    ]


def _profile(database: Database, text: str, parameters: Sequence[Sequence[str | None]], calls: int) -> StatementProfile:
    samples = []
    query_id = digest_of(text)
    with database.connect() as connection:
        for values in parameters:
            with connection.transaction(force_rollback=True):
                start = perf_counter()
                psycopg.RawCursor(connection).execute(as_query(text), list(values) or None)
                seconds = perf_counter() - start
            samples.append(
                StatementSample(at=now(), query_id=query_id, text=text, parameters=list(values), seconds=seconds)
            )
    mean_s = sum(sample.seconds for sample in samples) / len(samples)
    shape = read_statement(text)
    return StatementProfile(
        query_id=query_id,
        text=text,
        calls=calls,
        total_s=mean_s * calls,
        mean_s=mean_s,
        tables=shape.tables,
        is_write=shape.is_write,
        samples=samples,
    )
