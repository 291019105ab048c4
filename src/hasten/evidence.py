"""
What the probes gather once, and what detectors and remedies then read as often as they like.

Gathering and judging are apart: an Observation is plain data, stored with its digest in the ledger, and every
diagnosis can be repeated from it without the application.
"""

from datetime import datetime
from typing import Any

import msgspec

from hasten.model import Conditions, Measurement, Noun, digest_of, now
from hasten.trace import Traces, WorkerProfile


class StatementSample(Noun, frozen=True, kw_only=True):
    """
    One executed statement as the server's log tells it: text with $n, parameters as text.

    `seconds` is parse + bind + execute, as the server measured them. `error` is the SQLSTATE, or None.
    """

    at: datetime
    query_id: str
    text: str
    parameters: list[str | None] = []
    seconds: float = 0.0
    database: str = ""
    user: str = ""
    application_name: str = ""
    session: str = ""
    transaction: str = ""
    error: str | None = None


class StatementProfile(Noun, frozen=True, kw_only=True):
    """
    One normalized statement over the observed window.

    Totals come from pg_stat_statements, percentiles from the server log; None where that source was not there.
    """

    query_id: str
    text: str
    calls: int
    total_s: float
    mean_s: float
    rows: int = 0
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
    timed_calls: int = 0
    shared_blocks_hit: int = 0
    shared_blocks_read: int = 0
    tables: list[str] = []
    is_write: bool = False
    samples: list[StatementSample] = []
    plan: dict[str, Any] | None = None


class ColumnProfile(Noun, frozen=True, kw_only=True):
    """
    A column with what the planner knows of it (pg_stats).
    """

    name: str
    type: str
    not_null: bool = False
    distinct: float | None = None
    null_fraction: float | None = None
    width_bytes: int | None = None
    most_common_frequency: float | None = None


class TableProfile(Noun, frozen=True, kw_only=True):
    """
    A table, its size and its traffic. `name` is schema-qualified unless the schema is public.
    """

    name: str
    rows: float
    size_bytes: int
    columns: list[ColumnProfile] = []
    seq_scans: int = 0
    index_scans: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0


class IndexProfile(Noun, frozen=True, kw_only=True):
    """
    An index as the catalog describes it.
    """

    name: str
    table: str
    definition: str
    columns: list[str] = []
    method: str = "btree"
    unique: bool = False
    primary: bool = False
    constraint: bool = False
    partial: bool = False
    valid: bool = True
    size_bytes: int = 0
    scans: int = 0


class ResponseSample(Noun, frozen=True, kw_only=True):
    """
    One answer of the application to one recorded request; header names in lower case, credentials removed.
    """

    route: str
    method: str
    path: str
    principal: str
    status: int
    headers: list[tuple[str, str]] = []
    body_bytes: int = 0
    wire_bytes: int = 0
    gzip_bytes: int | None = None
    seconds: float = 0.0
    error: str | None = None


class PageResource(Noun, frozen=True, kw_only=True):
    """
    One thing the browser fetched for a page.
    """

    url: str
    kind: str
    status: int
    wire_bytes: int
    body_bytes: int
    start_s: float
    end_s: float
    headers: dict[str, str] = {}


class PageRun(Noun, frozen=True, kw_only=True):
    """
    One cold visit. Times in seconds from the start of navigation.

    `complete_s`: the later of the load event and the end of the last request before the network fell quiet.
    """

    ttfb_s: float | None
    fcp_s: float | None
    lcp_s: float | None
    cls: float | None
    tbt_s: float | None
    load_s: float | None
    complete_s: float | None
    requests: int
    wire_bytes: int
    resources: list[PageResource] = []
    console_errors: list[str] = []


class PageProfile(Noun, frozen=True, kw_only=True):
    """
    Several cold visits to one page under one network and CPU profile.
    """

    page: str
    principal: str
    network: str
    cpu_slowdown: float
    runs: list[PageRun] = []


class BundleAsset(Noun, frozen=True, kw_only=True):
    """
    One built file. `initial`: fetched before the first route can show.
    """

    path: str
    kind: str
    raw_bytes: int
    gzip_bytes: int
    brotli_bytes: int
    initial: bool = False


class BundleModule(Noun, frozen=True, kw_only=True):
    """
    One source module inside the bundle, through the source map; bytes as minified.
    """

    package: str
    path: str
    bytes: int


class BundleProfile(Noun, frozen=True, kw_only=True):
    """
    The built front end.
    """

    root: str
    assets: list[BundleAsset] = []
    modules: list[BundleModule] = []
    brotli_quality: int = 5


class ProcessProfile(Noun, frozen=True, kw_only=True):
    """
    One process over the observed window; role is application, database, cache or proxy.

    `cpu_share` is of all cores of the machine; memory is PSS where the kernel tells it, else RSS.
    """

    name: str
    role: str
    pid: int
    memory_max_bytes: int
    memory_first_bytes: int
    memory_last_bytes: int
    cpu_share: float
    series: list[tuple[float, int, float]] = []


class Observation(Noun, frozen=True, kw_only=True):
    """
    Everything one run of the probes brought home.

    `missing` names each probe that could not measure, with the reason: no data is not good news.
    """

    name: str
    taken_at: datetime = msgspec.field(default_factory=now)
    seconds: float = 0.0
    conditions: Conditions = Conditions()
    measurements: list[Measurement] = []
    responses: list[ResponseSample] = []
    statements: list[StatementProfile] = []
    tables: list[TableProfile] = []
    indexes: list[IndexProfile] = []
    pages: list[PageProfile] = []
    bundle: BundleProfile | None = None
    processes: list[ProcessProfile] = []
    traces: Traces | None = None
    workers: list[WorkerProfile] = []
    requests_per_day: dict[str, float] = {}
    missing: dict[str, str] = {}

    @property
    def id(self) -> str:
        """
        A digest over all that was gathered.
        """
        return digest_of(self)
