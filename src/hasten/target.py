"""
hasten.toml: what is optimized, what counts as fast enough, and what Hasten may do.

Relative paths are relative to the folder of the file. `${NAME}` takes a value from the environment, so no
secret needs to stand in the file.
"""

import difflib
import os
import re
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any, Literal

import msgspec

from hasten import freeze
from hasten.errors import ConfigError
from hasten.freeze import Freeze
from hasten.model import Risk
from hasten.section import Section as Section

CONFIG_NAME = "hasten.toml"

Mode = Literal["observe", "propose", "approve", "auto"]
#: The phases of the catalogue: the folders of `optimize`, present and to come (design §4).
PHASES = ("quick_wins", "database", "frontend", "backend", "infrastructure")
LONGEST_APPROVAL_HOURS = 720


class Process(Section, frozen=True, kw_only=True):
    """
    One process that Hasten starts and stops for the application.

    `{port}` in command, env and ready is the port that was chosen for this process (0: any free one);
    `{port:NAME}`, `{database_url}` and `{state}` name another process's port, the database and .hasten.
    `agent`: it is started with Hasten's agent in it, which obeys the policy.
    """

    name: str
    command: list[str]
    port: int = 0
    cwd: str = "."
    env: dict[str, str] = {}
    ready: str = ""
    ready_timeout_s: float = 60.0
    is_web: bool = False
    agent: bool = False


class Application(Section, frozen=True, kw_only=True):
    """
    [application]: where it answers, or how it is started.
    """

    name: str = "application"
    url: str = ""
    health: str = "/"
    processes: list[Process] = []
    pids: list[int] = []


class DatabaseSection(Section, frozen=True, kw_only=True):
    """
    [database]: a URL of a server that runs, or `private`: a data directory that Hasten runs itself.
    """

    url: str = ""
    private: str = ""
    name: str = ""
    programs: str = ""
    log: str = ""
    settings: dict[str, str] = {}


class Cache(Section, frozen=True, kw_only=True):
    """
    [cache]: Redis or Valkey.
    """

    url: str = ""


class Frontend(Section, frozen=True, kw_only=True):
    """
    [frontend]: the built files, and how they are built.
    """

    dist: str = ""
    source: str = ""
    build: list[str] = []


class Browser(Section, frozen=True, kw_only=True):
    """
    [browser]: which pages are visited, as whom, and under which network and CPU.
    """

    path: str = ""
    pages: list[str] = msgspec.field(default_factory=lambda: ["/"])
    principal: str = "anonymous"
    network: Literal["slow-4g", "fast-4g", "none"] = "slow-4g"
    cpu_slowdown: float = 4.0
    runs: int = 3


class Traffic(Section, frozen=True, kw_only=True):
    """
    [traffic]: which requests stand for the users, and how many of them come.
    """

    requests: str = ""
    openapi: str = ""
    har: str = ""
    access_log: str = ""
    rate_per_s: float = 1.0
    arrivals: Literal["poisson", "constant"] = "poisson"
    duration_s: float = 80.0
    max_in_flight: int = 200
    timeout_s: float = 60.0
    requests_per_day: float | None = None
    replay_writes: list[str] = []
    engine: Literal["hasten", "locust"] = "hasten"
    seed: int = 1


class Login(Section, frozen=True, kw_only=True):
    """
    [login]: one request that turns a user and a secret into a session.

    `${user}` and `${secret}` in `json`, `form` and `headers` are the principal's. The cookies of the answer are
    kept; `token` is the JSON path of a bearer token, if the answer has one. A single-page application that keeps its
    token in the browser finds it in `local_storage`, where `${token}` and `${user}` stand for the principal's.
    """

    request: str = ""
    json: dict[str, Any] = {}
    form: dict[str, str] = {}
    headers: dict[str, str] = {}
    token: str = ""
    local_storage: dict[str, str] = {}
    expired_status: list[int] = msgspec.field(default_factory=lambda: [401])


class Principal(Section, frozen=True, kw_only=True):
    """
    [[principals]]: a test identity; its secret comes from the environment variable `secret_env`.

    `canaries` are strings that nobody else may ever be shown: a name, a mail address, an account number.
    """

    name: str
    user: str = ""
    secret_env: str = ""
    headers: dict[str, str] = {}
    canaries: list[str] = []


