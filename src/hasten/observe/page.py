"""
How long a page takes in a real browser: several cold visits under a stated network and CPU, medians with their spread.

A page that answers with an error, crashes, sends a known visitor to the login, or never finishes is not a fast
page: it is an error, or its times are missing and a note says why.
"""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from hasten.errors import NoData
from hasten.evidence import PageProfile
from hasten.log import operation, redact
from hasten.model import Conditions, Distribution, Measurement, Where
from hasten.observe.page_run import page_run
from hasten.target import Browser
from hasten.world.browser import BrowserProgram, find_browser
from hasten.world.browser_process import running_browser
from hasten.world.browser_tab import Emulation, Visitor
from hasten.world.browser_visit import Visit, visit
from hasten.world.devtools import DevTools
from hasten.world.supervisor import Supervisor

Progress = Callable[[str], None]

NETWORKS = {
    # The lower quartile of mobile connections, as Lighthouse and WebPageTest define "slow 4G".
    "slow-4g": (1.6e6, 0.75e6, 0.150),
    "fast-4g": (9.0e6, 1.5e6, 0.060),
    "none": (0.0, 0.0, 0.0),
}
"""Bits per second down and up, and the least seconds from a request to the first byte of its answer."""

VISIT_TIMEOUT_S = 120.0
LOGIN = re.compile(r"(^|[/_.-])(log-?in|sign-?in|sso|oauth2?|authorize)([/_.-]|$)", re.IGNORECASE)

_TIMES = ("ttfb", "fcp", "lcp", "tbt", "load", "complete")


def observe_pages(
    base_url: str,
    section: Browser,
    visitor: Visitor | None = None,
    *,
    supervisor: Supervisor,
    program: BrowserProgram | None = None,
    progress: Progress = lambda _: None,
    screenshots: Path | None = None,
    timeout_s: float = VISIT_TIMEOUT_S,
) -> tuple[list[Measurement], list[PageProfile]]:
    """
    Every page of [browser] is measured in one browser; see `observe_page`. Screenshots go to a folder, one per page.
    """
    measurements: list[Measurement] = []
    profiles: list[PageProfile] = []
    for page in section.pages:
        png = screenshots / f"page{_file_name(page)}.png" if screenshots else None
        measured, profile = observe_page(
            base_url,
            section,
            visitor,
            supervisor=supervisor,
            page=page,
            program=program,
            progress=progress,
            screenshot=png,
            timeout_s=timeout_s,
        )
        measurements += measured
        profiles.append(profile)
    return measurements, profiles


def observe_page(
    base_url: str,
    section: Browser,
    visitor: Visitor | None = None,
    *,
    supervisor: Supervisor,
    page: str = "",
    program: BrowserProgram | None = None,
    progress: Progress = lambda _: None,
    screenshot: Path | None = None,
    timeout_s: float = VISIT_TIMEOUT_S,
) -> tuple[list[Measurement], PageProfile]:
    """
    `section.runs` cold visits to one page (the first of [browser] pages unless named), measured.

    Args:
        visitor: Cookies, headers and local storage of the principal; nobody in particular if None.
        screenshot: A PNG of the last visit's final state is written there.
        timeout_s: A visit that takes longer is given up.

    Raises:
        Missing: no browser. Unreachable: the page's server, or the browser, does not answer.
        NoData: the page is an error, crashes, leads to a login, or does not finish loading.
    """
    visitor = visitor or Visitor(name=section.principal)
    page = page or section.pages[0]
    url = urljoin(base_url.rstrip("/") + "/", page.lstrip("/"))
    program = program or find_browser(section.path)
    visits: list[Visit] = []
    with operation("observe page", page=page, principal=visitor.name, network=section.network) as result:
        with running_browser(program, supervisor, hosts=[urlsplit(base_url).hostname or ""]) as devtools:
            for number in range(1, section.runs + 1):
                progress(f"visit {number} of {section.runs} to {page}")
                png = screenshot if number == section.runs else None
                visits.append(_visit_once(devtools, url, section, visitor, png, timeout_s))
        runs = [page_run(seen) for seen in visits]
        profile = PageProfile(
            page=page, principal=visitor.name, network=section.network, cpu_slowdown=section.cpu_slowdown, runs=runs
        )
        result["complete_s"] = [run.complete_s for run in runs]
    return measure(profile, _conditions(section, visitor, program, visits, url)), profile


