"""
Who is asked what while a candidate is in place: the requests that the rule touches, first visits and later ones.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from hasten.application import App
from hasten.errors import ApplyFailed, NoData
from hasten.model import Block, Change
from hasten.verify import policy_requests
from hasten.verify.answers import Answer
from hasten.verify.answers.differences import Read, differences
from hasten.verify.policy_requests import ARMS, HEADER, NOTHING, Known
from hasten.verify.revisits import NOT_MODIFIED, RELOAD, validators
from hasten.verify.tally import Tally
from hasten.world.exchange import Exchange, RawAnswer
from hasten.world.load.duet import Answers, Renew, Told, Turn
from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.policy_file import Candidate
from hasten.world.principals import ANONYMOUS, Sessions

#: All recorded requests that the rule does not touch, together.
OTHERS = "all other requests"
ARRIVES_S = 5.0
#: A little longer than an agent goes by its last look.
SETTLE_S = 0.3


@dataclass
class Setting:
    """
    The requests of a trial, those that the rule touches first, and what is needed to send them.

    first: Requests whose answers the rule changes, as a first visitor sends them.
    again: The same of somebody who comes back, and what either arm's visitor has then: where the candidate says that
        nothing changed and control sends all of it once more.
    cold_s: Seconds of the first answers of all touched requests, in control and candidate.
    """

    change: Change
    app: App
    candidate: Candidate
    sessions: Sessions
    first: list[LoadRequest] = field(default_factory=list)
    again: list[tuple[LoadRequest, Known]] = field(default_factory=list)
    others: list[LoadRequest] = field(default_factory=list)
    cold_s: tuple[float, float] = (0.0, 0.0)
    tally: Tally = field(default_factory=Tally)
    notes: list[str] = field(default_factory=list)

    @property
    def touched(self) -> list[LoadRequest]:
        """
        What is timed: first visits, and those of people who come back.
        """
        return [*self.first, *(each for each, _ in self.again)]

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
        first, others = ([(each, NOTHING) for each in requests] for requests in (self.first, self.others))
        asked = [*first, *self.again, *others]
        return policy_requests.arm_plans(url, self.app, asked, self.candidate, self.sessions)

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
        # For who has the answer a 304 is as good as all of it; to anybody else it is another status.
        back = range(len(self.first), len(self.first) + len(self.again))
        seen = [whole(pair) if turn.request in back else pair for turn, pair in zip(plain, told, strict=True)]
        return tally.block(routes, plain, seen, index=index, order="drawn for each request")


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
        for each in asked:
            _look_at(exchange, each, setting)
    if not setting.first:
        raise NoData(
            f"the rule changes no answer of {change.where.kind} {change.where.name}",
            hint="the answers may be small, encoded already, or hold what the request said",
        )
    setting.others = policy_requests.others(app, setting.first)
    if len(setting.first) < len(asked):
        same = len(asked) - len(setting.first)
        setting.notes.append(f"{same} of {len(asked)} requests are answered alike in both arms")
    if setting.again:
        setting.notes.append(
            f"{len(setting.again)} of them are also asked by somebody who comes back, with what that arm gave before; "
            "first and second visits count alike, which is an assumption"
        )
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
                hint="is it started with the agent (`hasten run`, or `agent = true`)? its log says what it refuses",
            )
        time.sleep(0.1)


def _asked(exchange: Exchange, request: LoadRequest, setting: Setting, name: str) -> RawAnswer:
    own = {**policy_requests.TAKES, **request.headers, **policy_requests.arm(setting.candidate, name)}
    credentials = setting.sessions.headers_for(request.principal)
    return exchange.ask(request.method, request.path, {**own, **credentials}, request.body)


def _label(raw: RawAnswer) -> str:
    return next((value for name, value in raw.headers if name == HEADER), "")


def _look_at(exchange: Exchange, request: LoadRequest, setting: Setting) -> None:
    """
    The request is one of the trial if its answers differ, and one of a returning visitor where those differ too.
    """
    control, other, control_again = (_asked(exchange, request, setting, name) for name in (*ARMS, ARMS[0]))
    if not is_changed(control, control_again, other):
        return
    setting.first.append(request)
    setting.cold_s = (setting.cold_s[0] + control.seconds, setting.cold_s[1] + other.seconds)
    known = (validators(control.headers), validators(other.headers))
    back = [
        _asked(exchange, _knowing({**request.headers, **RELOAD, **known[at]}, request), setting, name).status
        for at, name in enumerate(ARMS)
    ]
    if back == [control.status, NOT_MODIFIED]:
        setting.again.append((policy_requests.again(request), known))


def _knowing(headers: dict[str, str], request: LoadRequest) -> LoadRequest:
    return msgspec.structs.replace(request, headers=headers)


def is_changed(control: RawAnswer, control_again: RawAnswer, candidate: RawAnswer) -> bool:
    """
    Whether status, headers or body differ between the arms, in what does not differ between two answers of control.
    """
    if 200 not in (control.status, candidate.status):
        return False
    ours, again, theirs = (
        Read(Answer(status=raw.status, headers=raw.headers, body=raw.body))
        for raw in (control, control_again, candidate)
    )
    noise = {f"header:{HEADER}", *differences(ours, again).all()}
    return any(key not in noise for key in differences(ours, theirs).all())


def whole(pair: tuple[Told, ...]) -> tuple[Told, ...]:
    """
    The pair as the visitor has it who was there before: told that nothing changed is told all of it.
    """
    return tuple(replace(told, status=200) if told.status == NOT_MODIFIED else told for told in pair)