class Objectives(Section, frozen=True, kw_only=True):
    """
    [objectives]: the plan's targets. Milliseconds, bytes, ratios; MB is 10^6 bytes.
    """

    api_p95_ms: float = 200.0
    page_load_ms: float = 2000.0
    db_p95_ms: float = 50.0
    bundle_bytes: float = 1_000_000.0
    cache_hit_ratio: float = 0.95
    memory_mb: float = 512.0
    cpu_percent: float = 70.0
    uptime_ratio: float = 0.999


class Allow(Section, frozen=True, kw_only=True):
    """
    [allow]: how far Hasten may go. `mode` is observe, propose, approve or auto (design §7).

    `modes` gives another mode to a risk class ("R2"), a phase ("database") or an optimization ("database.indexes").
    """

    mode: Mode = "observe"
    modes: dict[str, Mode] = {}
    approval_hours: float = 24.0
    max_changes_per_day: int = 10
    max_live_changes: int = 8
    watch_hours: float = 24.0
    clones: bool = True
    max_indexes: int = 4
    max_index_mb: float = 512.0
    record_parameters: bool = True


class Check(Section, frozen=True, kw_only=True):
    """
    [check]: what `hasten check` holds a revision to, in CI.

    `budgets` names objectives; every one if it is empty. Limits are shares: 0.1 is 10 % more time.
    """

    budgets: list[str] = []
    max_regression: float = 0.10
    routes: dict[str, float] = {}
    against: str = ""
    prepare: list[str] = []
    same_answers: bool = False
    baseline: str = "baseline"
    baseline_breaks: bool = False


class Ignore(Section, frozen=True, kw_only=True):
    """
    [[ignore]]: a symptom that is accepted, with the reason.
    """

    symptom: str
    reason: str
    where: str = ""


class Target(Section, frozen=True, kw_only=True):
    """
    The whole of hasten.toml.

    `root` is the folder that relative paths start from, and `state` the one of the ledger; both relative to the file.
    """

    root: str = "."
    state: str = ".hasten"
    application: Application = Application()
    database: DatabaseSection = DatabaseSection()
    cache: Cache = Cache()
    frontend: Frontend = Frontend()
    browser: Browser = Browser()
    traffic: Traffic = Traffic()
    login: Login = Login()
    principals: list[Principal] = []
    objectives: Objectives = Objectives()
    allow: Allow = Allow()
    check: Check = Check()
    ignore: list[Ignore] = []
    freeze: list[Freeze] = []


def find_config(named: str | None = None, start: Path | None = None) -> Path:
    """
    The hasten.toml to use: the one named, else `HASTEN_CONFIG`, else here, else below .hasten (a demo's).

    Raises:
        ConfigError: there is none.
    """
    named = named or os.environ.get("HASTEN_CONFIG")
    if named:
        path = Path(named)
        path = path / CONFIG_NAME if path.is_dir() else path
        if not path.is_file():
            raise ConfigError(f"there is no {path}", hint="name an existing file with --config")
        return path.resolve()
    here = start or Path.cwd()
    for path in (here / CONFIG_NAME, here / ".hasten" / CONFIG_NAME):
        if path.is_file():
            return path.resolve()
    raise ConfigError(
        f"no {CONFIG_NAME} in {here}",
        hint="run `hasten init` to write one by looking around, or `hasten demo` to see Hasten at work first",
    )


