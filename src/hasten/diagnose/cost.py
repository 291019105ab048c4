"""
What a finding costs: frequency per day × avoidable time, in seconds per day.

    scale           = Σ requests_per_day ÷ requests answered in the window   (what one thing in the window stands for)
    statement calls = calls in the window × scale
    page visits     = requests per day to the page itself, where the traffic names it; else the least, over the API
                      routes that one visit fetches, of requests_per_day[route] ÷ times fetched in the visit
    transfer time   = bytes ÷ bandwidth of the network that pages are measured under

Without requests per day, a window stands for a day at its own rate: scale = 86,400 s ÷ its seconds.
"""

import re
from collections import Counter
from urllib.parse import urlsplit

from hasten.errors import NoData
from hasten.evidence import Observation, PageProfile, PageResource
from hasten.target import Target

DAY_S = 86_400.0

#: Bytes per second that a visitor receives at most, as the page probe emulates it.
BANDWIDTH_BYTES_PER_S = {"slow-4g": 1_600_000 / 8, "fast-4g": 9_000_000 / 8}

#: Share of visits that find the browser's cache filled. An assumption, as no lab run can tell: half and half.
REPEAT_SHARE = 0.5

REQUESTS = "http.client.request.duration"

#: A download shorter than this says more about latency than about bandwidth.
_LEAST_TIMED_BYTES = 100_000


def requests_in_window(observation: Observation) -> int:
    """
    How many requests the load sent, over all routes.
    """
    return sum(
        m.distribution.count for m in observation.measurements if m.metric == REQUESTS and m.where.kind == "application"
    )


def requests_of(route: str, observation: Observation) -> int:
    """
    How many requests the load sent to one route ("GET /api/inquiries").
    """
    return sum(
        m.distribution.count
        for m in observation.measurements
        if m.metric == REQUESTS and m.where.kind == "route" and m.where.name == route
    )


def scale(observation: Observation) -> float:
    """
    How many things happen in a day for each one that happened in the window.

    Raises:
        NoData: neither the traffic of a day nor the length of the window is known.
    """
    per_day, in_window = sum(observation.requests_per_day.values()), requests_in_window(observation)
    if per_day > 0 and in_window > 0:
        return per_day / in_window
    if observation.seconds > 0:
        return DAY_S / observation.seconds
    raise NoData("how much traffic a day has is not known", hint="set requests_per_day in [traffic]")


def cost_s_per_day(per_day: float | None, avoidable_s: float) -> float:
    """
    Frequency × avoidable time; never below zero. An unknown frequency ranks last: the evidence holds null for it.
    """
    return max(0.0, per_day or 0.0) * max(0.0, avoidable_s)


def calls_per_day(calls: int, observation: Observation) -> float:
    """
    How often a statement is executed in a day, from its calls in the window.

    Raises:
        NoData: neither the traffic of a day nor the length of the window is known.
    """
    return calls * scale(observation)


def requests_per_day(route: str, observation: Observation) -> float:
    """
    Requests to one route in a day; scaled from the window where the traffic does not name it.
    """
    if route in observation.requests_per_day:
        return observation.requests_per_day[route]
    return requests_of(route, observation) * scale(observation)


def bandwidth_bytes_per_s(observation: Observation, target: Target) -> float:
    """
    What the visitor's network carries: that of the profile, or, with `network = "none"`, as measured on the largest
    resource of a page.

    Raises:
        NoData: no profile is set and nothing large was fetched.
    """
    network = observation.pages[0].network if observation.pages else target.browser.network
    if network in BANDWIDTH_BYTES_PER_S:
        return BANDWIDTH_BYTES_PER_S[network]
    fetched = [resource for page in observation.pages for run in page.runs for resource in run.resources]
    timed = [r for r in fetched if r.wire_bytes >= _LEAST_TIMED_BYTES and r.end_s > r.start_s]
    if not timed:
        raise NoData(
            "the visitors' bandwidth is not known: pages are measured without a network profile",
            hint="set network in [browser] to slow-4g or fast-4g",
        )
    largest = max(timed, key=lambda resource: resource.wire_bytes)
    return largest.wire_bytes / (largest.end_s - largest.start_s)


def visits_per_day(page: PageProfile, resources: list[PageResource], observation: Observation) -> float | None:
    """
    How often a page is loaded in a day; where only the API's traffic is known, the most that it allows.

    None where the page fetched nothing whose requests per day are known: that is not "never".
    """
    own = route_of("GET", page.page, observation)
    if own is not None:
        return observation.requests_per_day[own]
    fetched = Counter(
        route
        for resource in resources
        if resource.kind.lower() in ("xhr", "fetch")
        and (route := route_of("GET", resource.url, observation)) is not None
    )
    return min((observation.requests_per_day[route] / times for route, times in fetched.items()), default=None)


def route_of(method: str, url: str, observation: Observation) -> str | None:
    """
    The route of requests_per_day that a URL belongs to: the exact one, else the template with the fewest variables.
    """
    path = urlsplit(url).path or "/"
    matching = [
        route
        for route in observation.requests_per_day
        if route.partition(" ")[0] == method and _matches(route.partition(" ")[2], path)
    ]
    return min(matching, key=lambda route: (route.count("{"), route), default=None)


def _matches(template: str, path: str) -> bool:
    parts = re.split(r"\{[^}]*\}", template.partition("?")[0])
    return re.fullmatch("[^/]+".join(map(re.escape, parts)), path) is not None
