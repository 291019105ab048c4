"""
What is asked while a policy is on trial: the requests that can feel the change, in both arms, and all others.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from hasten.application import App
from hasten.errors import ConfigError, NoData
from hasten.model import Change
from hasten.verify.revisits import RELOAD
from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.policy_file import Candidate
from hasten.world.principals import ANONYMOUS, Sessions
from hasten.world.traffic import SAFE_METHODS, read_traffic

HEADER = "hasten-arm"
ARMS = ("control", "candidate")
#: What a phone's browser would say; an answer that depends on it is compared for others too.
TAKES = {"accept-encoding": "gzip, deflate, br"}
#: Clients that take codings in another way than browsers do.
CLIENTS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("GET", TAKES),
    ("GET", {"accept-encoding": "identity"}),
    ("GET", {}),
    ("GET", {"accept-encoding": "gzip;q=0, br;q=0.5"}),
    ("GET", {**TAKES, "range": "bytes=0-99"}),
    ("GET", {**TAKES, **RELOAD}),
    ("HEAD", TAKES),
)
#: What the visitors of control and candidate have already: the headers with which each of them asks.
Known = tuple[Mapping[str, str], Mapping[str, str]]
NOTHING: Known = ({}, {})


def touchable(change: Change, app: App) -> list[LoadRequest]:
    """
    Requests that the change is about: the files of a page as its visitor fetches them, or the route's recorded ones.

    Raises:
        NoData: none is known.
    """
    found = _of_page(change.where.name, app) if change.where.kind == "page" else _of_route(change.where.name, app)
    if not found:
        raise NoData(
            f"no request that {change.where.kind} {change.where.name} is about was recorded",
            hint="run `hasten baseline` again, with the page or the route in it",
        )
    return found


def others(app: App, touched: Sequence[LoadRequest]) -> list[LoadRequest]:
    """
    The recorded safe requests beside those; none where no traffic is recorded.
    """
    routes = {each.name for each in touched}
    return [each for each in _recorded(app) if each.name not in routes]


def again(request: LoadRequest) -> LoadRequest:
    """
    The request of somebody who comes back, a route of its own: what it gains must not hide what first visits lose.
    """
    return msgspec.structs.replace(request, route=f"{request.name} (again)", headers={**request.headers, **RELOAD})


def arm_plans(
    url: str, app: App, requests: Sequence[tuple[LoadRequest, Known]], candidate: Candidate, sessions: Sessions
) -> list[LoadPlan]:
    """
    Two plans for a duet. Request 2k is control's in the first and candidate's in the second, 2k + 1 the other way
    round, so that a turn can choose which arm is written first.
    """
    who = sorted({each.principal for each, _ in requests} - {ANONYMOUS})
    plans = []
    for side in (0, 1):
        asked = [
            msgspec.structs.replace(each, headers={**TAKES, **each.headers, **known[at], **arm(candidate, ARMS[at])})
            for each, known in requests
            for at in (side, 1 - side)
        ]
        plans.append(
            LoadPlan(
                base_url=url,
                requests=asked,
                rate_per_s=1.0,
                duration_s=1.0,
                max_in_flight=app.target.traffic.max_in_flight,
                # Behind a slow network a large answer takes its time, and that is not a fault.
                timeout_s=min(600.0, 4 * app.target.traffic.timeout_s),
                credentials={name: sessions.headers_for(name) for name in who},
                expired_status=sessions.expired_status,
                allow_remote=bool(app.target.application.url),
            )
        )
    return plans


def arm(candidate: Candidate, name: str) -> dict[str, str]:
    """
    The header with which a request asks for an arm of the trial.
    """
    return {HEADER: f"{candidate.key}:{name}"}


def clients_of(requests: Sequence[LoadRequest]) -> list[LoadRequest]:
    """
    The requests as clients of every kind would send them, all of one route under its name: a route that knows no HEAD
    refuses it in every arm, and is compared by its other answers.
    """
    return [
        msgspec.structs.replace(each, method=method, route=each.name, headers={**each.headers, **headers})
        for each in requests
        for method, headers in CLIENTS
    ]


def _of_page(page: str, app: App) -> list[LoadRequest]:
    found: dict[str, LoadRequest] = {}
    for profile in [each for each in app.observation.pages if each.page == page]:
        for resource in [each for run in profile.runs for each in run.resources]:
            split = urlsplit(resource.url)
            path = (split.path or "/") + (f"?{split.query}" if split.query else "")
            # What the page asks its API for is traffic of the routes, and what comes from elsewhere is not ours.
            own = split.netloc == urlsplit(profile.runs[0].resources[0].url).netloc
            if own and resource.status == 200 and resource.kind.lower() not in ("fetch", "xhr"):
                found[path] = LoadRequest(path=path, principal=profile.principal)
    return list(found.values())


def _of_route(route: str, app: App) -> list[LoadRequest]:
    return [each for each in _recorded(app) if each.name == route]


def _recorded(app: App) -> list[LoadRequest]:
    try:
        recording = read_traffic(app.target, base_url=app.url, folder=app.root)
    except ConfigError:
        return []
    return [each for each in recording.requests if each.method in SAFE_METHODS]
