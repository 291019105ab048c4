"""
hasten.toml: what is optimized, what counts as fast enough, and what Hasten may do.

Relative paths are relative to the folder of the file. `${NAME}` takes a value from the environment, so no
secret needs to stand in the file.
"""

from typing import Any, Literal

import msgspec

from hasten.freeze import Freeze
from hasten.section import Section as Section

Mode = Literal["observe", "propose", "approve", "auto"]


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
    arrivals: Literal["poisson", "constant", "recorded"] = "poisson"
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