def _visit_once(
    devtools: DevTools, url: str, section: Browser, visitor: Visitor, screenshot: Path | None, timeout_s: float
) -> Visit:
    seen = visit(
        devtools, url, emulation=_emulation(section), visitor=visitor, timeout_s=timeout_s, screenshot=screenshot
    )
    if visitor.name != "anonymous" and _is_login(seen.final_url) and not _is_login(url):
        raise NoData(
            f"{url} sent {visitor.name} to {redact(seen.final_url)}, so the login was measured and not the page",
            hint="check [login] and the principal's secret; `hasten doctor` tries each of them",
        )
    if "first-contentful-paint" not in seen.paints:
        because = f"; the browser's console says: {seen.console_errors[0]}" if seen.console_errors else ""
        raise NoData(
            f"{url} showed nothing at all{because}",
            hint="open it by hand; a page that breaks before it shows anything only looks fast",
        )
    return seen


def measure(profile: PageProfile, conditions: Conditions) -> list[Measurement]:
    """
    One Measurement per metric that every run could tell; the median is its p50.
    """
    where = Where(kind="page", name=profile.page)
    values: dict[str, tuple[str, list[float | None]]] = {
        f"hasten.page.{name}": ("s", [getattr(run, f"{name}_s") for run in profile.runs]) for name in _TIMES
    }
    values["hasten.page.cls"] = ("1", [run.cls for run in profile.runs])
    values["hasten.page.bytes"] = ("By", [float(run.wire_bytes) for run in profile.runs])
    values["hasten.page.requests"] = ("1", [float(run.requests) for run in profile.runs])
    found = []
    for metric, (unit, samples) in values.items():
        known = [value for value in samples if value is not None]
        # Half of the runs is not the page: the half that finished is the fast one.
        if known and len(known) == len(samples):
            found.append(
                Measurement(
                    metric=metric, unit=unit, where=where, distribution=Distribution.of(known), conditions=conditions
                )
            )
    return found


def _conditions(
    section: Browser, visitor: Visitor, program: BrowserProgram, visits: list[Visit], url: str
) -> Conditions:
    down, up, latency_s = NETWORKS[section.network]
    emulation = _emulation(section)
    notes: dict[str, str | float | int | bool] = {
        "browser": program.version,
        "principal": visitor.name,
        "network": section.network,
        "cpu_slowdown": section.cpu_slowdown,
        "viewport": f"{emulation.width}x{emulation.height}",
        "runs": len(visits),
    }
    if down:
        notes |= {"down_bit_s": down, "up_bit_s": up, "latency_s": latency_s}
    return Conditions(load="cold visits", noise=_spread(visits), notes=notes | _warnings(visits, url))


def _warnings(visits: list[Visit], url: str) -> dict[str, str | float | int | bool]:
    notes: dict[str, str | float | int | bool] = {}
    if restless := sum(1 for seen in visits if not seen.is_quiet):
        notes["never_quiet_runs"] = restless
    if complaints := max(len(seen.console_errors) for seen in visits):
        notes["console_errors"] = complaints
    if ended := next((v.final_url for v in visits if _place(v.final_url) != _place(url)), ""):
        notes["ended_at"] = redact(ended)
    failed = {fetch.url for seen in visits for fetch in seen.fetches if fetch.failure or fetch.status >= 400}
    if failed:
        notes["failed_requests"] = redact(", ".join(sorted(failed))[:500])
    return notes


def _spread(visits: list[Visit]) -> float | None:
    times = sorted(run.complete_s for run in map(page_run, visits) if run.complete_s)
    return (times[-1] - times[0]) / times[len(times) // 2] if len(times) > 1 else None


def _emulation(section: Browser) -> Emulation:
    down, up, latency_s = NETWORKS[section.network]
    return Emulation(down_bit_s=down, up_bit_s=up, latency_s=latency_s, cpu_slowdown=section.cpu_slowdown)


def _is_login(url: str) -> bool:
    return LOGIN.search(_place(url)) is not None


def _place(url: str) -> str:
    """
    Path and fragment, in which single-page applications may route too.
    """
    parts = urlsplit(url)
    return f"{parts.path or '/'}/{parts.fragment.lstrip('/')}" if parts.fragment else parts.path or "/"


def _file_name(page: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in page).rstrip("-")
