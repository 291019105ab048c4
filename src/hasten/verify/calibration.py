"""
Control against control on two clones, before a schema change goes into one of them.

It is played once per observation and reused for every change that is tried on the same data and server, with the
dearest reads that fit a round of a second: what is asked for is how much two equal clones differ on this machine.
"""

from collections.abc import Sequence
from dataclasses import replace

from hasten.corpus import spread
from hasten.evidence import Observation
from hasten.model import Noise, digest_of
from hasten.verify import noise
from hasten.verify.replay import Reach, Replayed, corpus_of, duet
from hasten.verify.rounds import play_round
from hasten.verify.sequence import Progress
from hasten.world.execution import Connection

#: 24 pairs then take about half a minute.
ROUND_S = 1.0
#: A round of slow statements is played nevertheless, up to this; beyond it the noise floor stays unknown.
MOST_ROUND_S = 5.0
SAMPLES = 2


def conditions_of(connection: Connection, observation: Observation, arena: str = "clones") -> str:
    """
    A digest of what a noise floor holds for: the arena, the host, the server, and the observed statements.
    """
    return digest_of([arena, observation.conditions.host, connection.info.server_version, observation.id])


def play(
    first: Connection, second: Connection, observation: Observation, seed: int, progress: Progress
) -> Noise | None:
    """
    The noise of two equal clones; None where no recorded read is quick enough.
    """
    statements = reads_of(observation)
    if not statements:
        return None
    weights = {each.query_id: float(each.calls) for each in statements}
    with duet(first, second) as playing:
        # What comes into memory by being read first is not the noise of later rounds.
        play_round(playing, statements, 0, control_first=True, seed=seed)
        return noise.calibrate(
            lambda index, control_first: play_round(playing, statements, index, control_first=control_first, seed=seed),
            weights,
            seed,
            conditions_of(first, observation),
            progress,
        )


def reads_of(observation: Observation) -> list[Replayed]:
    """
    The recorded reads of any table that a round of the noise floor has.
    """
    return chosen(corpus_of(observation, _everything(observation)).statements)


def chosen(statements: Sequence[Replayed]) -> list[Replayed]:
    """
    The dearest reads that fit ROUND_S together; the quickest one alone where none does.
    """
    reads = [replace(each, samples=tuple(spread(each.samples, SAMPLES))) for each in statements if not each.is_write]
    found: list[Replayed] = []
    left_s = ROUND_S
    for each in sorted(reads, key=lambda each: each.total_s, reverse=True):
        if each.round_s <= left_s:
            found.append(each)
            left_s -= each.round_s
    quickest = min(reads, key=lambda each: each.round_s, default=None)
    if not found and quickest is not None and quickest.round_s <= MOST_ROUND_S:
        found.append(quickest)
    return sorted(found, key=lambda each: each.query_id)


def _everything(observation: Observation) -> Reach:
    tables = {name for profile in observation.statements for name in profile.tables}
    return Reach(anyhow=frozenset(tables | {table.name for table in observation.tables}))
