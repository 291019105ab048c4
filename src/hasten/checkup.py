"""
Everything that Hasten needs, checked one by one: what `hasten doctor` says.

Nothing is changed and nothing is measured; servers and processes that Hasten manages are started and stopped again.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from hasten import freeze, kill_switch, permission
from hasten.application import App
from hasten.errors import ConfigError, HastenError, Missing, NotAllowed, Unreachable
from hasten.model import Noun, now
from hasten.record.ledger import Ledger
from hasten.session import Place, opened
from hasten.world.browser import find_browser
from hasten.world.http import check_health
from hasten.world.principals import Sessions
from hasten.world.programs import find_postgres
from hasten.world.traffic import read_traffic

LEAST_FREE_BYTES = 500_000_000


class Check(Noun, frozen=True, kw_only=True):
    """
    One thing that was looked at. `ok` None: it is not asked for, or could not be looked at because of another.
    """

    name: str
    ok: bool | None
    says: str
    hint: str = ""


Look = Callable[[], str]


def checkup(place: Place, config: str | None) -> Iterator[Check]:
    """
    The checks in the order in which their failures matter. One cause fails one check.
    """
    yield _check("Python", _python)
    yield _check("state folder", lambda: _state(place))
    ledger = _check("ledger", lambda: _ledger(place))
    yield ledger
    yield _check("free to act", lambda: _free(place))
    files = _check("traffic files", lambda: _files(place))
    yield files
    yield _check("front end", lambda: _front_end(place))
    yield _check("browser", lambda: _browser(place))
    yield _check("PostgreSQL programs", lambda: _programs(place))
    if ledger.ok:
        yield from _Opening(config, place, has_files=files.ok is True).checks()
    else:
        yield Check(name="application and database", ok=None, says="not looked at while the ledger does not hold")


class _Opening:
    """
    What can only be looked at while the database and the application are open.
    """

    def __init__(self, config: str | None, place: Place, *, has_files: bool) -> None:
        self.config, self.place, self.has_files = config, place, has_files

    def checks(self) -> Iterator[Check]:
        """
        All of them, once everything is stopped again.
        """
        try:
            with opened(self.config, application=True, evidence=False) as app:
                found = [
                    _check("application", lambda: _application(app)),
                    *self._database(app),
                    *self._principals(app),
                    self._requests(app),
                ]
        except HastenError as error:
            found = [Check(name="application and database", ok=False, says=str(error), hint=error.hint)]
        yield from found

    def _database(self, app: App) -> Iterator[Check]:
        if app.store is None:
            yield Check(name="database", ok=None, says="hasten.toml names none: SQL is not measured and not optimized")
            return
        server = _check("database", lambda: _server(app))
        yield server
        if not server.ok:
            yield Check(name="statement statistics", ok=None, says="the database cannot be reached")
            yield Check(name="right to make indexes", ok=None, says="the database cannot be reached")
            return
        yield _check("statement statistics", lambda: _statements(app))
        yield _check("right to make indexes", lambda: _indexes(app))

    def _requests(self, app: App) -> Check:
        if not self.has_files:
            return Check(name="recorded requests", ok=None, says="their file cannot be read")
        return _check("recorded requests", lambda: _traffic(app))

    def _principals(self, app: App) -> Iterator[Check]:
        if not app.target.principals:
            yield Check(name="principals", ok=None, says="hasten.toml names none: only anonymous requests are made")
            return
        sessions = Sessions(app.target, app.url)
        for principal in app.target.principals:
            yield _check(f"login of {principal.name}", _login(sessions, principal.name))


def _check(name: str, look: Look) -> Check:
    try:
        return Check(name=name, ok=True, says=look())
    except _NotAskedFor as reason:
        return Check(name=name, ok=None, says=str(reason))
    except HastenError as error:
        return Check(name=name, ok=False, says=str(error), hint=error.hint)


class _NotAskedFor(Exception):
    """
    hasten.toml does not ask for this.
    """


def _python() -> str:
    return f"{sys.version.split()[0]} at {sys.prefix}"


def _state(place: Place) -> str:
    folder = place.state_dir if place.state_dir.exists() else place.state_dir.parent
    if not os.access(folder, os.W_OK):
        raise NotAllowed(f"{folder} cannot be written", hint="mend its permissions, or run as the user who owns it")
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise Unreachable(
            f"only {free / 1e6:.0f} MB are free in {folder}", hint="make room: clones and the ledger need it"
        )
    return f"{place.state_dir}, {free / 1e9:.0f} GB free"


def _ledger(place: Place) -> str:
    found = Ledger(place.state_dir).verify()
    if not found.ok:
        raise HastenError(found.problem, hint="restore the ledger from a backup; `hasten ledger verify` says more")
    return f"{found.entries} entries hold" if found.entries else "none yet"


def _free(place: Place) -> str:
    stop, frozen = kill_switch.pulled(place.state_dir), freeze.present(place.target.freeze, now())
    if stop is not None:
        raise _NotAskedFor(f"stopped{f' ({stop.reason})' if stop.reason else ''}: `hasten resume` lifts it")
    if frozen is not None:
        why = f" ({frozen.reason})" if frozen.reason else ""
        raise _NotAskedFor(f"frozen until {frozen.end:%Y-%m-%d %H:%M %Z}{why}")
    return "no stop and no freeze is in force"


def _files(place: Place) -> str:
    traffic = place.target.traffic
    named = [name for name in (traffic.requests, traffic.har, traffic.access_log) if name]
    for name in named:
        if not (place.root / name).is_file():
            raise ConfigError(
                f"[traffic]: there is no file {place.root / name}", hint="correct the path in hasten.toml"
            )
    if not named and not traffic.openapi:
        raise ConfigError(
            "[traffic] names no source of requests",
            hint="give `requests`, `har`, `access_log` or `openapi`; `hasten init` looks for one",
        )
    return ", ".join(named) or traffic.openapi


def _front_end(place: Place) -> str:
    dist = place.target.frontend.dist
    if not dist:
        raise _NotAskedFor("hasten.toml names no [frontend] dist: the bundle is not measured")
    folder = place.root / dist
    if not folder.is_dir():
        raise ConfigError(f"[frontend] dist: there is no folder {folder}", hint="build the front end first")
    return str(folder)


def _browser(place: Place) -> str:
    if not place.target.browser.pages:
        raise _NotAskedFor("[browser] pages is empty: no page is measured")
    found = find_browser(place.target.browser.path)
    return f"{found.version} ({found.source})"


def _programs(place: Place) -> str:
    section = place.target.database
    if not (section.private or section.url):
        raise _NotAskedFor("hasten.toml names no database")
    found = find_postgres(section.programs)
    return f"{found.version} ({found.source})"


def _application(app: App) -> str:
    check_health(app.url, app.target.application.health)
    return f"answers at {app.url}"


def _server(app: App) -> str:
    facts = app.database.check()
    return f"PostgreSQL {facts.version}, database {facts.database}, {facts.size_bytes / 1e6:.0f} MB, as {facts.role}"


def _statements(app: App) -> str:
    app.database.require_statements()
    return "pg_stat_statements can be read"


def _indexes(app: App) -> str:
    if permission.boldest(app.target.allow) == "observe":
        raise _NotAskedFor('[allow] mode is "observe": Hasten changes nothing')
    facts = app.database.require_create()
    if app.target.allow.clones and not facts.may_replicate:
        raise NotAllowed(
            f"role {facts.role} may not copy the server for a trial",
            hint=f"as a superuser: ALTER ROLE {facts.role} REPLICATION, or set [allow] clones = false",
        )
    what_if = "priced with HypoPG" if facts.hypopg_available else "measured on a private clone (no HypoPG here)"
    return f"yes; candidates are {what_if}"


def _login(sessions: Sessions, name: str) -> Look:
    def look() -> str:
        sessions.headers_for(name)
        return "accepted"

    return look


def _traffic(app: App) -> str:
    found = read_traffic(app.target, base_url=app.url, folder=Path(app.root))
    if not found.requests:
        raise Missing("no request may be replayed", hint="record some GET requests, or allow writes by name")
    left_out = sum(found.dropped.values())
    return f"{len(found.requests)} requests" + (f", {left_out} left out" if left_out else "")