def load_target(path: Path) -> Target:
    """
    The target that a hasten.toml describes, with variables of the environment put in.

    Raises:
        ConfigError: unreadable, not TOML, an unknown key, a value of the wrong type, a variable that is not set.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="check the file's permissions") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", hint="mend the line that it names") from error
    try:
        target = msgspec.convert(_expand(data, path, ""), Target)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}", hint=_hint_for(str(error))) from error
    _check(target, path)
    return target


_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def _expand(value: Any, path: Path, where: str) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, path, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, path, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, date | time):
        # TOML has timestamps of its own; a string says the same.
        return value.isoformat()
    if not isinstance(value, str):
        return value

    def from_environment(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise ConfigError(
                f"{path}: {where.lstrip('.')} needs the environment variable {name}, which is not set",
                hint=f"export {name}=… and run again",
            )
        return os.environ[name]

    return _VARIABLE.sub(from_environment, value)


def _hint_for(message: str) -> str:
    unknown = re.search(r"unknown field `(\w+)`(?: - at `\$\.?(.*?)`)?$", message)
    if not unknown:
        return "see docs/configuration.md for what the key takes"
    kind = _section_at(unknown.group(2) or "")
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    close = difflib.get_close_matches(unknown.group(1), names, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known keys here: {', '.join(names)}"


def _section_at(path: str) -> type[Section]:
    kind: type[Section] = Target
    for name in filter(None, re.sub(r"\[[^]]*\]", "", path).split(".")):
        found = {field.name: field.type for field in msgspec.structs.fields(kind)}.get(name)
        found = getattr(found, "__args__", (found,))[0]
        if not (isinstance(found, type) and issubclass(found, Section)):
            break
        kind = found
    return kind


def _check(target: Target, path: Path) -> None:
    if target.database.url and target.database.private:
        raise ConfigError(
            f"{path}: [database] has both url and private",
            hint="keep `url` for a server that runs already, `private` for a data directory that Hasten runs",
        )
    names = [principal.name for principal in target.principals]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path}: two principals are named {name!r}", hint="give each its own name")
    if target.browser.principal not in (*names, "anonymous"):
        close = difflib.get_close_matches(target.browser.principal, names, n=1)
        raise ConfigError(
            f"{path}: [browser] principal {target.browser.principal!r} is not one of [[principals]]",
            hint=f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names) or 'none'}, anonymous",
        )
    known = [field.name for field in msgspec.structs.fields(Objectives)]
    for name in target.check.budgets:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            raise ConfigError(
                f"{path}: [check] budgets has {name!r}, which is no objective",
                hint=f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}",
            )
    _check_allow(target.allow, path)
    for window in target.freeze:
        freeze.check(window)
    for ignored in target.ignore:
        if not ignored.reason.strip():
            raise ConfigError(f"{path}: [[ignore]] of {ignored.symptom} has no reason", hint="say why in `reason`")


def _check_allow(allow: Allow, path: Path) -> None:
    """
    Each key of modes names a risk class, a phase or something of a phase, which the catalogue knows by name.
    """
    if not 0 < allow.approval_hours <= LONGEST_APPROVAL_HOURS:
        raise ConfigError(
            f"{path}: [allow] approval_hours = {allow.approval_hours:g} cannot be",
            hint=f"above 0, and at most {LONGEST_APPROVAL_HOURS}: what is always approved has the mode auto",
        )
    if min(allow.max_changes_per_day, allow.max_live_changes, allow.watch_hours) < 0:
        raise ConfigError(f"{path}: [allow] a limit is below 0", hint="0 lets nothing through; leave it out otherwise")
    known = [*Risk, *PHASES]
    for key, mode in allow.modes.items():
        if key.partition(".")[0] not in known or key.endswith("."):
            close = difflib.get_close_matches(key, known, n=1)
            raise ConfigError(
                f"{path}: [allow.modes] {key!r} is no risk class, phase or optimization",
                hint=f"did you mean `{close[0]}`?"
                if close
                else f"known: {', '.join(known)}, or one as database.indexes",
            )
        if key == Risk.R4 and mode in ("approve", "auto"):
            raise ConfigError(
                f"{path}: [allow.modes] R4 is lossy and can only be proposed",
                hint='set it to "propose" or "observe", or leave it out; do such a change by hand',
            )


def state_of(path: Path) -> Path:
    """
    The state folder that a hasten.toml names. Nothing else of the file needs to hold: a stop must always work.

    Raises:
        ConfigError: the file cannot be read as TOML.
    """
    try:
        named = tomllib.loads(path.read_text(encoding="utf-8")).get("state", Target().state)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read, so the state folder is not known: {error}",
            hint="make an empty file STOP in the state folder (.hasten, where nothing else was said): it works alone",
        ) from error
    return (path.parent / str(named)).resolve()
