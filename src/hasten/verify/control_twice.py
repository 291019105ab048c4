"""
Control against control on two instances: every request is asked twice, and both answers of control are compared.

The candidate has its change already, and a third instance would cost the machine what is measured. So equal arms are
had by asking one instance twice: which of the two answers is called control is drawn by turns. The second one comes a
mean gap after the first, so that it does not wait for its twin, and twins come at half the pace of the trial: the
instance stays below the utilization that was chosen for it. What two starts of one program differ by does not show.

The candidate is asked the same, and its answers are left aside: afterwards both instances are equally warm and full.
"""

import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from hasten.model import Block, Noise, digest_of
from hasten.verify import noise, noise_floor, pacing
from hasten.verify.pacing import Pace, turns_of
from hasten.verify.pair import Pair
from hasten.verify.sequence import Plan, Progress
from hasten.verify.tally import Tally
from hasten.world.load.duet import Answers, Duet, Turn
from hasten.world.load.plan import LoadRequest
from hasten.world.processes import core_count

#: A block that would take longer has fewer requests than those of the trial: the noise is then rather overstated.
MOST_BLOCK_S = 5.0


def floor_of(pair: Pair, both: Duet, pace: Pace, plan: Plan, progress: Progress) -> Noise | None:
    """
    The noise of this place for these requests; None where it is not wanted, or too few can be timed.
    """
    twice = Twice(pair.requests, both, halved(pace), plan.seed)
    conditions = conditions_of(pair)
    return noise_floor.floor_of(
        plan, conditions, lambda: noise.calibrate(twice.play, plan.weights, plan.seed, conditions, progress)
    )


def conditions_of(pair: Pair) -> str:
    """
    A digest of what a noise floor holds for: the host, the pace's settings, the requests, what was observed.
    """
    seen = pair.control.gathered
    settings = [pacing.BLOCK_S, pacing.UTILIZATION, pacing.MOST_PER_S]
    return digest_of(["instances", host(), settings, asked(pair.requests), seen.id if seen else ""])


def host() -> str:
    """
    The machine, as far as noise is concerned.
    """
    return f"{platform.system()} {platform.machine()}, {core_count()} cores"


def asked(requests: Sequence[LoadRequest]) -> list[str]:
    """
    A name for each request, in the order of the names.
    """
    return sorted(digest_of([each.name, each.method, each.path, each.principal, each.weight]) for each in requests)


def halved(pace: Pace) -> Pace:
    """
    The pace at which an instance that is asked everything twice is as busy as in the trial.
    """
    rate = pace.rate_per_s / 2
    room = min(1.0, MOST_BLOCK_S * rate / sum(pace.per_block.values()))
    counts = {route: max(1, int(count * room)) for route, count in pace.per_block.items()}
    return msgspec.structs.replace(pace, rate_per_s=rate, per_block=counts)


@dataclass
class Twice:
    """
    Plays pairs of equal arms with one instance. What fails here is nobody's change, so its tally is its own.
    """

    requests: list[LoadRequest]
    both: Duet
    pace: Pace
    seed: int
    tally: Tally = field(default_factory=Tally)

    def play(self, index: int, control_first: bool) -> Block:
        """
        One block: every request twice, and of each route the first answer is control's every other time.
        """
        turns = turns_of(self.requests, self.pace, index, self.seed)
        due, places = doubled(turns, 0.5 / self.pace.rate_per_s)
        told = self.both.play(due)
        seen: Counter[str] = Counter()
        answers: Answers = []
        for turn, (first, second) in zip(turns, places, strict=True):
            route = self.requests[turn.request].name
            is_first = (seen[route] + control_first) % 2 == 1
            seen[route] += 1
            twins = told[first][0], told[second][0]
            answers.append(twins if is_first else twins[::-1])
        return self.tally.block(self.requests, turns, answers, index=index, order="by turns")


def doubled(turns: Sequence[Turn], gap_s: float) -> tuple[list[Turn], list[tuple[int, int]]]:
    """
    Every turn and its twin so much later, as they are due; and for each turn where the two are among them.
    """
    due = sorted(
        [(turn.at_s + late * gap_s, number, late) for number, turn in enumerate(turns) for late in (0, 1)],
    )
    at = {(number, late): place for place, (_, number, late) in enumerate(due)}
    found = [Turn(at_s, turns[number].request) for at_s, number, _ in due]
    return found, [(at[number, 0], at[number, 1]) for number in range(len(turns))]
