"""
A rule of the policy on trial: candidate beside control in the one application that runs.

Every request goes to both arms at the same moment; which one is written first is drawn. So nothing has to be washed out
between blocks, and whatever else the machine does happens to both. Only the requests of the trial are in the candidate
arm (its share of anybody else's is 0), and it ends by itself when Hasten dies.

Answers travel as over the visitors' network ([browser] network), through a proxy on loopback that really lets so many
bytes per second pass. The effect is the time until the last byte; the time at the server itself is guarded.
"""

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec

from hasten.application import App
from hasten.errors import ApplyFailed, NoData
from hasten.log import operation
from hasten.model import Block, Change, Effect, Grade, Guard, Trial, Where
from hasten.verify import answers, policy_requests
from hasten.verify.answers.arms import arms_at
from hasten.verify.policy_pacing import PAIR_S, Pacing, pacing_of, turns_of
from hasten.verify.policy_requests import ARMS, HEADER
from hasten.verify.route_effects import effect_over, not_worse, route_effects
from hasten.verify.sequence import Plan, Played, Progress, run_pairs
from hasten.verify.tally import Tally
from hasten.world.exchange import Exchange, RawAnswer
from hasten.world.load.duet import Answers, Duet, Renew, Turn, duet
from hasten.world.load.plan import LoadRequest
from hasten.world.paced_proxy import LINKS, paced
from hasten.world.policy_file import Candidate, Rule, with_rule
from hasten.world.principals import ANONYMOUS, Sessions

#: All recorded requests that the rule does not touch, together.
OTHERS = "all other requests"
#: Pairs of each request straight to the server; the first of them is cold.
SERVER_PAIRS = 12
#: The candidate may need so much more time at the server before it counts as worse; both must be exceeded.
WORSE_SERVER, WORSE_SERVER_S = 1.20, 0.010
COMPARE_S = 30.0
ARRIVES_S = 5.0
BUDGET_S = 300.0


class Judged(Protocol):
    """
    The part of a remedy that a trial needs; it may also say in `declares` what its answers have on purpose.
    """

    about: Any


@dataclass
class _Setting:
    """
    What the trial is made of, once the candidate is in place.
    """

    change: Change
    app: App
    candidate: Candidate
    sessions: Sessions
    touched: list[LoadRequest]
    others: list[LoadRequest]
    tally: Tally = field(default_factory=Tally)
    notes: list[str] = field(default_factory=list)

    @property
    def requests(self) -> list[LoadRequest]:
        """
        The touched requests and then the others, as their numbers have them.
        """
        return [*self.touched, *self.others]


def run_policy_trial(
    change: Change,
    remedy: Judged,
    app: App,
    *,
    seed: int = 1,
    progress: Progress = lambda _done, _what: None,
    budget_s: float = BUDGET_S,
    pair_s: float = PAIR_S,
) -> Trial:
    """
    Control against candidate in the running application; the candidate is gone afterwards.

    Args:
        pair_s: The least length of a pair.

    Raises:
        ApplyFailed: no worker took the candidate: the agent is not in the application, or refuses the rule.
        NoData: nothing is known to ask, or the rule touches none of it.
        Unreachable, NotAllowed: the application does not answer, or refuses a login.
    """
    start = time.monotonic()
    if not app.url:
        raise NoData("the application does not run", hint="name [application] `url` or processes in hasten.toml")
    rules = with_rule(app.policy.read().rules, msgspec.convert(change.after["rule"], Rule))
    plan = Plan(seed=seed, least_gain=remedy.about.least_gain, budget_s=budget_s)
    with (
        operation("trial.policy", change=change.id, seed=seed) as result,
        app.policy.candidate(rules, name=change.id, seed=seed) as candidate,
    ):
        progress(0.0, "putting the candidate beside the control")
        setting = _set_up(change, app, candidate)
        progress(0.05, "comparing answers")
        same = _compared(setting, getattr(remedy, "declares", {}), seed)
        progress(0.1, "timing the server itself")
        server = _at_the_server(setting, seed)
        trial = _play(setting, plan, same, server, (start, pair_s, progress))
        result.update(pairs=len(trial.blocks), ended=trial.ended)
    return trial


def _set_up(change: Change, app: App, candidate: Candidate) -> _Setting:
    sessions = Sessions(app.target, app.url)
    asked = policy_requests.touchable(change, app)
    with Exchange(app.url, timeout_s=app.target.traffic.timeout_s) as exchange:
        _wait_for_arms(exchange, asked[0], candidate, sessions)
        touched = [each for each in asked if _is_touched(exchange, each, candidate, sessions)]
    if not touched:
        raise NoData(
            f"the rule changes no answer of {change.where.kind} {change.where.name}",
            hint="the answers may be small, encoded already, or hold what the request said",
        )
    setting = _Setting(change, app, candidate, sessions, touched, policy_requests.others(app, touched))
    if len(touched) < len(asked):
        setting.notes.append(f"{len(asked) - len(touched)} of {len(asked)} requests are answered alike in both arms")
    return setting


