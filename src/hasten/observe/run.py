"""
One run of all probes: the API under load with the database and the processes watched, then pages, then the bundle.

A probe that cannot measure does not stop the others; it is named in `missing` with its reason.
"""

import os
import platform
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from hasten.application import App
from hasten.errors import ConfigError, HastenError, Interrupted
from hasten.evidence import Observation
from hasten.log import operation
from hasten.model import Conditions, now
from hasten.observe import database
from hasten.observe.api import observe_api
from hasten.observe.bundle import observe_bundle
from hasten.observe.cache import observe_cache
from hasten.observe.page import observe_pages
from hasten.observe.process import ProcessSampler
from hasten.observe.traces import TraceSampler
from hasten.observe.uptime import UptimeProbe
from hasten.world.browser import find_browser
from hasten.world.browser_tab import Visitor
from hasten.world.load import LoadResult
from hasten.world.principals import Sessions

Progress = Callable[[float, str], None]

#: What a slow page may take, for the progress bar only.
EXPECTED_VISIT_S = 28.0


@dataclass
class _Gathered:
    """
    What the probes have brought home so far.
    """

    app: App
    parts: dict[str, Any] = field(default_factory=dict)
    measurements: list[Any] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    load_s: float = 0.0

    def attempt(self, probe: str, run: Callable[[], None]) -> None:
        """
        The probe ran, or its reason not to is on record. What is wrong with hasten.toml stops the run.
        """
        try:
            with operation("observe", probe=probe):
                run()
        except (ConfigError, Interrupted):
            raise
        except HastenError as error:
            self.missing[probe] = f"{error} ({error.hint})" if error.hint else str(error)


def observe(app: App, name: str, progress: Progress) -> Observation:
    """
    Everything that can be measured from outside was measured once.

    Raises:
        ConfigError: hasten.toml asks for something that cannot be; nothing is stored of such a run.
        HastenError: not even the API could be measured.
    """
    start = time.monotonic()
    _preflight(app)
    found = _Gathered(app)
    sessions = Sessions(app.target, app.url)
    api_share = _api_share(app)
    _api_and_database(found, sessions, lambda done, note: progress(done * api_share, note))
    found.attempt("page", lambda: _pages(found, sessions, lambda done, note: progress(_rest(api_share, done), note)))
    progress(0.97, "weighing the bundle")
    found.attempt("bundle", lambda: _bundle(found))
    return Observation(
        name=name,
        taken_at=now(),
        seconds=found.load_s,
        conditions=_conditions(app, time.monotonic() - start),
        measurements=found.measurements,
        missing=found.missing,
        **found.parts,
    )


def _preflight(app: App) -> None:
    """
    What the run will need is there; three minutes of measuring should not end in an error that could come first.
    """
    if app.store is not None:
        app.database.check()
    if app.target.browser.pages:
        find_browser(app.target.browser.path)
    dist = app.target.frontend.dist
    if dist and not (app.root / dist).is_dir():
        raise ConfigError(f"[frontend] dist: there is no folder {app.root / dist}", hint="build the front end first")


def _api_and_database(found: _Gathered, sessions: Sessions, progress: Progress) -> None:
    app, name = found.app, found.app.target.application.name
    mark = None
    if app.store is not None:
        found.attempt("database", lambda: found.parts.update(_mark=database.begin(app)))
        mark = found.parts.pop("_mark", None)
    elif not app.target.database.url:
        found.missing["database"] = "hasten.toml names no database"
    with ExitStack() as stack:
        uptime = stack.enter_context(UptimeProbe(app.url, app.target.application.health))
        sampler = stack.enter_context(ProcessSampler(app.processes, application=name)) if app.processes else None
        inside = stack.enter_context(TraceSampler(app.policy.workers_dir))
        began = time.monotonic()
        try:
            api = observe_api(app.url, app.target, sessions, progress, folder=app.root)
        except HastenError:
            # Where the database went away meanwhile, that is the cause, and not what the load saw of it.
            if mark is not None:
                app.database.check()
            raise
        found.load_s = time.monotonic() - began
    found.measurements += [*api.measurements, *observe_cache(api.load, name), *uptime.measurements(name)]
    found.parts |= {"responses": api.responses, "requests_per_day": api.requests_per_day}
    found.missing |= api.missing
    found.attempt("traces", lambda: _traces(found, inside, api.load))
    if sampler is None:
        found.missing["process"] = "no process of the application is known ([application] processes or pids)"
    else:
        found.attempt("process", lambda: _processes(found, sampler))
    if mark is not None:
        # A database that went away during the run leaves numbers that mean nothing: that is not a missing part.
        app.database.check()
        found.attempt("database", lambda: _database(found, mark))


def _traces(found: _Gathered, inside: TraceSampler, load: LoadResult) -> None:
    traces, workers = inside.result(load)
    found.parts |= {"traces": traces, "workers": workers}


def _processes(found: _Gathered, sampler: ProcessSampler) -> None:
    measurements, profiles = sampler.result()
    found.measurements += measurements
    found.parts["processes"] = profiles


def _database(found: _Gathered, mark: database.Mark) -> None:
    part = database.finish(found.app, mark)
    found.measurements += part.measurements
    found.parts |= {"statements": part.statements, "tables": part.tables, "indexes": part.indexes}
    found.missing |= part.missing


def _pages(found: _Gathered, sessions: Sessions, progress: Progress) -> None:
    app, section = found.app, found.app.target.browser
    if not section.pages:
        found.missing["page"] = "[browser] pages is empty"
        return
    visitor = Visitor(name=section.principal)
    if section.principal != "anonymous":
        visitor = Visitor(
            name=section.principal,
            cookies=sessions.cookies_for(section.principal),
            headers=sessions.headers_for(section.principal, with_cookies=False),
            local_storage=sessions.local_storage_for(section.principal),
        )
    began, expected_s = time.monotonic(), section.runs * len(section.pages) * EXPECTED_VISIT_S
    measurements, profiles = observe_pages(
        app.url,
        section,
        visitor,
        supervisor=app.supervisor,
        progress=lambda note: progress(min((time.monotonic() - began) / expected_s, 1.0), note),
        screenshots=app.state_dir / "screenshots",
    )
    found.measurements += measurements
    found.parts["pages"] = profiles


def _bundle(found: _Gathered) -> None:
    app = found.app
    if not app.target.frontend.dist:
        found.missing["bundle"] = "hasten.toml names no [frontend] dist"
        return
    measurements, profile = observe_bundle(app.root / app.target.frontend.dist, cache=app.state_dir / "cache")
    found.measurements += measurements
    found.parts["bundle"] = profile


def _api_share(app: App) -> float:
    api_s = app.target.traffic.duration_s + 15.0
    page_s = len(app.target.browser.pages) * app.target.browser.runs * EXPECTED_VISIT_S
    return 0.95 * api_s / (api_s + page_s)


def _rest(share: float, done: float) -> float:
    return share + (0.96 - share) * done


def _conditions(app: App, seconds: float) -> Conditions:
    host = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    notes: dict[str, str | float | int | bool] = {"seconds": round(seconds, 1), "arena": app.arena}
    load = f"{app.target.traffic.rate_per_s:g} requests/s, {app.target.traffic.arrivals}"
    return Conditions(load=load, host=host, notes=notes)
