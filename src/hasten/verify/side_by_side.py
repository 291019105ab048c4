"""
Two instances on trial: the same recorded request to both at the same moment, over and over.

Whatever else the machine does happens to both, so the pair says what one of them alone could not. Answers come first:
where they differ, or too few could be compared, nothing is timed. Then control is played against itself
(control_twice). The rate is chosen from what the requests cost, and the number of pairs from what they show.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

import msgspec

from hasten.errors import NoData
from hasten.log import operation
from hasten.model import Block, Ending, Grade, Guard, Look, Noise, Trial
from hasten.verify import control_twice, judging, noise_floor
from hasten.verify.answers import Equivalence, guard
from hasten.verify.answers.shapes import LEAST_PER_SHAPE
from hasten.verify.guards import LEAST_REQUESTS, LEAST_SHARE
from hasten.verify.looks import ending
from hasten.verify.pacing import Pace, pace_of, shares_of, turns_of
from hasten.verify.pair import Pair
from hasten.verify.sequence import Plan, Played, Progress, run_pairs
from hasten.verify.tally import Tally, weights_of
from hasten.verify.usage import Usage
from hasten.world.load.duet import Duet, Turn, duet
from hasten.world.load.plan import LoadRequest
from hasten.world.processes import core_count

ARENA = "instances"
#: The guards of such a trial after `answers`, in their order.
GUARDS = ("harm", "error_rate", "failures", "statuses", "routes", "cpu", "memory")
#: Comparing the answers may take this share of the time for the pairs, before them, and never has less than this.
ANSWERS_SHARE = 0.5
LEAST_ANSWERS_S = 60.0
#: Each of the two passes before the first pair: one that warms both, one that is measured.
PASS_S = 15.0
PASS_REQUESTS = 200
#: Shares of the progress that are over when the answers are compared, and before the first pair.
COMPARED, BEFORE = 0.1, 0.3


def run_side_by_side(
    name: str,
    pair: Pair,
    plan: Plan,
    progress: Progress = lambda _done, _what: None,
    *,
    needs_same_answers: bool = True,
) -> Trial:
    """
    Control against candidate: the answers, then blocks of requests to both until a planned look is conclusive.

    Args:
        name: What the trial is of, as the ledger knows it.
        plan: How it is run. Its weights are the traffic's.
        needs_same_answers: Whether a difference in the answers, or too few of them, end it. Otherwise it is only told.

    Raises:
        NoData: no request is answered alike by both.
        Unreachable: an instance does not take connections.
    """
    start = monotonic()
    with operation("trial.instances", of=name, seed=plan.seed) as result:
        # Ten rounds of three answers are usual; how many it takes shows only on the way.
        usual = 30 * len(pair.requests)

        def told(count: int) -> None:
            progress(COMPARED * min(1.0, count / usual), f"comparing the answers of both: {count}")

        found = pair.answers(plan.seed, max(LEAST_ANSWERS_S, ANSWERS_SHARE * plan.budget_s), told)
        answers = guard(found)
        if needs_same_answers and answers.ok is not True:
            why = "the answers differ" if answers.ok is False else _too_few(found, monotonic() - start)
            trial = _untimed(name, pair, plan, answers, why)
        else:
            with duet(pair.plans(plan.seed), pair.renew) as both:
                running = _Trial(pair, both, plan, progress)
                trial = running.run(name, [answers] if needs_same_answers else [])
        trial = msgspec.structs.replace(trial, equivalence=found.as_data(), duration_s=monotonic() - start)
        result.update(pairs=len(trial.blocks), ended=trial.ended)
    return trial


@dataclass
class _Passed:
    """
    What the requests of the measured pass cost: seconds in the slower arm and processor seconds in both, by route.
    """

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu_s: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    tally: Tally = field(default_factory=Tally)


class _Trial:
    """
    One trial that is under way.
    """

    def __init__(self, pair: Pair, both: Duet, plan: Plan, progress: Progress) -> None:
        self.pair, self.both, self.plan, self.progress = pair, both, plan, progress
        self.asked_to_end = plan.ends
        self.tally = Tally()
        self.usage = Usage(pair.control), Usage(pair.candidate)
        self.pace = Pace(rate_per_s=1.0, per_block={}, utilization=0.0, limited_by="")

    def run(self, name: str, answers: list[Guard]) -> Trial:
        """
        The whole of it; where the noise floor forbids it, no block is played.
        """
        self.prepare()
        floor = control_twice.floor_of(self.pair, self.both, self.pace, self.plan, self._on_floor)
        if noise_floor.is_hopeless(floor, self.plan):
            return self.refused(name, floor, answers)
        self.plan = replace(self.plan, is_noisy=noise_floor.is_noisy(floor, self.plan))
        for each in self.usage:
            each.begin()
        played = run_pairs(self.play, self.plan, self.on)
        return msgspec.structs.replace(self.judged(name, played, answers), noise=floor)

    def _on_floor(self, done: float, what: str) -> None:
        self.progress(COMPARED + (BEFORE - COMPARED) * done, f"{what}, in one instance")

    def on(self, done: float, what: str) -> None:
        """
        How far the pairs are.
        """
        self.progress(BEFORE + (1 - BEFORE) * done, what)

    def prepare(self) -> None:
        """
        Both are warm, and the pace is chosen.
        """
        self._pass("warming both instances")
        seen = self._pass("measuring what requests cost")
        if not seen.seconds:
            raise NoData(
                f"not one of {seen.tally.asked} requests is answered well and alike by both instances: "
                f"{seen.tally.says or 'no answer came'}",
                hint="look into the logs of control and candidate below .hasten/log",
            )
        shares = shares_of(self.pair.requests)
        self.pace = pace_of(shares, _means(seen.seconds), _means(seen.cpu_s), cores=core_count())
        self.plan = replace(self.plan, weights=weights_of(shares, self.pace.per_block), ends=self.ends)

    def ends(self, look: Look, blocks: Sequence[Block]) -> Ending | None:
        """
        What this look concludes; good news is waited with until there are enough requests of every route that matters.
        """
        asked = self.asked_to_end
        found = asked(look, blocks) if asked else ending(look, self.plan.least_gain)
        total = math.fsum(self.plan.weights.values())
        few = [
            route
            for route, weight in self.plan.weights.items()
            if weight >= LEAST_SHARE * total and self.tally.timed[route] < LEAST_REQUESTS
        ]
        return None if few and found in (Ending.GAIN, Ending.HARMLESS) else found

    def play(self, index: int, control_first: bool) -> Block:
        """
        One block: the same requests to both, each at the same moment.
        """
        turns = turns_of(self.pair.requests, self.pace, index, self.plan.seed)
        answers = self.both.play(turns, first=0 if control_first else 1)
        for each in self.usage:
            each.look()
        order = "control first" if control_first else "candidate first"
        return self.tally.block(self.pair.requests, turns, answers, index=index, order=order)

    def judged(self, name: str, played: Played, answers: list[Guard]) -> Trial:
        """
        The trial with its effects and guards.
        """
        requests = max(1, sum(self.tally.timed.values()))
        trial = msgspec.structs.replace(
            judging.bare(name, Grade.A, ARENA, self.plan, played),
            guards=[*answers, self.tally.failures_guard(), self.tally.statuses()],
            notes=[*self.pair.notes, self.pace.says, *self.tally.notes(), *self._missing()],
            facts={
                **judging.REQUESTS,
                "harm_alpha": self.plan.harm_alpha,
                "cpu_s_per_request": [each.cpu_s / requests for each in self.usage],
                "memory_bytes": [each.memory_bytes() for each in self.usage],
            },
        )
        return judging.judged(trial, [*(each.name for each in answers), *GUARDS])

    def refused(self, name: str, floor: Noise | None, answers: list[Guard]) -> Trial:
        """
        The trial that is not begun.
        """
        trial = noise_floor.refused(name, ARENA, self.plan, floor)
        notes = [*self.pair.notes, self.pace.says]
        return msgspec.structs.replace(trial, guards=answers, notes=notes, facts=dict(judging.REQUESTS))

    def _missing(self) -> list[str]:
        missing = sorted({each.name for each in self.pair.requests} - self.plan.weights.keys())
        return [f"no answer of it could be timed: {', '.join(missing)}"] if missing else []

    def _pass(self, what: str) -> _Passed:
        """
        Requests of every route one after the other, the most frequent ones first, as long as there is time.
        """
        found, until = _Passed(), monotonic() + PASS_S
        for each in self.usage:
            each.begin()
        for count, number in enumerate(spread_over_routes(self.pair.requests)[:PASS_REQUESTS]):
            if monotonic() > until:
                break
            route = self.pair.requests[number].name
            self.progress(COMPARED, f"{what}: {route}")
            (told,) = self.both.play([Turn(0.0, number)], first=count % 2)
            used_s = math.fsum(each.look() for each in self.usage)
            if found.tally.add(route, told):
                found.seconds[route].append(max(each.seconds for each in told))
                found.cpu_s[route].append(used_s)
        return found


def spread_over_routes(requests: Sequence[LoadRequest]) -> list[int]:
    """
    Numbers of requests, one of each route in turn; each route at least twice, for a first answer is no typical one.
    """
    by_route: dict[str, list[int]] = defaultdict(list)
    for number, request in enumerate(requests):
        by_route[request.name].append(number)
    rounds = max(2, *(len(numbers) for numbers in by_route.values()))
    return [numbers[turn % len(numbers)] for turn in range(rounds) for numbers in by_route.values()]


def _too_few(found: Equivalence, spent_s: float) -> str:
    """
    Why no verdict could come of the answers that were compared, and how long it would take until one can.
    """
    few = "too few answers could be compared"
    routes = [each for each in found.routes if each.shapes]
    done = sum(min(each.clean, LEAST_PER_SHAPE * each.shapes) for each in routes)
    if not done:
        return few
    needed_s = spent_s * LEAST_PER_SHAPE * sum(each.shapes for each in routes) / done
    return f"{few} in {spent_s:.0f} s; about {math.ceil(needed_s / 60)} minutes would do for them"


def _untimed(name: str, pair: Pair, plan: Plan, answers: Guard, why: str) -> Trial:
    return Trial(
        change=name,
        grade=Grade.A,
        arena=ARENA,
        seed=plan.seed,
        blocks=[],
        effect=None,
        guards=[answers],
        notes=[*pair.notes, f"nothing was timed, because {why}"],
        least_gain=plan.least_gain,
        level=plan.level,
        ended=Ending.NO_DATA,
        facts=dict(judging.REQUESTS),
    )


def _means(values: dict[str, list[float]]) -> dict[str, float]:
    return {name: math.fsum(found) / len(found) for name, found in values.items()}