def _wait_for_arms(exchange: Exchange, request: LoadRequest, candidate: Candidate, sessions: Sessions) -> None:
    """
    A worker answers in both arms. Workers that have not looked yet do so before they answer their next request.
    """
    until = time.monotonic() + ARRIVES_S
    while True:
        answered = [_asked(exchange, request, candidate, sessions, name) for name in ARMS]
        if all(_label(raw).startswith(name) for raw, name in zip(answered, ARMS, strict=True)):
            return
        if time.monotonic() > until:
            raise ApplyFailed(
                "no worker of the application takes the candidate",
                hint="is it started through the agent (`agent = true`, or hasten-run)? its log says what it refuses",
            )
        time.sleep(0.1)


def _asked(
    exchange: Exchange, request: LoadRequest, candidate: Candidate, sessions: Sessions, name: str
) -> RawAnswer:
    own = {**policy_requests.TAKES, **request.headers, **policy_requests.arm(candidate, name)}
    credentials = sessions.headers_for(request.principal)
    return exchange.ask(request.method, request.path, {**own, **credentials}, request.body)


def _label(raw: RawAnswer) -> str:
    return next((value for name, value in raw.headers if name == HEADER), "")


def _is_touched(exchange: Exchange, request: LoadRequest, candidate: Candidate, sessions: Sessions) -> bool:
    control, other = (_asked(exchange, request, candidate, sessions, name) for name in ARMS)
    return control.status == other.status == 200 and len(control.body) != len(other.body)


def _compared(setting: _Setting, declares: Mapping[str, Any], seed: int) -> answers.Equivalence:
    declared = msgspec.convert(dict(declares), answers.Declared)
    declared = msgspec.structs.replace(declared, may_differ=[*declared.may_differ, f"header:{HEADER}"])
    clients = policy_requests.clients_of(setting.touched)
    plan = answers.ComparisonPlan(seed=seed, declared=declared, known=clients, time_budget_s=COMPARE_S)
    candidate, url = setting.candidate, setting.app.url
    names = {answers.CONTROL: "control", answers.CONTROL_AGAIN: "control", answers.CANDIDATE: "candidate"}
    with arms_at(
        dict.fromkeys(names, url),
        setting.app.target,
        sessions=dict.fromkeys(names, setting.sessions),
        headers={arm: policy_requests.arm(candidate, name) for arm, name in names.items()},
        timeout_s=setting.app.target.traffic.timeout_s,
    ) as ask:
        return answers.compare_answers(clients, ask, plan)


@dataclass(frozen=True)
class _Server:
    """
    What the touched requests cost the server: mean seconds of each in control, the effect, and how the cold pair was.
    """

    seconds: list[float]
    effect: Effect | None
    cold: str


def _at_the_server(setting: _Setting, seed: int) -> _Server:
    """
    Each touched request straight to the server, in pairs one after the other.
    """
    count = len(setting.touched)
    seen, blocks = Tally(), []
    with duet(_plans(setting, setting.app.url), _renewing(setting)) as both:
        for index in range(SERVER_PAIRS):
            turns = [Turn(0.0, 2 * request + (index + request) % 2) for request in range(count)]
            told: Answers = []
            for turn in turns:
                told += _unswapped([turn], both.play([turn]))
            blocks.append(_block(setting, seen, turns, told, index))
    cold, warm = blocks[0], blocks[1:]
    names = {each.name: 1.0 for each in setting.touched if all(each.name in block.control for block in warm)}
    if not names:
        raise NoData("no request was answered alike by both arms often enough", hint="; ".join(seen.notes()))
    effect = effect_over(warm, names, seed, 0.025, Where(kind="process", name="server"))
    seconds = [math.fsum(block.control.get(each.name, 0.0) for block in warm) / len(warm) for each in setting.touched]
    first = [sum(side.get(name, 0.0) for name in names) for side in (cold.control, cold.candidate)]
    says = f"cold, the server took {first[1] * 1000:.0f} ms with the change and {first[0] * 1000:.0f} ms without it"
    return _Server(seconds=seconds, effect=effect, cold=says)


def _play(
    setting: _Setting, plan: Plan, same: answers.Equivalence, server: _Server, run: tuple[float, float, Progress]
) -> Trial:
    start, pair_s, progress = run
    target = setting.app.target
    link = LINKS.get(target.browser.network)
    network = paced(setting.app.url, link) if link else nullcontext(setting.app.url)
    with network as url, duet(_plans(setting, url), _renewing(setting)) as both:
        progress(0.15, "timing the answers over the visitors' network")
        travel_s, _ = _travel(setting, both)
        rate = target.traffic.rate_per_s if setting.others else 0.0
        pacing = pacing_of(server.seconds, travel_s, rate, least_s=pair_s, budget_s=plan.budget_s)
        plan = replace(plan, weights={OTHERS: 0.0})
        batch = _Batch(setting, both, pacing, plan.seed)
        played = run_pairs(batch.pair, plan, lambda done, what: progress(0.2 + 0.75 * done, what))
    setting.notes.append(_says(setting, pacing, link is not None))
    return _judged(setting, plan, played, same, (server, time.monotonic() - start))


