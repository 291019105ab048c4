"""
Two instances of the application beside each other: control as it is, candidate with what is to be judged.

Each has its own folder, its own ports and its own clone of the database, so nothing of yours is touched. Where no
clone may be made both read the same database and can write nothing into it.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from hasten import instances
from hasten.application import App
from hasten.errors import ApplyFailed, ConfigError, Unreachable
from hasten.instances import Ground
from hasten.log import operation
from hasten.world.postgres import Database
from hasten.world.supervisor import Spec
from hasten.world.valkey import start_valkey
from hasten.world.working_copy import editable_paths

COMMAND_TIMEOUT_S = 900.0
#: What Hasten keeps in its state folder, where that is the application's own.
_STATE = (
    "archive", "cache", "ledger.db", "ledger.db-journal", "ledger.head", "lock", "log", "observations",
    "operations.jsonl", "pgdata", "report.html", "run", "scratch", "screenshots",
)  # fmt: skip
#: Two starts of one Python program order sets differently, and one of them is luckier with its hash tables.
_SAME = {"PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0")}
_READ_ONLY = "-c default_transaction_read_only=on"
_WRITTEN = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"


@dataclass(frozen=True)
class Side:
    """
    One of the two: where it stands, and the application that is to run there.
    """

    name: str
    ground: Ground
    app: App

    @property
    def root(self) -> Path:
        """
        Its own folder; not there until something is put into it.
        """
        return self.ground.root

    def run(self, command: Sequence[str]) -> str:
        """
        The command ran to its end in this folder, on this database; its last lines.

        Raises:
            ApplyFailed: it cannot be run, failed, or took too long; with its last lines.
        """
        argv = [self.ground.own(word) for word in command]
        env = instances.surroundings(self.app.target, self._with_editable()) | {"HASTEN_VERIFY": "1"}
        if self.app.store is not None:
            env["DATABASE_URL"] = self.ground.database_url
        spec = Spec(f"{self.name}-command", argv, env=env, cwd=self.root, ready_timeout_s=COMMAND_TIMEOUT_S)
        try:
            return self.app.supervisor.finish(spec)
        except Unreachable as error:
            raise ApplyFailed(
                str(error).replace(f"{spec.name} failed", f"`{' '.join(command)}` failed"),
                hint="it ran in a copy, so nothing of yours was changed; mend it and run again",
            ) from error

    def start(self) -> App:
        """
        The instance runs and answers.

        Raises:
            ConfigError, Missing, Unreachable: it does not start.
        """
        with operation("start instance", side=self.name):
            target = self.app.fleet.target if self.app.fleet else self.app.target
            url, pids = instances.start(target, self._with_editable(), self.app.supervisor)
        return replace(self.app, url=url, processes=pids)

    def stop(self) -> None:
        """
        The instance has ended.
        """
        instances.stop(self.app.target, self.ground, self.app.supervisor)

    def _with_editable(self) -> Ground:
        home = self.ground.home or self.root
        paths = editable_paths(home, self.root)
        return replace(self.ground, env={**self.ground.env, "PYTHONPATH": ":".join(paths)}) if paths else self.ground


@dataclass(frozen=True)
class Sides:
    """
    Control and candidate.

    may_write: each has a database of its own, so requests that write may be sent.
    notes: what of it people should know.
    """

    control: Side
    candidate: Side
    may_write: bool
    notes: list[str] = field(default_factory=list)


@contextmanager
def beside(app: App) -> Iterator[Sides]:
    """
    Room for two instances: folders that do not exist yet, clones, caches; all of it is gone at the end of the block.

    Raises:
        ConfigError: hasten.toml does not say how the application is started, or what gives it its database.
        NotAllowed, Unreachable: a clone that is allowed cannot be had.
    """
    need_sides(app)
    with ExitStack() as stack:
        notes: list[str] = []
        stores = _databases(app, stack, notes)
        folder = app.supervisor.scratch("sides")
        stack.callback(app.supervisor.discard, folder)
        names = ("control", "candidate")
        found = []
        for name, store in zip(names, stores or (None, None), strict=True):
            ground = Ground(
                root=folder / name / (app.root.name or "application"),
                state_dir=app.state_dir,
                database_url=_url_of(store, app),
                name=f"{name}-",
                home=app.root,
                instead=_cache(app, name, notes),
                env=_SAME,
            )
            fleet = app.fleet.beside(ground, folder / name) if app.fleet else None
            own = replace(
                app, root=ground.root, store=store, arena="instance", cluster=None, processes={}, url="", fleet=fleet
            )
            found.append(Side(name, ground, own))
            stack.callback(found[-1].stop)
        yield Sides(found[0], found[1], may_write=_is_own(app, stores), notes=notes)


def not_copied(app: App) -> list[Path]:
    """
    What in the application's folder is Hasten's own: its state, and a database that it runs.
    """
    own = [app.state_dir] if app.state_dir != app.root else [app.root / name for name in _STATE]
    private = app.target.database.private.replace("{state}", str(app.state_dir))
    return [*own, app.root / private] if private else own


def written_rows(store: Database | None) -> int:
    """
    Rows that were ever written into a database, as its statistics have it; 0 without one.
    """
    return int(store.value(_WRITTEN) or 0) if store is not None else 0


def _databases(app: App, stack: ExitStack, notes: list[str]) -> tuple[Database, ...]:
    if app.store is None:
        return ()
    if app.target.allow.clones:
        return tuple(clone.database for clone in stack.enter_context(app.clones(2)))
    notes.append("[allow] clones is false: both instances read the same database, and no request that writes was sent")
    return (app.store, app.store)


def _is_own(app: App, stores: tuple[Database, ...]) -> bool:
    return bool(stores) and stores[0] is not app.store


def _url_of(store: Database | None, app: App) -> str:
    if store is None:
        return ""
    return url_of(store.dsn, read_only=store is app.store)


def url_of(dsn: str, *, read_only: bool = False) -> str:
    """
    A database's address as applications take it: a URL, for sessions that can write nothing if `read_only`.
    """
    parts = conninfo_to_dict(dsn)
    if read_only:
        given = parts.get("options")
        parts["options"] = f"{given} {_READ_ONLY}" if given else _READ_ONLY
    host = str(parts.pop("host", "") or "")
    if host.startswith("/") or "," in host:
        return make_conninfo("", **{**parts, "host": host})
    user, password = parts.pop("user", None), parts.pop("password", None)
    port, name = parts.pop("port", None), parts.pop("dbname", None)
    who = quote(str(user or ""), safe="") + (f":{quote(str(password), safe='')}" if password else "")
    place = f"{who}@{host}" if who else host
    query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in parts.items() if value is not None)
    return f"postgresql://{place}{f':{port}' if port else ''}/{quote(str(name or ''))}" + (f"?{query}" if query else "")


def need_sides(app: App) -> None:
    """
    A second instance can be started, and given a database of its own, or it would work on the live one.

    Raises:
        ConfigError: it cannot; the hint says what to write.
    """
    instances.need_ports(app.target)
    for principal in app.target.principals:
        if principal.secret_env and principal.secret_env not in os.environ:
            raise ConfigError(
                f"the principal {principal.name!r} needs the environment variable {principal.secret_env},"
                " which is not set",
                hint=f"export {principal.secret_env}=… and run again",
            )
    if app.store is None:
        return
    words = [word for each in app.target.application.processes for word in [*each.command, *each.env.values()]]
    if not any("{database_url}" in word for word in words):
        raise ConfigError(
            "a second instance cannot be given a database of its own: no process takes {database_url}",
            hint='add it to [[application.processes]], for example env = { DATABASE_URL = "{database_url}" }',
        )


def _cache(app: App, name: str, notes: list[str]) -> dict[str, str]:
    """
    A cache of the side's own in place of the one that hasten.toml names, wherever the application is told its address.
    """
    url = app.target.cache.url
    if not url:
        return {}
    told = [word for each in app.target.application.processes for word in [*each.command, *each.env.values()]]
    if not any(url in word for word in [*told, *os.environ.values()]):
        note = "both instances use the live cache: no process is given the address that [cache] names"
        notes += [] if note in notes else [note]
        return {}
    return {url: start_valkey(app.supervisor, name=f"{name}-cache")}
