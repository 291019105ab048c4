"""
Which statements a round of a trial has, so that it stays short and still shows everything that can differ.

Where both arms plan a reading statement alike, they do the same work on the same data: it is timed only as long as
there is time. Statements that are planned differently, and all writes, always are.
"""

from collections.abc import Collection
from dataclasses import replace

from hasten.corpus import spread
from hasten.verify.replay import Corpus, Replayed
from hasten.world.execution import Connection, outline_of, plan_of

Outlines = dict[str, list[str | None]]

#: Same-plan statements are added to a round until it takes this long.
ROUND_S = 3.0
#: Running every chosen execution once should not take much longer than this.
PASS_S = 15.0
#: Different parameters of one statement that take turns, round by round; never fewer than LEAST where there are more.
MOST_SAMPLES = 8
LEAST_SAMPLES = 2
#: Executions per statement that are planned in both arms: as many as can be timed.
PLANNED_SAMPLES = MOST_SAMPLES


def replanned(corpus: Corpus, control: Connection, candidate: Connection) -> set[str]:
    """
    The statements that the two arms plan differently, for some of their parameters.
    """
    return differing(outlines(corpus, control), outlines(corpus, candidate))


def outlines(corpus: Corpus, connection: Connection) -> Outlines:
    """
    How some executions of each statement are planned here; None where one cannot be planned.
    """
    found = {}
    for statement in corpus.statements:
        plans = [plan_of(connection, sample) for sample in spread(statement.samples, PLANNED_SAMPLES)]
        found[statement.query_id] = [outline_of(plan) if plan else None for plan in plans]
    return found


def differing(control: Outlines, candidate: Outlines) -> set[str]:
    """
    The statements whose plans differ. What cannot be planned may fail in only one arm: it counts, so that it is run.
    """
    return {name for name, plans in control.items() if None in plans or plans != candidate[name]}


def select(corpus: Corpus, changed: Collection[str]) -> Corpus:
    """
    The corpus of one round: all that may differ, and of the rest the quickest as far as ROUND_S reaches.
    """
    must = [each for each in corpus.statements if each.query_id in changed or each.is_write]
    rest = sorted((each for each in corpus.statements if each not in must), key=lambda each: each.round_s)
    kept, round_s = list(must), sum(each.round_s for each in must)
    for each in rest:
        if round_s + each.round_s <= ROUND_S or not kept:
            kept.append(each)
            round_s += each.round_s
    kept.sort(key=lambda each: each.query_id)
    names = {each.query_id for each in kept}
    untimed = tuple(each.query_id for each in corpus.statements if each.query_id not in names)
    share = corpus.share * _total(kept) / (_total(corpus.statements) or 1.0)
    return replace(
        corpus,
        statements=tuple(_with_fewer_samples(kept)),
        share=share,
        alike=tuple(each.query_id for each in kept if each.query_id not in changed),
        untimed=untimed,
    )


def _total(statements: Collection[Replayed]) -> float:
    return sum(each.total_s for each in statements)


def _with_fewer_samples(statements: list[Replayed]) -> list[Replayed]:
    """
    The statements with as many executions each as fit into PASS_S together.
    """
    allowance_s = PASS_S
    while True:
        counts = [
            max(LEAST_SAMPLES, min(MOST_SAMPLES, int(allowance_s / max(each.seconds, 1e-6)))) for each in statements
        ]
        chosen = [spread(each.samples, count) for each, count in zip(statements, counts, strict=True)]
        total_s = sum(len(samples) * each.seconds for each, samples in zip(statements, chosen, strict=True))
        if total_s <= PASS_S or max(counts, default=0) <= LEAST_SAMPLES:
            return [replace(each, samples=tuple(found)) for each, found in zip(statements, chosen, strict=True)]
        allowance_s /= 2
