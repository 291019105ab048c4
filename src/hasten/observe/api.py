"""
How long the application's answers take: every recorded route alone, then all together under open-loop load.

Only safe requests are sent, and writes that [traffic] replay_writes names.
"""

import time
from collections.abc import Callable
from pathlib import Path

from hasten.errors import HastenError, NoData, NotAllowed, TooNoisy
from hasten.evidence import ResponseSample
from hasten.log import redact
from hasten.model import Conditions, Distribution, Measurement, Noun, Where
from hasten.target import Target, Traffic
from hasten.world.http import check_health
from hasten.world.load import LoadPlan, LoadProgress, LoadRequest, LoadResult, run_load
from hasten.world.load.locust import run_locust
from hasten.world.load.samples import gzip_size, redacted_headers
from hasten.world.principals import ANONYMOUS, Sessions
from hasten.world.recordings.tally import Recording
from hasten.world.traffic import SAFE_METHODS, read_traffic

Progress = Callable[[float, str], None]

LATENCY = "http.client.request.duration"
ERROR_RATIO = "hasten.api.error_ratio"
LATENESS = "hasten.api.lateness"
#: All probes together; a route whose turn does not come is still sampled under load.
PROBE_BUDGET_S = 30.0
#: The share of the progress bar that is over before the load begins.
BEFORE_LOAD = 0.15
#: More rejected windows than this and the rest is no fair picture.
MAX_REJECTED_SHARE = 0.5
MAX_EXPIRED_SHARE = 0.2


class ApiPart(Noun, frozen=True, kw_only=True):
    """
    What the API probe brought home; the parts of an Observation that are its own.

    `load` holds every single request, for the cache probe and for whoever wants to look closer.
    """

    measurements: list[Measurement]
    responses: list[ResponseSample]
    requests_per_day: dict[str, float]
    load: LoadResult
    missing: dict[str, str] = {}


def observe_api(
    base_url: str,
    target: Target,
    sessions: Sessions,
    progress: Progress = lambda _fraction, _text: None,
    *,
    folder: Path = Path(),
    probe_budget_s: float = PROBE_BUDGET_S,
) -> ApiPart:
    """
    The recorded traffic was replayed, and this is how long the answers took.

    Args:
        progress: Told the fraction that is done, and what is being done.
        folder: The folder of hasten.toml, for the paths in [traffic].

    Raises:
        ConfigError: [traffic], [login] or a principal says something that cannot be.
        Unreachable: the application does not answer.
        NotAllowed: a login was refused, or sessions were not accepted.
        NoData: not one answer came. TooNoisy: the generator was late for most of the time.
    """
    check_health(base_url, target.application.health, timeout_s=target.traffic.timeout_s)
    recording = read_traffic(target, base_url=base_url, folder=folder)
    progress(0.01, "logging in")
    who = {request.principal for request in recording.requests} - {ANONYMOUS}
    credentials = {name: sessions.headers_for(name) for name in sorted(who)}
    probed = _probe(recording, sessions, progress, probe_budget_s)
    plan = _plan(base_url, target, recording, credentials, sessions.expired_status)

    def on_progress(how_far: LoadProgress) -> None:
        progress(BEFORE_LOAD + (1 - BEFORE_LOAD) * how_far.fraction, how_far.text)

    run = run_locust if target.traffic.engine == "locust" else run_load
    load = run(plan, on_progress, renew=sessions.renew)
    _check(load)
    progress(1.0, f"{load.requests()} requests")
    return ApiPart(
        measurements=measurements_of(load, target.application.name, _conditions(target.traffic, load)),
        responses=[*probed, *load.samples],
        requests_per_day=_per_day(recording, target.traffic),
        load=load,
        missing=_missing(recording, load),
    )


def measurements_of(load: LoadResult, application: str, conditions: Conditions) -> list[Measurement]:
    """
    Latency and error ratio of each route and of all together, and the generator's lateness.
    """
    found = []
    places: list[tuple[Where, str | None]] = [(Where(kind="application", name=application), None)]
    places += [(Where(kind="route", name=route), route) for route in sorted(load.routes)]
    for where, route in places:
        requests = load.requests(route)
        if not requests:
            continue
        errors = load.errors(route)
        ratio = Distribution(count=requests, mean=errors / requests, total=float(errors))
        found.append(_measurement(LATENCY, "s", where, load.latency(route), conditions))
        found.append(_measurement(ERROR_RATIO, "1", where, ratio, conditions))
    if not load.closed_loop:
        found.append(_measurement(LATENESS, "s", places[0][0], load.lateness(), conditions))
    return found


def _measurement(
    metric: str, unit: str, where: Where, distribution: Distribution, conditions: Conditions
) -> Measurement:
    return Measurement(metric=metric, unit=unit, where=where, distribution=distribution, conditions=conditions)


