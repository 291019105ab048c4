"""
What a load is (LoadPlan), bounded so that nobody is flooded by mistake.
"""

import ipaddress
import socket
from typing import Literal
from urllib.parse import urlsplit

from hasten.errors import ConfigError, NotAllowed, Unreachable
from hasten.model import Noun

Arrivals = Literal["poisson", "constant", "recorded"]

MAX_RATE_PER_S = 50_000.0
MAX_SECONDS = 3_600.0
MAX_TIMEOUT_S = 600.0
MAX_IN_FLIGHT = 10_000
MAX_QUEUE = 200_000
MAX_REQUESTS = 2_000_000
MAX_KINDS = 65_535


class LoadRequest(Noun, frozen=True, kw_only=True):
    """
    One kind of request and how often it comes, relative to the others.

    `route` is the name it is counted under ("GET /api/inquiries/{id}"); "" stands for method and path.
    `principal` names the credentials of the plan that go with it. `at`: when it came in the recording, in seconds from
    its beginning, where that is known.
    """

    method: str = "GET"
    path: str = "/"
    route: str = ""
    headers: dict[str, str] = {}
    body: bytes = b""
    weight: float = 1.0
    principal: str = "anonymous"
    at: list[float] = []

    @property
    def name(self) -> str:
        """
        The route it is counted under.
        """
        return self.route or f"{self.method} {self.path.partition('?')[0]}"


class LoadPlan(Noun, frozen=True, kw_only=True):
    """
    An open-loop load: requests come at their own times, however slow the answers are.

    Args:
        base_url: Where the application answers; a loopback address unless `allow_remote`.
        rate_per_s: Arrivals per second, all routes together.
        arrivals: By chance, evenly, or at the moments and in the order of the recording, which is begun anew at its end
            and is as much slower or faster as the rate says.
        duration_s: Measured time; `warmup_s` comes before it and is not measured.
        max_in_flight: Requests on the wire at once. More wait for a slot, and their wait is latency.
        queue_limit: Requests that may wait for a slot; beyond it they are dropped and counted as errors.
        timeout_s: After this long from the intended moment a request is given up.
        window_s: Length of the windows that are rejected when the generator itself was late.
        credentials: Headers per principal, put on its requests.
        expired_status: Answers that mean "log in again" when the request had credentials.
    """

    base_url: str
    requests: list[LoadRequest]
    rate_per_s: float
    duration_s: float
    arrivals: Arrivals = "poisson"
    seed: int = 1
    max_in_flight: int = 200
    queue_limit: int = 10_000
    timeout_s: float = 60.0
    warmup_s: float = 0.0
    window_s: float = 5.0
    credentials: dict[str, dict[str, str]] = {}
    expired_status: list[int] = []
    allow_remote: bool = False
    verify_tls: bool = True

    @property
    def total_s(self) -> float:
        """
        Seconds in which requests are sent, warm-up included.
        """
        return self.warmup_s + self.duration_s


def check_plan(plan: LoadPlan) -> None:
    """
    The plan is bounded and goes to where it may go.

    Raises:
        ConfigError: a number is out of bounds, there is no request, a header holds a line break.
        NotAllowed: the base URL is not a loopback address and `allow_remote` is not set.
        Unreachable: the host name of the base URL is not known.
    """
    _check_bounds(plan)
    for request in plan.requests:
        _check_request(request)
    for headers in plan.credentials.values():
        _check_headers(headers, "the credentials of a principal")
    split = urlsplit(plan.base_url)
    if split.scheme not in ("http", "https") or not split.hostname:
        raise ConfigError(f"{plan.base_url!r} is not an http or https address", hint="give it as http://host:port")
    if not plan.allow_remote and not is_loopback(split.hostname):
        raise NotAllowed(
            f"{split.hostname} is not this machine, and load on another machine was not allowed",
            hint="allow it explicitly (allow_remote) if the server is yours and may be loaded",
        )


def is_loopback(host: str) -> bool:
    """
    Whether every address of the host is a loopback address.

    Raises:
        Unreachable: the name is not known.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise Unreachable(f"the host name {host} is not known", hint="check the spelling of the URL") from error
    return all(ipaddress.ip_address(str(address).partition("%")[0]).is_loopback for address in found)


def _check_bounds(plan: LoadPlan) -> None:
    bounds: list[tuple[str, float, float, float]] = [
        ("rate_per_s", plan.rate_per_s, 1e-3, MAX_RATE_PER_S),
        ("duration_s", plan.duration_s, 0.1, MAX_SECONDS),
        ("warmup_s", plan.warmup_s, 0.0, MAX_SECONDS),
        ("timeout_s", plan.timeout_s, 0.01, MAX_TIMEOUT_S),
        ("window_s", plan.window_s, 0.1, MAX_SECONDS),
        ("max_in_flight", plan.max_in_flight, 1, MAX_IN_FLIGHT),
        ("queue_limit", plan.queue_limit, 0, MAX_QUEUE),
        ("number of requests (rate_per_s × seconds)", plan.rate_per_s * plan.total_s, 0.0, MAX_REQUESTS),
    ]
    for name, value, low, high in bounds:
        if not low <= value <= high:
            raise ConfigError(f"{name} is {value:g}", hint=f"choose a value between {low:g} and {high:g}")
    if len(plan.requests) > MAX_KINDS:
        raise ConfigError(f"the load has {len(plan.requests)} kinds of request", hint=f"{MAX_KINDS} are possible")
    if not plan.requests:
        raise ConfigError("the load has no request", hint="name recorded requests in [traffic]")
    if sum(request.weight for request in plan.requests) <= 0:
        raise ConfigError("no request has a weight above 0", hint="give at least one request a positive weight")
    if plan.arrivals == "recorded" and not all(request.at or not request.weight for request in plan.requests):
        raise ConfigError(
            "arrivals are to be as recorded, and not every request says when it came",
            hint='use traffic of `hasten traffic import`, or arrivals = "poisson"',
        )


def _check_request(request: LoadRequest) -> None:
    name = f"{request.method} {request.path}"
    if request.weight < 0:
        raise ConfigError(f"{name} has weight {request.weight:g}", hint="weights are 0 or more")
    if not request.method.isalpha() or not request.method.isupper():
        raise ConfigError(f"{request.method!r} is not an HTTP method", hint="write it in capitals: GET, POST, …")
    if not request.path.startswith("/") or any(ch <= " " or ch > "~" for ch in request.path):
        raise ConfigError(f"{request.path!r} is not a request path", hint="it starts with / and is percent-encoded")
    _check_headers(request.headers, name)


def _check_headers(headers: dict[str, str], whose: str) -> None:
    for key, value in headers.items():
        if not key or any(ch <= " " or ch > "~" or ch == ":" for ch in key) or any(ch in "\r\n\0" for ch in value):
            # The value may be a secret, so only the name is told.
            raise ConfigError(f"the header {key!r} of {whose} holds a line break", hint="remove the line break")
