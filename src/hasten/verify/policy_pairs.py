"""
What a policy's trial is made of while the candidate is in place: who is asked what, and the pairs of arms.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from hasten.application import App
from hasten.errors import ApplyFailed, NoData
from hasten.model import PLANNED_PAIRS, Block, Change, Effect, Where
from hasten.verify import policy_requests, statistics
from hasten.verify.policy_pacing import Pacing, turns_of
from hasten.verify.policy_requests import ARMS, HEADER
from hasten.verify.tally import Tally
from hasten.world.exchange import Exchange, RawAnswer
from hasten.world.load.duet import Answers, Duet, Renew, Turn, duet
from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.policy_file import Candidate
from hasten.world.principals import ANONYMOUS, Sessions

#: All recorded requests that the rule does not touch, together.
OTHERS = "all other requests"
#: Pairs of each request straight to the server.
SERVER_PAIRS = 12
TIME_AT_SERVER = "hasten.server.time"
ARRIVES_S = 5.0
#: A little longer than an agent goes by its last look.
SETTLE_S = 0.3


@dataclass
class Setting:
    """
    The requests of a trial, those that the rule touches first, and what is needed to send them.

    cold_s: Seconds of the first answers of all touched requests, in control and candidate.
    """

    change: Change
    app: App
    candidate: Candidate
    sessions: Sessions
    touched: list[LoadRequest] = field(default_factory=list)
    others: list[LoadRequest] = field(default_factory=list)
    cold_s: tuple[float, float] = (0.0, 0.0)
    tally: Tally = field(default_factory=Tally)
    notes: list[str] = field(default_factory=list)

    @property
    def requests(self) -> list[LoadRequest]:
        """
        The touched requests and then the others, as their numbers have them.
        """
        return [*self.touched, *self.others]

    def plans(self, url: str) -> list[LoadPlan]:
        """
        What a duet at that address asks.
        """
        return policy_requests.arm_plans(url, self.app, self.requests, self.candidate, self.sessions)

    def renewing(self) -> Renew:
        """
        Logs a principal in again; both arms share its session, as they share the application.
        """
        return lambda _arm, principal: self.sessions.renew(principal) if principal != ANONYMOUS else {}

    def block(self, tally: Tally, turns: Sequence[Turn], told: Answers, index: int) -> Block:
        """
        One pair of arms; requests that the rule does not touch are one route together.
        """
        routes = [*self.touched, *(msgspec.structs.replace(each, route=OTHERS) for each in self.others)]
        plain = [Turn(turn.at_s, turn.request // 2) for turn in turns]
        return tally.block(routes, plain, told, index=index, order="drawn for each request")


def set_up(change: Change, app: App, candidate: Candidate) -> Setting:
    """
    Both arms answer, and it is known which requests the rule touches.

    Raises:
        ApplyFailed: no worker takes the candidate.
        NoData: nothing is known to ask, or the rule touches none of it.
    """
    setting = Setting(change, app, candidate, Sessions(app.target, app.url))
    asked = policy_requests.touchable(change, app)
    with Exchange(app.url, timeout_s=app.target.traffic.timeout_s) as exchange:
        _wait_for_arms(exchange, asked[0], setting)
        setting.touched = [each for each in asked if _is_touched(exchange, each, setting)]
    if not setting.touched:
        raise NoData(
            f"the rule changes no answer of {change.where.kind} {change.where.name}",
            hint="the answers may be small, encoded already, or hold what the request said",
        )
    setting.others = policy_requests.others(app, setting.touched)
    if len(setting.touched) < len(asked):
        same = len(asked) - len(setting.touched)
        setting.notes.append(f"{same} of {len(asked)} requests are answered with the same bytes in both arms")
    return setting


def _wait_for_arms(exchange: Exchange, request: LoadRequest, setting: Setting) -> None:
    """
    A worker answers in both arms. Workers that have not looked yet do so before they answer their next request.
    """
    # Asked with HEAD, so that the first answers with a body are still to come.
    probe = msgspec.structs.replace(request, method="HEAD")
    until = time.monotonic() + ARRIVES_S
    while True:
        answered = [_asked(exchange, probe, setting, name) for name in ARMS]
        if all(_label(raw).startswith(name) for raw, name in zip(answered, ARMS, strict=True)):
            # Another worker may have looked just before the candidate came.
            time.sleep(SETTLE_S)
            return
        if time.monotonic() > until:
            raise ApplyFailed(
                "no worker of the application takes the candidate",
                hint="is it started through the agent (`agent = true`, or hasten-run)? its log says what it refuses",
            )
        time.sleep(0.1)


def _asked(exchange: Exchange, request: LoadRequest, setting: Setting, name: str) -> RawAnswer:
    own = {**policy_requests.TAKES, **request.headers, **policy_requests.arm(setting.candidate, name)}
    credentials = setting.sessions.headers_for(request.principal)
    return exchange.ask(request.method, request.path, {**own, **credentials}, request.body)


def _label(raw: RawAnswer) -> str:
    return next((value for name, value in raw.headers if name == HEADER), "")


def _is_touched(exchange: Exchange, request: LoadRequest, setting: Setting) -> bool:
    control, other = (_asked(exchange, request, setting, name) for name in ARMS)
    if not control.status == other.status == 200 or len(control.body) == len(other.body):
        return False
    setting.cold_s = (setting.cold_s[0] + control.seconds, setting.cold_s[1] + other.seconds)
    return True


@dataclass(frozen=True)
class Server:
    """
    What the touched requests cost the server, without any network: seconds of each in control, and the effect.
    """

    seconds: list[float]
    effect: Effect | None


def at_the_server(setting: Setting, seed: int) -> Server:
    """
    Each touched request went straight to the server, in pairs one after the other.

    Raises:
        NoData: no request is answered alike by both arms.
    """
    count, seen, blocks = len(setting.touched), Tally(), []
    with duet(setting.plans(setting.app.url), setting.renewing()) as both:
        for index in range(SERVER_PAIRS):
            turns = [Turn(0.0, 2 * request + (index + request) % 2) for request in range(count)]
            told = [each for turn in turns for each in control_first([turn], both.play([turn]))]
            blocks.append(setting.block(seen, turns, told, index))
    names = [name for name in {each.name for each in setting.touched} if all(name in block.control for block in blocks)]
    if not names:
        raise NoData("no request is answered alike by both arms", hint="; ".join(seen.notes()))
    where = Where(kind="process", name="server")
    effect = statistics.effect_of(blocks, {}, seed, metric=TIME_AT_SERVER, where=where)

    def mean_s(name: str) -> float:
        return math.fsum(block.control.get(name, 0.0) for block in blocks) / len(blocks)

    return Server([mean_s(each.name) for each in setting.touched], effect)


def travel(setting: Setting, both: Duet) -> list[float]:
    """
    Seconds of each touched request in control, all of them under way together.
    """
    told = both.play([Turn(0.0, 2 * request) for request in range(len(setting.touched))])
    return [control.seconds for control, _ in told]


class Pairs:
    """
    The pairs of a trial: those up to the next look are asked in one go, and handed out one by one.

    Args:
        most: How many there will be at most.
    """

    def __init__(
        self, setting: Setting, both: Duet, pacing: Pacing, seed: int, *, most: int = PLANNED_PAIRS[-1]
    ) -> None:
        self._setting, self._both, self._pacing, self._seed, self._most = setting, both, pacing, seed, most
        self._ready: dict[int, tuple[list[Turn], Answers]] = {}

    def play(self, index: int, _control_first: bool) -> Block:
        """
        Pair number `index`. The driver's order is not used: it is drawn for every request.
        """
        if index not in self._ready:
            self._ask(index)
        turns, told = self._ready.pop(index)
        found = self._setting.block(self._setting.tally, turns, told, index)
        return msgspec.structs.replace(found, seconds=self._pacing.pair_s)

    def _ask(self, first: int) -> None:
        setting = self._setting
        per_pair = [
            turns_of(len(setting.touched), setting.others, self._pacing, index, self._seed)
            for index in range(first, min(first + PLANNED_PAIRS[0], self._most))
        ]
        turns = [turn for each in per_pair for turn in each]
        told = control_first(turns, self._both.play(turns))
        for index, own in enumerate(per_pair, start=first):
            self._ready[index] = (own, told[: len(own)])
            told = told[len(own) :]


def control_first(turns: Sequence[Turn], told: Answers) -> Answers:
    """
    The answers with control's first: requests of odd number went the other way round.
    """
    return [each if turn.request % 2 == 0 else (each[1], each[0]) for turn, each in zip(turns, told, strict=True)]