def _plan(
    base_url: str,
    target: Target,
    recording: Recording,
    credentials: dict[str, dict[str, str]],
    expired_status: list[int],
) -> LoadPlan:
    traffic = target.traffic
    return LoadPlan(
        base_url=base_url,
        requests=recording.requests,
        rate_per_s=traffic.rate_per_s,
        duration_s=traffic.duration_s,
        arrivals=traffic.arrivals,
        seed=traffic.seed,
        max_in_flight=traffic.max_in_flight,
        timeout_s=traffic.timeout_s,
        credentials=credentials,
        expired_status=expired_status,
        # Who names an address in hasten.toml says that it may be loaded.
        allow_remote=bool(target.application.url),
    )


def _probe(recording: Recording, sessions: Sessions, progress: Progress, budget_s: float) -> list[ResponseSample]:
    """
    One answer of each safe route with nothing else going on, as its most frequent asker sees it.
    """
    chosen: dict[str, LoadRequest] = {}
    for request in sorted(recording.requests, key=lambda request: -request.weight):
        if request.method in SAFE_METHODS:
            chosen.setdefault(request.name, request)
    samples = []
    deadline = time.monotonic() + budget_s
    for number, (route, request) in enumerate(sorted(chosen.items())):
        if time.monotonic() > deadline:
            break
        progress(0.02 + (BEFORE_LOAD - 0.02) * number / len(chosen), f"probing {route}")
        samples.append(_probed(route, request, sessions))
    return samples


def _probed(route: str, request: LoadRequest, sessions: Sessions) -> ResponseSample:
    named = {"route": route, "method": request.method, "principal": request.principal, "path": redact(request.path)}
    try:
        answer = sessions.request(
            request.principal, request.method, request.path, headers=request.headers, body=request.body
        )
    except HastenError as error:
        return ResponseSample(**named, status=0, error=str(error))
    return ResponseSample(
        **named,
        status=answer.status,
        headers=redacted_headers(answer.headers),
        body_bytes=len(answer.body),
        wire_bytes=answer.wire_bytes,
        gzip_bytes=gzip_size(answer.body) if answer.body else None,
        seconds=answer.seconds,
    )


def _check(load: LoadResult) -> None:
    if load.rejected_share > MAX_REJECTED_SHARE:
        late = load.lateness()
        raise TooNoisy(
            f"the load generator was late in {load.rejected_share:.0%} of the windows"
            f" (p99 {1000 * (late.p99 or 0):.0f} ms)",
            hint="this machine is too busy: lower [traffic] rate_per_s, or end other programs",
        )
    outcomes = load.outcomes()
    requests = load.requests()
    if outcomes.get("EXPIRED", 0) > MAX_EXPIRED_SHARE * requests:
        raise NotAllowed(
            f"{outcomes['EXPIRED']} of {requests} requests were told to log in again, right after a login",
            hint="check [login]: does the application accept the cookie or token that it gives?",
        )
    if not load.latencies():
        raise NoData(
            f"not one of {requests} requests was answered: {outcomes}", hint="look into the log of the application"
        )


def _missing(recording: Recording, load: LoadResult) -> dict[str, str]:
    missing = {}
    if recording.dropped:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in recording.dropped.items())
        missing["api.recording"] = f"left out of {Path(recording.source).name}: {reasons}"
    if load.rejected_share:
        missing["api.windows"] = f"{load.rejected_share:.0%} of the windows rejected: the generator was late"
    for route in load.routes:
        outcomes = load.outcomes(route)
        requests = load.requests(route)
        if not requests:
            missing[f"api {route}"] = "no request of it counted in this run"
        elif outcomes.get("4xx", 0) == requests:
            missing[f"api {route}"] = f"all {requests} answers were 4xx: this is not how the route answers users"
        elif outcomes.get("EXPIRED", 0):
            missing[f"api {route}"] = f"{outcomes['EXPIRED']} of {requests} requests met an expired session"
    return missing


def _per_day(recording: Recording, traffic: Traffic) -> dict[str, float]:
    """
    Requests of a day by route: as hasten.toml says, else as the recording's times say, else as the load does.
    """
    per_day = traffic.requests_per_day or recording.per_day or traffic.rate_per_s * 86_400
    total = sum(request.weight for request in recording.requests)
    shares: dict[str, float] = {}
    for request in recording.requests:
        shares[request.name] = shares.get(request.name, 0.0) + request.weight
    return {route: per_day * weight / total for route, weight in sorted(shares.items())}


def _conditions(traffic: Traffic, load: LoadResult) -> Conditions:
    kind = "closed loop (Locust)" if load.closed_loop else f"open loop, {traffic.arrivals} arrivals"
    late = None if load.closed_loop else load.lateness().p99
    notes: dict[str, str | float | int | bool] = {
        "seed": traffic.seed,
        "rejected_share": load.rejected_share,
        "closed_loop": load.closed_loop,
        "generator_cpu_s": round(load.generator_cpu_s, 3),
    }
    if late is not None:
        notes["lateness_p99_ms"] = round(late * 1000, 3)
    return Conditions(load=f"{kind}, {traffic.rate_per_s:g}/s for {traffic.duration_s:g} s", notes=notes)
