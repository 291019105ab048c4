"""
Two running instances and the recorded requests: what is asked of both, as whom, and whether they answer alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from hasten.application import App
from hasten.errors import NoData
from hasten.verify.answers import (
    CANDIDATE,
    CONTROL,
    CONTROL_AGAIN,
    Answer,
    ComparisonPlan,
    Equivalence,
    compare_answers,
)
from hasten.verify.answers.arms import arms_at
from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.principals import ANONYMOUS, Sessions
from hasten.world.traffic import SAFE_METHODS, read_traffic

#: How often the requests are gone through, and in which share of the time. What is plainly different shows itself at
#: once; each shape of parameters wants ten clean comparisons.
PASSES = ((2, 0.2), (20, 0.8))


@dataclass(frozen=True)
class Pair:
    """
    Control and candidate, what is asked of them, and each principal's session with either.
    """

    control: App
    candidate: App
    requests: list[LoadRequest]
    sessions: tuple[Sessions, Sessions]
    notes: list[str] = field(default_factory=list)

    def answers(self, seed: int, budget_s: float, told: Callable[[int], None] = lambda _count: None) -> Equivalence:
        """
        The recorded requests were answered by control, by control again and by the candidate, and compared.

        Each arm has logins of its own, so that what a login makes (its id, when it ends) is noise between the controls.
        All are asked under one name: links that an answer makes from it are the same.

        Args:
            budget_s: No further comparison is begun after so long.
            told: Hears how many answers there are so far.
        """
        addresses = {CONTROL: self.control.url, CONTROL_AGAIN: self.control.url, CANDIDATE: self.candidate.url}
        sessions = {CONTROL: self.sessions[0], CANDIDATE: self.sessions[1]}
        host = {"host": urlsplit(self.control.url).netloc}
        target = self.control.target
        plans = [
            ComparisonPlan(seed=seed, known=self.requests, apart=True, rounds=rounds, time_budget_s=share * budget_s)
            for rounds, share in PASSES
        ]
        named = dict.fromkeys(addresses, host)
        with arms_at(addresses, target, sessions=sessions, headers=named, timeout_s=target.traffic.timeout_s) as ask:
            asked = count(1)

            def counted(arm: str, request: LoadRequest) -> Answer:
                told(next(asked))
                return ask(arm, request)

            found = compare_answers(self.requests, counted, plans[0])
            return found if found.mismatches else compare_answers(self.requests, counted, plans[1])

    def plans(self, seed: int) -> list[LoadPlan]:
        """
        What is sent to each instance; when it is sent is for the duet to say.
        """
        who = sorted({each.principal for each in self.requests} - {ANONYMOUS})
        return [
            LoadPlan(
                base_url=app.url,
                requests=self.requests,
                rate_per_s=1.0,
                duration_s=1.0,
                seed=seed,
                max_in_flight=app.target.traffic.max_in_flight,
                timeout_s=app.target.traffic.timeout_s,
                credentials={name: sessions.headers_for(name) for name in who},
                expired_status=sessions.expired_status,
            )
            for app, sessions in zip((self.control, self.candidate), self.sessions, strict=True)
        ]

    def renew(self, arm: int, principal: str) -> Mapping[str, str]:
        """
        The principal has logged in again to one of the two; its new headers.
        """
        return self.sessions[arm].renew(principal)


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
