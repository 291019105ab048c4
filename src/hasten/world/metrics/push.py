"""
Exports to a collector over HTTP, and what becomes of those that it does not take.

A refusal for now (429, 502, 503, 504, no answer) is tried again, later each time and no sooner than the collector asks.
Nothing waits in a queue meanwhile: counts are cumulative, so what is sent next has everything that was not taken.
"""

import gzip
import random
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx
import msgspec

import hasten
from hasten.errors import ConfigError, HastenError, Unreachable
from hasten.log import event, redact
from hasten.model import Noun
from hasten.world.load.plan import is_loopback
from hasten.world.metrics.surroundings import Collector

#: Statuses that the protocol has for "try again".
FOR_NOW = frozenset({429, 502, 503, 504})
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
#: What a collector says is read up to here.
MOST_SAID = 4_096


class Export(Noun, frozen=True, kw_only=True):
    """
    What became of one export. `wait_s`: how long to wait before the next try; None where trying again is no use.

    `rejected`: points that the collector took the rest without; `problem` says why, or why nothing was taken.
    """

    is_taken: bool
    status: int = 0
    problem: str = ""
    rejected: int = 0
    wait_s: float | None = None


class Exporter:
    """
    Sends to one collector; a context, for its connection stays open.

    Raises:
        ConfigError: the certificate cannot be read.
    """

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._client = httpx.Client(
            timeout=collector.timeout_s,
            # A proxy of the environment is not asked for this machine's own addresses.
            trust_env=not _is_local(collector.metrics_url),
            verify=_verified(collector),
            # Credentials go to the address that was named and nowhere else.
            follow_redirects=False,
        )

    def __enter__(self) -> "Exporter":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def metrics(self, document: dict[str, Any]) -> Export:
        """
        The collector has the metrics, or the answer says why not.
        """
        return self._send(self._collector.metrics_url, self._collector.metrics_headers, document)

    def traces(self, document: dict[str, Any]) -> Export:
        """
        The collector has the spans, or the answer says why not.
        """
        return self._send(self._collector.traces_url, self._collector.traces_headers, document)

    def _send(self, url: str, headers: dict[str, str], document: dict[str, Any]) -> Export:
        body = msgspec.json.encode(document)
        sent = {"User-Agent": f"hasten/{hasten.__version__}", **headers, "Content-Type": "application/json"}
        if self._collector.is_compressed:
            body, sent["Content-Encoding"] = gzip.compress(body, 6, mtime=0), "gzip"
        try:
            with self._client.stream("POST", url, content=body, headers=sent) as response:
                said = _beginning(response)
        except httpx.InvalidURL as error:
            return Export(is_taken=False, problem=f"{redact(url)} is not an address: {error}")
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            return Export(is_taken=False, problem=f"{redact(url)} gives no answer: {reason}", wait_s=0.0)
        return judged(url, response.status_code, dict(response.headers), said)


class Patience:
    """
    How long to wait after the last failure: twice as long each time, with some chance in it, up to a minute.

    Args:
        chance: A number from 0 to 1, so that many exporters do not come back together.
    """

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._failures = 0

    def after(self, export: Export) -> float:
        """
        Seconds until the next try, no fewer than the collector asks for; 0 after a success.
        """
        if export.is_taken:
            self._failures = 0
            return 0.0
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**self._failures)
        self._failures = min(self._failures + 1, 16)
        return max(wait_s * (0.5 + self._chance() / 2), export.wait_s or 0.0)


def persist(send: Callable[[], Export], patience_s: float, sleep: Callable[[float], None] = time.sleep) -> Export:
    """
    What became of an export in the end: taken, refused for good, or not taken within that time.
    """
    patience, waited_s = Patience(), 0.0
    while True:
        export = send()
        if export.is_taken or export.wait_s is None:
            return export
        wait_s = patience.after(export)
        if waited_s + wait_s > patience_s:
            return export
        sleep(wait_s)
        waited_s += wait_s


def go_on(
    send: Callable[[], Export],
    every_s: float,
    report: Callable[[Export], None],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> NoReturn:
    """
    Exports every so often until an exception ends it; a failed one is tried again with more and more patience.

    Args:
        report: Hears what became of each.
    """
    patience, due = Patience(), clock()
    while True:
        export = send()
        report(export)
        wait_s = patience.after(export)
        # Moments that went by meanwhile are left out: nobody wants three exports in a row.
        due = max(due + every_s, clock())
        if wait_s and export.wait_s is not None:
            due = clock() + wait_s
        sleep(max(0.0, due - clock()))


def refusal(export: Export) -> HastenError:
    """
    Why nothing was taken, for people.
    """
    if export.status in (401, 403):
        hint = "give the collector's key in OTEL_EXPORTER_OTLP_HEADERS"
    elif export.status in (404, 405):
        hint = "name the base address with --endpoint, without /v1/metrics; the port for HTTP is 4318"
    elif export.status:
        hint = "look into the collector's log"
    else:
        hint = "start the collector, or name it with --endpoint or OTEL_EXPORTER_OTLP_ENDPOINT"
    return Unreachable(f"the collector did not take the export: {export.problem}", hint=hint, status=export.status)


def judged(url: str, status: int, headers: dict[str, str], said: bytes) -> Export:
    """
    What an answer of a collector means.
    """
    if status in (200, 202):
        rejected, problem = _partial(said)
        return Export(is_taken=True, status=status, problem=problem, rejected=rejected)
    problem = f"{redact(url)} answers with {status}" + (f": {words}" if (words := _words(said)) else "")
    wait_s = _retry_after(headers.get("retry-after", "")) if status in FOR_NOW else None
    event("export refused", status=status, url=redact(url))
    return Export(is_taken=False, status=status, problem=problem, wait_s=wait_s)


def _partial(said: bytes) -> tuple[int, str]:
    """
    How much of an export was rejected, and why; what cannot be read rejects nothing.
    """
    try:
        partial = msgspec.json.decode(said or b"{}").get("partialSuccess") or {}
        count = partial.get("rejectedDataPoints") or partial.get("rejectedSpans") or 0
        return int(count), str(partial.get("errorMessage") or "")[:300]
    except (msgspec.MsgspecError, AttributeError, ValueError, TypeError):
        return 0, ""


def _words(said: bytes) -> str:
    try:
        text = str(msgspec.json.decode(said).get("message", ""))
    except (msgspec.MsgspecError, AttributeError):
        text = said.decode("utf-8", "replace")
    return str(redact(" ".join(each for each in text.split() if each.isprintable())[:200]))


def _retry_after(value: str) -> float:
    if value.strip().isdigit():
        return min(float(value), 3_600.0)
    try:
        moment = parsedate_to_datetime(value)
        return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), 3_600.0)
    except (ValueError, TypeError):
        return 0.0


def _beginning(response: httpx.Response) -> bytes:
    said = b""
    for piece in response.iter_bytes():
        said += piece
        if len(said) >= MOST_SAID:
            break
    return said[:MOST_SAID]


def _is_local(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except Unreachable:
        # A name that is not known yet may be in a minute.
        return False


def _verified(collector: Collector) -> ssl.SSLContext | bool:
    # Loading the certificate authorities takes longer than most exports; plain http needs none.
    if not any(url.startswith("https:") for url in (collector.metrics_url, collector.traces_url)):
        return False
    if not collector.certificate:
        return True
    try:
        return ssl.create_default_context(cafile=collector.certificate)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificate {collector.certificate} cannot be read: {error}",
            hint="correct OTEL_EXPORTER_OTLP_CERTIFICATE",
        ) from error
