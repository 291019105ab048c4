"""
The rounds of a trial: one pass that warms both arms and compares rows, then rounds that are timed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median

from hasten.evidence import IndexProfile, StatementSample
from hasten.model import Block
from hasten.verify.equivalence import Comparison, has_total_order
from hasten.verify.replay import Duet, Replayed, Run, turns


@dataclass
class Record:
    """
    What the rounds bring home. Errors of the first pass are counted as [control only, candidate only].
    """

    comparison: Comparison = field(default_factory=Comparison)
    blocks: list[Block] = field(default_factory=list)
    first_errors: list[int] = field(default_factory=lambda: [0, 0])
    notes: list[str] = field(default_factory=list)


def compare(
    playing: Duet, statements: Iterable[Replayed], indexes: list[IndexProfile], record: Record
) -> list[Replayed]:
    """
    Every execution ran once in both arms and its rows were compared.

    Returns the statements that can be timed, with the slower arm's seconds; an execution that fails is left out.
    """
    kept: list[Replayed] = []
    for statement in statements:
        total_order = has_total_order(statement.shape, indexes)
        pairs: list[tuple[Run, Run]] = []
        for number, sample in enumerate(statement.samples):
            pair = playing.both(sample, control_first=number % 2 == 0, with_rows=True)
            record.comparison.add(statement, number, pair, partial(playing.again, sample), total_order=total_order)
            pairs.append(pair)
        kept += timeable(statement, pairs, record, "on the clones")
    return kept


def timeable(statement: Replayed, pairs: Sequence[tuple[Run, Run]], record: Record, where: str) -> Iterator[Replayed]:
    """
    The statement with those executions that failed in neither arm, and the slower arm's seconds; nothing without any.

    Args:
        pairs: What each of its executions gave in both arms.
    """
    good: list[StatementSample] = []
    seconds: list[float] = []
    for sample, pair in zip(statement.samples, pairs, strict=True):
        if not _count_errors(pair, record.first_errors):
            good.append(sample)
            seconds.append(max(run.seconds for run in pair))
    if good:
        yield replace(statement, samples=tuple(good), seconds=median(seconds))
    else:
        record.notes.append(f"statement {statement.query_id} fails {where} and was left out")


def play_round(playing: Duet, statements: list[Replayed], index: int, *, control_first: bool, seed: int) -> Block:
    """
    Each statement ran in both arms; the block holds its mean seconds per call.
    """
    played = [
        (statement.query_id, playing.both(sample, control_first=control_first))
        for statement, sample in turns(statements, index, seed)
    ]
    return block_of(played, index, control_first=control_first)


def block_of(played: Iterable[tuple[str, tuple[Run, Run]]], index: int, *, control_first: bool) -> Block:
    """
    The block that holds these executions, each with the id of its statement.
    """
    times: dict[str, list[tuple[Run, Run]]] = {}
    errors = [0, 0]
    for query_id, pair in played:
        if not _count_errors(pair, errors):
            times.setdefault(query_id, []).append(pair)
    return Block(
        index=index,
        order="control first" if control_first else "candidate first",
        control={name: _mean_s(runs, 0) for name, runs in sorted(times.items())},
        candidate={name: _mean_s(runs, 1) for name, runs in sorted(times.items())},
        control_errors=errors[0],
        candidate_errors=errors[1],
    )


def _count_errors(pair: tuple[Run, Run], errors: list[int]) -> bool:
    """
    Whether one of the two failed. Only what fails in one arm alone is counted.
    """
    failed = [run.error is not None for run in pair]
    if failed[0] != failed[1]:
        errors[failed.index(True)] += 1
    return any(failed)


def _mean_s(runs: list[tuple[Run, Run]], arm: int) -> float:
    return sum(pair[arm].seconds for pair in runs) / len(runs)