def _travel(setting: _Setting, both: Duet) -> tuple[list[float], Answers]:
    """
    Seconds of each touched request in control, all of them under way together.
    """
    turns = [Turn(0.0, 2 * request) for request in range(len(setting.touched))]
    told = both.play(turns)
    return [control.seconds for control, _ in told], told


class _Batch:
    """
    Pairs up to the next look, asked in one go and handed out one by one.
    """

    def __init__(self, setting: _Setting, both: Duet, pacing: Pacing, seed: int) -> None:
        self._setting, self._both, self._pacing, self._seed = setting, both, pacing, seed
        self._ready: dict[int, tuple[list[Turn], Answers]] = {}

    def pair(self, index: int, _control_first: bool) -> Block:
        """
        Pair number `index`. The order is not the driver's: it is drawn for every request.
        """
        if index not in self._ready:
            self._ask(index)
        turns, told = self._ready.pop(index)
        found = _block(self._setting, self._setting.tally, turns, told, index)
        return msgspec.structs.replace(found, seconds=self._pacing.pair_s)

    def _ask(self, first: int) -> None:
        setting = self._setting
        per_pair = [
            turns_of(len(setting.touched), setting.others, self._pacing, index, self._seed)
            for index in range(first, first + PAIRS_AT_ONCE)
        ]
        turns = [turn for each in per_pair for turn in each]
        told = _unswapped(turns, self._both.play(turns))
        for index, own in enumerate(per_pair, start=first):
            self._ready[index] = (own, told[: len(own)])
            told = told[len(own) :]


PAIRS_AT_ONCE = 16


def _unswapped(turns: Sequence[Turn], told: Answers) -> Answers:
    """
    The answers with control first: requests of odd number went the other way round.
    """
    return [each if turn.request % 2 == 0 else (each[1], each[0]) for turn, each in zip(turns, told, strict=True)]


def _block(setting: _Setting, tally: Tally, turns: Sequence[Turn], told: Answers, index: int) -> Block:
    """
    One pair; requests that the rule does not touch are one route together.
    """
    count = len(setting.touched)
    routes = [
        each if number < count else msgspec.structs.replace(each, route=OTHERS)
        for number, each in enumerate(setting.requests)
    ]
    plain = [Turn(turn.at_s, turn.request // 2) for turn in turns]
    return tally.block(routes, plain, told, index=index, order="drawn for each request")


def _judged(
    setting: _Setting, plan: Plan, played: Played, same: answers.Equivalence, rest: tuple[_Server, float]
) -> Trial:
    server, seconds = rest
    touched = {each.name: 1.0 for each in setting.touched}
    weights = {**touched, OTHERS: 0.0}
    routes = route_effects(played.blocks, touched, plan.seed, plan.level)
    guarded = [OTHERS] if setting.others else []
    effects = route_effects(played.blocks, dict.fromkeys(guarded, 1.0), plan.seed, plan.level)
    total = effect_over(played.blocks, touched, plan.seed, plan.level, setting.change.where)
    return Trial(
        change=setting.change.id,
        grade=Grade.A,
        arena="split",
        seed=plan.seed,
        blocks=played.blocks,
        effect=total,
        effects=[*routes, *effects],
        guards=[
            played.harm,
            setting.tally.errors(),
            setting.tally.statuses(),
            not_worse([*routes, *effects], dict.fromkeys([*touched, *guarded], 1.0)),
            server_time(server.effect),
            answers.guard(same),
        ],
        equivalence=same.as_data(),
        weights=weights,
        duration_s=seconds,
        notes=[*setting.notes, server.cold, *setting.tally.notes()],
        looks=played.looks,
        least_gain=plan.least_gain,
        level=plan.level,
        ended=played.ended,
    )


def server_time(effect: Effect | None) -> Guard:
    """
    The server itself is not shown to take much longer for the same requests.
    """
    if effect is None:
        return Guard(name="server time", ok=None, detail="too few pairs straight to the server", limit=WORSE_SERVER)
    more_s = (effect.low - 1) * effect.control
    return Guard(
        name="server time",
        ok=not (effect.low > WORSE_SERVER and more_s > WORSE_SERVER_S),
        detail=f"{effect.candidate * 1000:.3g} ms at the server with the change, {effect.control * 1000:.3g} without",
        value=effect.low,
        limit=WORSE_SERVER,
    )


def _says(setting: _Setting, pacing: Pacing, is_paced: bool) -> str:
    network = setting.app.target.browser.network if is_paced else "loopback"
    asked = Counter({"requests in each arm of a pair": pacing.repeats * len(setting.touched)})
    counted = ", ".join(f"{count} {what}" for what, count in asked.items())
    return f"over {network}; pairs of {pacing.pair_s:.3g} s, {counted}, and {pacing.others} others"


def _plans(setting: _Setting, url: str) -> list[Any]:
    return policy_requests.arm_plans(url, setting.app, setting.requests, setting.candidate, setting.sessions)


def _renewing(setting: _Setting) -> Renew:
    return lambda _arm, principal: setting.sessions.renew(principal) if principal != ANONYMOUS else {}
