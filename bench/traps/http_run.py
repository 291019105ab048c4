"""
A change of the desk on trial: control and candidate are two processes, and every gate that a cache has to pass is shut.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter

import msgspec

from bench.traps.case import Expected, Outcome, judged
from hasten.model import Block, Effect, Grade, Trial, Where
from hasten.target import Principal, Target
from hasten.verify import freshness, guards, held_out, statistics
from hasten.verify.answers import CANDIDATE, CONTROL, CONTROL_AGAIN, Ask, ComparisonPlan, Declared
from hasten.verify.answers.arms import arms_at
from hasten.verify.gates import GatePlan, for_stored_answers, pass_gates
from hasten.verify.sequence import Plan, Played, run_pairs
from hasten.world.load.plan import LoadRequest

PEOPLE = ("ada", "benedikt", "cleopatra")
TARGET = Target(
    principals=[Principal(name=name, headers={"authorization": f"Bearer token-of-{name}"}) for name in PEOPLE]
)
#: A first look is had after 16 pairs.
MOST_PAIRS = 48
NOTHING = Declared()
ME = LoadRequest(path="/me", route="GET /me", headers={"accept-encoding": "gzip, br"}, principal="ada")


@dataclass(frozen=True)
class Case:
    """
    A change of the desk, the requests it is tried with, and the gates that it has to pass.
    """

    name: str
    what: str
    change: str
    expected: Expected
    requests: Sequence[LoadRequest]
    declared: Declared = NOTHING
    is_cache: bool = True
    is_shared: bool = True
    probes: Sequence[freshness.Probe] = ()
    seed: int = 7


@contextmanager
def desk(state: Path, change: str, more: object = None) -> Iterator[str]:
    """
    The address of a desk in a process of its own; it is gone at the end of the block.
    """
    argv = [sys.executable, "-m", "bench.traps.desk", str(state), change, json.dumps(more)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            process.terminate()


def run(case: Case, state: Path) -> Outcome:
    """
    The change was tried as any other would be.
    """
    start = monotonic()
    recorded, unseen = held_out.split_requests(case.requests, case.seed)
    # Whoever makes the change sees the recorded half, and no more.
    known = [request.path for request in recorded]
    with ExitStack() as stack:
        control = stack.enter_context(desk(state, "as_it_is"))
        candidate = stack.enter_context(desk(state, case.change, known))
        addresses = {CONTROL: control, CONTROL_AGAIN: control, CANDIDATE: candidate}
        ask = stack.enter_context(arms_at(addresses, TARGET))
        gated = pass_gates(case.requests, ask, _gates(case))
        found = list(gated.guards)
        played = _timed(ask, recorded, case.seed)
        effect = _effect(played.blocks, case.seed)
        if unseen:
            other = _effect(_timed(ask, unseen, case.seed + 1).blocks, case.seed)
            found.append(held_out.guard(effect, other))
    trial = Trial(
        change=case.name,
        grade=Grade.A,
        arena="instances",
        seed=case.seed,
        blocks=played.blocks,
        effect=effect,
        equivalence=gated.equivalence,
        guards=[guards.errors(played.blocks), *found, played.harm],
        looks=played.looks,
        ended=played.ended,
        least_gain=0.05,
    )
    return Outcome(case.name, case.what, case.expected, trial, judged(trial), monotonic() - start)


def _gates(case: Case) -> GatePlan:
    """
    All gates for what is shared, and those that apply for what is not.
    """
    if case.is_shared:
        plan = for_stored_answers(TARGET, [*case.requests, ME], seed=case.seed, declared=case.declared)
        fresh = plan.freshness if case.probes else None
        return msgspec.structs.replace(plan, probes=list(case.probes), freshness=fresh)
    known = list(case.requests)
    answers = ComparisonPlan(seed=case.seed, declared=case.declared, known=known, noise_is_fatal=case.is_cache)
    return GatePlan(answers=answers)


def _timed(ask: Ask, requests: Sequence[LoadRequest], seed: int) -> Played:
    """
    Pairs of blocks: every request twice to both arms, one right after the other.
    """

    def play(index: int, control_first: bool) -> Block:
        order = (CONTROL, CANDIDATE) if control_first else (CANDIDATE, CONTROL)
        told: dict[str, dict[str, list[float]]] = {arm: {} for arm in order}
        errors = dict.fromkeys(order, 0)
        for request in [*requests, *requests]:
            # Both arms within milliseconds, so that whatever else the machine does happens to both.
            for arm in order:
                start = perf_counter()
                errors[arm] += ask(arm, request).status >= 500
                told[arm].setdefault(request.name, []).append(perf_counter() - start)
        return Block(
            index=index,
            order="control first" if control_first else "candidate first",
            control=_means(told[CONTROL]),
            candidate=_means(told[CANDIDATE]),
            # What fails in both arms alike says nothing of the change.
            candidate_errors=max(0, errors[CANDIDATE] - errors[CONTROL]),
            control_errors=max(0, errors[CONTROL] - errors[CANDIDATE]),
        )

    return run_pairs(play, Plan(seed=seed, most_pairs=MOST_PAIRS, budget_s=60.0))


def _means(seconds: dict[str, list[float]]) -> dict[str, float]:
    return {name: sum(found) / len(found) for name, found in seconds.items()}


def _effect(blocks: Sequence[Block], seed: int) -> Effect | None:
    where = Where(kind="application", name="desk")
    return statistics.effect_of(blocks, {}, seed, metric="http.server.request.duration", where=where)
