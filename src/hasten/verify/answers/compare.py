"""
The recorded requests go to control, control once more and the candidate, and their answers are compared.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import msgspec

from hasten.errors import Unreachable
from hasten.log import operation
from hasten.verify.answers.asking import ARMS, CANDIDATE, CONTROL, CONTROL_AGAIN, NO_ANSWER, Answer, Ask
from hasten.verify.answers.plan import ComparisonPlan
from hasten.verify.answers.result import Equivalence, RouteClass
from hasten.verify.answers.shapes import Coverage, Shapes
from hasten.verify.answers.tally import Tally
from hasten.verify.answers.triples import Triple, triple_of
from hasten.verify.answers.verdicts import fields_of
from hasten.world.load.plan import LoadRequest
from hasten.world.traffic import SAFE_METHODS

#: A field that was odd so often, each time confirmed and never noise, stays a mismatch whatever comes.
SETTLED = 8
WRITES = "unsafe method: each arm would write"


def compare_answers(
    requests: Sequence[LoadRequest], ask: Ask, plan: ComparisonPlan, *, clock: Callable[[], float] = monotonic
) -> Equivalence:
    """
    Whether the candidate answers as control does, field by field.

    The requests are gone through in a shuffled order until every route class was compared often enough, or the plan's
    rounds or time are over, or until a mismatch is beyond doubt. What is not enough is said in the result; it is never
    good news.
    """
    kept = [request for request in requests if plan.replay_writes or request.method in SAFE_METHODS]
    with (
        operation("answers.compare", requests=len(kept), seed=plan.seed) as result,
        ThreadPoolExecutor(2, thread_name_prefix="arm") as threads,
    ):
        run = _Run(kept, ask, plan, threads)
        ends_at = clock() + plan.time_budget_s
        for number in range(plan.rounds):
            if not run.round(number, lambda: clock() < ends_at) or run.is_settled():
                break
        found = run.result(skipped=len(requests) - len(kept))
        result.update(compared=found.compared, clean=found.clean, mismatches=len(found.mismatches))
    return found


class _Run:
    """
    One comparison while it goes on.
    """

    def __init__(
        self, requests: Sequence[LoadRequest], ask: Ask, plan: ComparisonPlan, threads: ThreadPoolExecutor
    ) -> None:
        self._threads = threads
        self._requests = requests
        self._ask = ask
        self._plan = plan
        self._tallies = {request.name: Tally(request.name) for request in requests}
        self._coverage = Coverage(Shapes(plan.known))
        self._clean: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._unread: Counter[str] = Counter()

    def round(self, number: int, has_time: Callable[[], bool]) -> bool:
        """
        Every request of a route that still needs it was compared once; False when nothing is left to do.
        """
        rng = random.Random(f"{self._plan.seed}:{number}")  # noqa: S311
        order = [request for request in self._requests if number == 0 or not self._is_enough(request.name)]
        rng.shuffle(order)
        for request in order:
            if not has_time():
                return False
            self._compare(request, rng)
        return bool(order)

    def is_settled(self) -> bool:
        """
        Whether a mismatch was shown so often that more of it would say nothing new.
        """
        counted = (each for tally in self._tallies.values() for each in tally.named().values())
        return any(len(each.confirmed) >= SETTLED and not each.noise for each in counted)

    def _compare(self, request: LoadRequest, rng: random.Random) -> None:
        triple = self._three(request, rng)
        # Whoever else writes meanwhile makes answers differ once; a change does it again.
        confirmation = self._three(request, rng) if triple.odd else None
        self._tallies[request.name].add(triple, confirmation)
        if triple.unread:
            self._unread[triple.unread] += 1
        if triple.is_error:
            self._errors[request.name] += 1
        elif confirmation is None or not triple.odd.keys() & confirmation.odd.keys():
            self._clean[request.name] += 1
            self._coverage.add(request)

    def _three(self, request: LoadRequest, rng: random.Random) -> Triple:
        answers: dict[str, Answer] = {}
        for group in self._groups(rng):
            got = self._threads.map(lambda arm: answered(self._ask, arm, request), group)
            answers.update(zip(group, got, strict=True))
        return triple_of((answers[ARMS[0]], answers[ARMS[1]], answers[ARMS[2]]), self._plan.declared)

    def _groups(self, rng: random.Random) -> list[list[str]]:
        """
        The arms in the order in which they are asked; those of a group at the same moment.
        """
        if not self._plan.apart:
            return [[arm] for arm in rng.sample(ARMS, len(ARMS))]
        groups = [[arm] for arm in rng.sample((CONTROL, CONTROL_AGAIN), 2)]
        rng.choice(groups).append(CANDIDATE)
        return groups

    def _is_enough(self, route: str) -> bool:
        shapes, covered = self._coverage.of(route)
        return self._clean[route] >= self._plan.least_clean or 0 < shapes == covered

    def result(self, skipped: int) -> Equivalence:
        """
        What was found so far.
        """
        return Equivalence(
            seed=self._plan.seed,
            compared=sum(tally.compared for tally in self._tallies.values()),
            clean=sum(self._clean.values()),
            routes=[self._route(name) for name in sorted(self._tallies)],
            fields=fields_of(self._tallies.values(), self._plan.false_discoveries),
            noise_is_fatal=self._plan.noise_is_fatal,
            skipped={WRITES: skipped} if skipped else {},
            notes=[
                f"{count} bodies in the coding {name!r} were compared as bytes" for name, count in self._unread.items()
            ],
        )

    def _route(self, name: str) -> RouteClass:
        shapes, covered = self._coverage.of(name)
        return RouteClass(
            route=name,
            compared=self._tallies[name].compared,
            clean=self._clean[name],
            errors=self._errors[name],
            shapes=shapes,
            covered=covered,
            is_enough=self._is_enough(name),
        )


def answered(ask: Ask, arm: str, request: LoadRequest) -> Answer:
    """
    The arm's answer; where none came, an answer that says so.
    """
    try:
        answer = ask(arm, request)
    except Unreachable:
        answer = Answer(status=NO_ANSWER)
    return msgspec.structs.replace(answer, principal=request.principal, method=request.method, path=request.path)
