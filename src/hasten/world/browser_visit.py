"""
One cold visit to one page: a new browser context, so nothing is cached, under a stated network and CPU.

The page is complete when it has loaded, no request was under way for half a second and its main thread answers.
The last matters: a script that computes for two seconds before it asks for its data leaves the network quiet too.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hasten.errors import NoData, Unreachable
from hasten.world.browser_tab import Emulation, Tab, Visitor
from hasten.world.browser_traffic import Fetch
from hasten.world.devtools import CommandFailed, DevTools

QUIET_S = 0.5
"""The network must be still for so long; the usual "network idle" of browser tools."""

_BUSY_S = 0.25
"""A main thread that takes longer than this to answer was still at work."""

_MAX_BUSY = 6
"""An animation may keep the thread busy for ever; after so many late answers without a request it counts as idle."""

# Behind whatever waits already. (requestIdleCallback would say more, but never comes where no frames are drawn.)
_ANSWER = "new Promise(done => setTimeout(() => setTimeout(done, 0, 1)))"


@dataclass
class Visit:
    """
    What the browser saw, raw. Times in seconds since the navigation began; None where it did not happen.

    `origin_s` is that beginning on the browser's clock, on which the times of `fetches` are.
    """

    final_url: str
    origin_s: float
    load_s: float | None
    response_s: float | None = None
    last_request_s: float | None = None
    is_quiet: bool = False
    paints: dict[str, float] = field(default_factory=dict)
    largest_paint_s: float | None = None
    shifts: list[tuple[float, float]] = field(default_factory=list)
    long_tasks: list[tuple[float, float]] = field(default_factory=list)
    fetches: list[Fetch] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)


def visit(
    devtools: DevTools,
    url: str,
    *,
    emulation: Emulation,
    visitor: Visitor,
    timeout_s: float = 120.0,
    screenshot: Path | None = None,
) -> Visit:
    """
    What one visitor with an empty cache sees at the URL; a PNG of the end goes to `screenshot`.

    Raises:
        Unreachable: nobody answers there. NoData: the page is an error, crashes, or does not load in time.
    """
    parts = urlsplit(url)
    tab = Tab(devtools, emulation)
    try:
        tab.prepare(visitor, f"{parts.scheme}://{parts.netloc}")
        deadline = time.monotonic() + timeout_s
        first_loader = _navigate(tab, url, deadline, timeout_s)
        is_quiet = _wait_until_complete(tab, deadline)
        _check(tab, url, timeout_s)
        seen = _collect(tab, first_loader, is_quiet)
        if screenshot is not None:
            screenshot.parent.mkdir(parents=True, exist_ok=True)
            screenshot.write_bytes(tab.screenshot())
        return seen
    finally:
        tab.close()


def _navigate(tab: Tab, url: str, deadline: float, timeout_s: float) -> str:
    asked = tab.devtools.begin("Page.navigate", {"url": url}, session=tab.session)
    # The answer comes when the first byte of the page has come.
    while (answer := tab.devtools.answer(asked)) is None:
        if time.monotonic() > deadline:
            raise NoData(f"{url} sent nothing within {timeout_s:g} s", hint="see in the application's log why")
        tab.devtools.wait(0.2)
    error = answer.get("errorText", "")
    if error in ("net::ERR_ABORTED", "net::ERR_INVALID_RESPONSE") or answer.get("isDownload"):
        raise NoData(
            f"{url} is not a page ({error or 'a download'})", hint="name pages in hasten.toml: [browser] pages"
        )
    if error and error != "net::ERR_HTTP_RESPONSE_CODE_FAILURE":
        raise Unreachable(f"the browser cannot open {url}: {error}", hint="start the application, and check its URL")
    return str(answer.get("loaderId", ""))


def _wait_until_complete(tab: Tab, deadline: float) -> bool:
    """
    True once the page is complete, False when the time is over first.
    """
    still_since, started, busy = time.monotonic(), 0, 0
    while time.monotonic() < deadline and not tab.crashed:
        still_since = max(still_since, tab.last_sign_of_life)
        rest_s = still_since + QUIET_S - time.monotonic()
        if not tab.has_loaded or tab.traffic.in_flight or rest_s > 0:
            tab.devtools.wait(min(rest_s, 0.1) if rest_s > 0 else 0.1)
            continue
        busy = busy if tab.traffic.started == started else 0
        started, asked_at = tab.traffic.started, time.monotonic()
        is_alive = _answers(tab, deadline)
        still_since = time.monotonic()
        if is_alive and tab.traffic.started == started:
            busy += 1
            if still_since - asked_at < _BUSY_S or busy >= _MAX_BUSY:
                return True
    return False


def _answers(tab: Tab, deadline: float) -> bool:
    try:
        return bool(tab.evaluate(_ANSWER, timeout_s=max(0.1, deadline - time.monotonic())))
    except (CommandFailed, Unreachable):
        # The document was replaced while we asked, or its main thread is busy: not yet complete.
        return False


def _check(tab: Tab, url: str, timeout_s: float) -> None:
    document = _document(tab)
    if tab.crashed:
        raise NoData(f"{url} crashed the browser's tab", hint="open it by hand; it may need more memory than there is")
    if document is not None and document.status >= 400:
        raise NoData(
            f"{url} answered {document.status}, so it was not measured",
            hint="see the application's log; if it needs a login, set [browser] principal",
        )
    if not tab.has_loaded:
        waiting = [fetch.url for fetch in tab.traffic.fetches if fetch.end_s is None]
        about = f"; still waiting for {waiting[0]}" if waiting else ""
        raise NoData(
            f"{url} did not finish loading within {timeout_s:g} s{about}", hint="raise the time limit, or see why"
        )


def _document(tab: Tab) -> Fetch | None:
    documents = [fetch for fetch in tab.traffic.fetches if fetch.kind == "Document" and fetch.status]
    return documents[-1] if documents else None


def _collect(tab: Tab, first_loader: str, is_quiet: bool) -> Visit:
    seen: dict[str, Any] | None = tab.evaluate("hastenCollect()")
    if not seen:
        raise NoData("the page went away while it was read", hint="run again")
    begun = tab.traffic.fetches[0].start_s if tab.traffic.fetches else None
    origin = tab.navigation_start()
    # A script may have gone on to another document; the visitor's clock began with the first.
    shift_s = 0.0
    if origin is not None and begun is not None and tab.loader != first_loader:
        shift_s, origin = max(0.0, origin - begun), begun
    origin = origin if origin is not None else begun or 0.0
    document = _document(tab)
    responded = document.response_start_s if document else None
    return Visit(
        final_url=seen["url"],
        origin_s=origin,
        load_s=seen["load"] / 1000 + shift_s if seen["load"] else None,
        response_s=responded - origin if responded else None,
        last_request_s=tab.traffic.last_end_s - origin if tab.traffic.last_end_s else None,
        is_quiet=is_quiet,
        paints={name: at / 1000 + shift_s for name, at in seen["paints"]},
        largest_paint_s=seen["largest"][-1] / 1000 + shift_s if seen["largest"] else None,
        shifts=[(at / 1000 + shift_s, value) for at, value in seen["shifts"]],
        long_tasks=[(at / 1000 + shift_s, duration / 1000) for at, duration in seen["tasks"]],
        fetches=tab.traffic.fetches,
        console_errors=tab.console,
    )
