"""
Two instances on trial: the same recorded request to both at the same moment, over and over.

Whatever else the machine does happens to both, so the pair says what one of them alone could not. The rate is chosen
from what the requests cost, and the number of pairs from what they show.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from hasten.application import App
from hasten.errors import NoData
from hasten.log import operation
from hasten.model import Block, Effect, Grade, Guard, Trial, Where
from hasten.verify import usage
from hasten.verify.looks import LEAST_PAIRS, look_at, totals_of
from hasten.verify.pacing import Pace, pace_of, shares_of, turns_of
from hasten.verify.sequence import Plan, Played, Progress, run_pairs
from hasten.verify.tally import Tally, weights_of
from hasten.verify.usage import Usage
from hasten.world.load.duet import Duet, Renew, Turn, duet
from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.principals import ANONYMOUS, Sessions
from hasten.world.processes import core_count
from hasten.world.traffic import SAFE_METHODS, read_traffic

LATENCY = "http.client.request.duration"
#: Each of the two passes before the first pair: one that warms both, one that is measured.
PASS_S = 15.0
PASS_REQUESTS = 200
#: A route may be this much slower before it counts, and it must be shown (lower end of its interval).
WORSE_ROUTE = 1.05
#: The share of the progress that is over before the first pair.
BEFORE = 0.15


@dataclass(frozen=True)
class Pair:
    """
    The two running instances, and what is asked of them.
    """

    control: App
    candidate: App
    requests: list[LoadRequest]
    sessions: tuple[Sessions, Sessions]
    notes: list[str]


def pair_of(control: App, candidate: App, *, folder: Path, may_write: bool) -> Pair:
    """
    Two instances with the recorded traffic; every principal is logged in to both.

    Args:
        folder: Where the files of [traffic] are.
        may_write: Whether requests that write may be sent.

    Raises:
        ConfigError: [traffic], [login] or a principal says something that cannot be.
        NotAllowed, Unreachable: a login was refused, or not answered.
        NoData: nothing is left that may be sent.
    """
    recording = read_traffic(control.target, base_url=control.url, folder=folder)
    requests = [each for each in recording.requests if may_write or each.method in SAFE_METHODS]
    notes = [f"left out of the recording: {count} × {reason}" for reason, count in recording.dropped.items()]
    if len(requests) < len(recording.requests):
        notes.append(f"{len(recording.requests) - len(requests)} requests that write were not sent")
    if not requests:
        raise NoData(
            "no recorded request may be sent to both instances", hint="record requests that read, or allow clones"
        )
    sessions = Sessions(control.target, control.url), Sessions(candidate.target, candidate.url)
    for name in sorted({each.principal for each in requests} - {ANONYMOUS}):
        for each in sessions:
            each.headers_for(name)
    return Pair(control, candidate, requests, sessions, notes)


def run_side_by_side(name: str, pair: Pair, plan: Plan, progress: Progress = lambda _done, _what: None) -> Trial:
    """
    Control against candidate: blocks of requests to both, until a planned look is conclusive.

    Args:
        name: What the trial is of, as the ledger knows it.
        plan: How it is run. Its weights are the traffic's.

    Raises:
        NoData: no request is answered alike by both.
        Unreachable: an instance does not take connections.
    """
    start = monotonic()
    with (
        operation("trial.instances", of=name, seed=plan.seed) as result,
        duet(_plans(pair, plan), _renewing(pair)) as both,
    ):
        trial = _Trial(pair, both, plan, progress)
        trial.prepare()
        played = run_pairs(trial.play, trial.plan, lambda done, what: progress(BEFORE + (1 - BEFORE) * done, what))
        found = trial.judged(name, played, monotonic() - start)
        result.update(pairs=len(found.blocks), ended=found.ended)
    return found


class _Trial:
    """
    One trial that is under way.
    """

    def __init__(self, pair: Pair, both: Duet, plan: Plan, progress: Progress) -> None:
        self.pair, self.both, self.plan, self.progress = pair, both, plan, progress
        self.tally = Tally()
        self.usage = Usage(pair.control), Usage(pair.candidate)
        self.pace = Pace(rate_per_s=1.0, per_block={}, utilization=0.0, limited_by="")

    def prepare(self) -> None:
        """
        Both are warm, and the pace is chosen.
        """
        self._pass("warming both instances", 0.0, Tally())
        seen, seconds, cpu_s = Tally(), defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
        self._pass("measuring what requests cost", BEFORE / 2, seen, seconds, cpu_s)
        if not seconds:
            raise NoData(
                f"not one of {seen.asked} requests is answered alike by both instances: "
                f"{'; '.join([*seen.notes(), *seen.unlike, *seen.failures]) or 'no answer came'}",
                hint="look into the logs of control and candidate below .hasten/log",
            )
        shares = shares_of(self.pair.requests)
        typical = {route: math.fsum(values) / len(values) for route, values in seconds.items()}
        used = {route: math.fsum(values) / len(values) for route, values in cpu_s.items()}
        self.pace = pace_of(shares, typical, used, cores=core_count())
        weights = weights_of(shares, self.pace.per_block)
        self.plan = replace(self.plan, weights=weights)
        for each in self.usage:
            each.look()
            each.cpu_s = 0.0

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

    def judged(self, name: str, played: Played, seconds: float) -> Trial:
        """
        The trial with its effects and guards.
        """
        weights = dict(self.plan.weights)
        routes = route_effects(played.blocks, weights, self.plan.seed, self.plan.level)
        total = effect_over(played.blocks, weights, self.plan.seed, self.plan.level, self._whole())
        return Trial(
            change=name,
            grade=Grade.A,
            arena="instances",
            seed=self.plan.seed,
            blocks=played.blocks,
            effect=total,
            effects=routes,
            guards=[
                played.harm,
                self.tally.errors(),
                self.tally.statuses(),
                not_worse(routes, weights),
                usage.cpu(*(each.cpu_s for each in self.usage)),
                usage.memory(*(each.memory_bytes() for each in self.usage)),
            ],
            weights=weights,
            duration_s=seconds,
            notes=[self.pace.says, *self.pair.notes, *self.tally.notes(), *self._missing(weights)],
            looks=played.looks,
            least_gain=self.plan.least_gain,
            level=self.plan.level,
            ended=played.ended,
        )

    def _whole(self) -> Where:
        return Where(kind="application", name=self.pair.control.target.application.name)

    def _missing(self, weights: dict[str, float]) -> list[str]:
        missing = sorted({each.name for each in self.pair.requests} - weights.keys())
        return [f"not one answer of {', '.join(missing)} could be timed"] if missing else []

    def _pass(
        self,
        what: str,
        done: float,
        seen: Tally,
        seconds: dict[str, list[float]] | None = None,
        cpu_s: dict[str, list[float]] | None = None,
    ) -> None:
        """
        Requests of every route one after the other, the most frequent ones first, as long as there is time.
        """
        until = monotonic() + PASS_S
        for count, number in enumerate(_spread_over_routes(self.pair.requests)[:PASS_REQUESTS]):
            if monotonic() > until:
                break
            route = self.pair.requests[number].name
            self.progress(done + BEFORE / 2 * min(1.0, count / PASS_REQUESTS), f"{what}: {route}")
            (told,) = self.both.play([Turn(0.0, number)], first=count % 2)
            used_s = math.fsum(each.look() for each in self.usage)
            if seen.add(route, told) and seconds is not None and cpu_s is not None:
                seconds[route].append(max(each.seconds for each in told))
                cpu_s[route].append(used_s)


def effect_over(
    blocks: Sequence[Block], weights: dict[str, float], seed: int, level: float, where: Where
) -> Effect | None:
    """
    The effect over the routes of `weights`, with the interval that holds at every look; None without enough pairs.
    """
    named = [_only(block, weights) for block in blocks]
    totals = totals_of(named, weights)
    if totals.shape[1] < LEAST_PAIRS:
        return None
    look = look_at(totals, seed, level)
    share = math.fsum(weights.values())
    return Effect(
        metric=LATENCY,
        where=where,
        ratio=math.exp(look.log_ratio),
        low=look.low,
        high=look.high,
        pairs=look.pairs,
        control=float(totals[0].mean()) / share,
        candidate=float(totals[1].mean()) / share,
    )


def route_effects(blocks: Sequence[Block], weights: dict[str, float], seed: int, level: float) -> list[Effect]:
    """
    The effect on each route by itself, in the order of their names.
    """
    found = []
    for route in sorted(weights):
        effect = effect_over(blocks, {route: 1.0}, seed, level, Where(kind="route", name=route))
        found += [effect] if effect else []
    return found


def not_worse(effects: Sequence[Effect], weights: dict[str, float], limit: float = WORSE_ROUTE) -> Guard:
    """
    No route is shown to be slower, and every route of the traffic was timed often enough to say so.
    """
    slower = sorted((each for each in effects if each.low > limit), key=lambda each: -each.low)
    if slower:
        worst = slower[0]
        detail = (
            f"{worst.where.name} takes {worst.ratio:.2f} × as long ({worst.control * 1000:.3g} ms, "
            f"then {worst.candidate * 1000:.3g} ms; at least × {worst.low:.3g})"
        )
        return Guard(name="routes", ok=False, detail=detail, value=worst.low, limit=limit)
    unseen = sorted(weights.keys() - {each.where.name for each in effects})
    if unseen or not effects:
        return Guard(name="routes", ok=None, detail=f"not timed often enough: {', '.join(unseen) or 'every route'}")
    worst = max(effects, key=lambda each: each.high)
    detail = f"none of {len(effects)} routes is shown to be slower; {worst.where.name} is at most × {worst.high:.3g}"
    return Guard(name="routes", ok=True, detail=detail, value=max(each.low for each in effects), limit=limit)


def _only(block: Block, weights: dict[str, float]) -> Block:
    return Block(
        index=block.index,
        order=block.order,
        control={name: value for name, value in block.control.items() if name in weights},
        candidate={name: value for name, value in block.candidate.items() if name in weights},
    )


def _spread_over_routes(requests: Sequence[LoadRequest]) -> list[int]:
    """
    Numbers of requests, one of each route in turn.
    """
    by_route: dict[str, list[int]] = defaultdict(list)
    for number, request in enumerate(requests):
        by_route[request.name].append(number)
    most = max(len(numbers) for numbers in by_route.values())
    # A route with a single request is asked at least twice: a first answer is no typical one.
    rounds = max(2, most)
    return [numbers[turn % len(numbers)] for turn in range(rounds) for numbers in by_route.values()]


def _plans(pair: Pair, plan: Plan) -> list[LoadPlan]:
    who = sorted({each.principal for each in pair.requests} - {ANONYMOUS})
    return [
        LoadPlan(
            base_url=app.url,
            requests=pair.requests,
            rate_per_s=1.0,
            duration_s=1.0,
            seed=plan.seed,
            max_in_flight=app.target.traffic.max_in_flight,
            timeout_s=app.target.traffic.timeout_s,
            credentials={name: sessions.headers_for(name) for name in who},
            expired_status=sessions.expired_status,
        )
        for app, sessions in zip((pair.control, pair.candidate), pair.sessions, strict=True)
    ]


def _renewing(pair: Pair) -> Renew:
    return lambda arm, principal: pair.sessions[arm].renew(principal)
