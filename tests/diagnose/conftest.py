"""
A small help desk under observation, healthy unless a test makes it ill.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.traced import Written, healthy

from hasten.evidence import (
    BundleAsset,
    BundleModule,
    BundleProfile,
    ColumnProfile,
    IndexProfile,
    Observation,
    PageProfile,
    PageResource,
    PageRun,
    ResponseSample,
    StatementProfile,
    StatementSample,
    TableProfile,
)
from hasten.model import Distribution, Measurement, Where
from hasten.target import Target
from hasten.trace import WorkerProfile


def requests(name: str, kind: str, count: int) -> Measurement:
    """
    The load's measurement of one route, or of all of them.
    """
    distribution = Distribution(count=count, mean=0.05, p50=0.05, p95=0.08, p99=0.09)
    return Measurement(
        metric="http.client.request.duration", unit="s", where=Where(kind=kind, name=name), distribution=distribution
    )


INQUIRIES = TableProfile(
    name="inquiries",
    rows=200_000,
    size_bytes=160_000_000,
    columns=[
        ColumnProfile(name="id", type="integer", not_null=True, distinct=-1.0),
        ColumnProfile(name="assignee_id", type="integer", distinct=400, null_fraction=0.1, most_common_frequency=0.01),
        ColumnProfile(name="customer_id", type="integer", not_null=True, distinct=50_000),
        ColumnProfile(name="status", type="text", not_null=True, distinct=4, most_common_frequency=0.6),
        ColumnProfile(name="subject", type="text", not_null=True, distinct=-0.5),
        ColumnProfile(name="updated_at", type="timestamp with time zone", not_null=True, distinct=-0.9),
    ],
)
ROLES = TableProfile(
    name="roles",
    rows=4,
    size_bytes=8192,
    columns=[
        ColumnProfile(name="id", type="integer", not_null=True, distinct=-1.0),
        ColumnProfile(name="name", type="text", not_null=True, distinct=-1.0),
    ],
)
PRIMARY = IndexProfile(
    name="inquiries_pkey",
    table="inquiries",
    definition="CREATE UNIQUE INDEX inquiries_pkey ON public.inquiries USING btree (id)",
    columns=["id"],
    unique=True,
    primary=True,
    constraint=True,
    size_bytes=4_500_000,
    scans=1000,
)

GOOD_HEADERS = [
    ("content-type", "application/json"),
    ("content-encoding", "gzip"),
    ("etag", '"1"'),
    ("cache-control", "private, no-cache"),
]
SCRIPT_HEADERS = {
    "content-type": "text/javascript",
    "content-encoding": "br",
    "cache-control": "public, max-age=31536000, immutable",
}


def answer(**given: Any) -> ResponseSample:
    """
    One answer of GET /api/inquiries, compressed and with an ETag.
    """
    values: dict[str, Any] = {
        "route": "GET /api/inquiries",
        "method": "GET",
        "path": "/api/inquiries?page=1",
        "principal": "agent",
        "status": 200,
        "headers": GOOD_HEADERS,
        "body_bytes": 20_000,
        "wire_bytes": 4_300,
        "gzip_bytes": 4_000,
        "seconds": 0.05,
    }
    return ResponseSample(**values | given)


def resource(url: str, **given: Any) -> PageResource:
    """
    One file of the page, as a healthy server sends it.
    """
    values: dict[str, Any] = {
        "kind": "script",
        "status": 200,
        "wire_bytes": 90_000,
        "body_bytes": 300_000,
        "start_s": 0.2,
        "end_s": 0.7,
        "headers": SCRIPT_HEADERS,
    }
    return PageResource(url=url, **values | given)


def page(*resources: PageResource, **given: Any) -> PageProfile:
    """
    The page / on a slow network, visited once.
    """
    values: dict[str, Any] = {
        "ttfb_s": 0.17,
        "fcp_s": 1.0,
        "lcp_s": 1.4,
        "cls": 0.0,
        "tbt_s": 0.1,
        "load_s": 1.1,
        "complete_s": 1.6,
        "requests": len(resources),
        "wire_bytes": sum(each.wire_bytes for each in resources),
        "resources": list(resources),
    }
    run = PageRun(**values | given)
    return PageProfile(page="/", principal="agent", network="slow-4g", cpu_slowdown=4.0, runs=[run])


FETCH = resource(
    "http://127.0.0.1:8000/api/dashboard",
    kind="fetch",
    body_bytes=4000,
    wire_bytes=1500,
    headers={"content-type": "application/json", "content-encoding": "gzip", "etag": '"2"'},
)
ENTRY = resource("http://127.0.0.1:8000/assets/index-BwT3xk2a.js")


def seq_scan(filter_text: str, rows: float, cost: float = 20_000.0, **more: Any) -> dict[str, Any]:
    """
    A plan's node that reads all of inquiries.
    """
    node: dict[str, Any] = {
        "Node Type": "Seq Scan",
        "Relation Name": "inquiries",
        "Schema": "public",
        "Alias": "inquiries",
        "Total Cost": cost,
        "Plan Rows": rows,
        "Filter": filter_text,
    }
    return {key: value for key, value in (node | more).items() if value != ""}


def statement(text: str, **given: Any) -> StatementProfile:
    """
    A statement that was called 40 times, 0.4 s each, with 40 timed calls.
    """
    values: dict[str, Any] = {"query_id": "1001", "calls": 40, "mean_s": 0.4, "timed_calls": 40}
    values |= given
    values.setdefault("total_s", values["calls"] * values["mean_s"])
    return StatementProfile(text=text, **values)


def executions(
    text: str, values: list[list[str | None]], *, transaction: str = "3/1", seconds: float = 0.01
) -> list[StatementSample]:
    """
    Logged executions of one transaction, one for each list of values.
    """
    return [
        StatementSample(
            at=datetime(2026, 11, 23, tzinfo=UTC),
            query_id="1001",
            text=text,
            parameters=each,
            seconds=seconds,
            session="a1",
            transaction=transaction,
        )
        for each in values
    ]


BY_KEY = {
    "Node Type": "Index Scan",
    "Relation Name": "inquiries",
    "Alias": "inquiries",
    "Schema": "public",
    "Index Name": "inquiries_pkey",
    "Index Cond": "(id = 7)",
    "Total Cost": 8.4,
    "Plan Rows": 1,
}
QUICK = statement(
    "SELECT subject FROM inquiries WHERE id = $1",
    query_id="1000",
    mean_s=0.0002,
    p50_s=0.0002,
    p95_s=0.0003,
    plan=BY_KEY,
    samples=executions("SELECT subject FROM inquiries WHERE id = $1", [["7"]]),
)


@pytest.fixture
def observed() -> Callable[..., Observation]:
    """
    Makes an Observation of a healthy application; what a test gives takes the place of a part.
    """

    def make(**given: Any) -> Observation:
        values: dict[str, Any] = {
            "name": "baseline",
            "seconds": 80.0,
            "measurements": [
                requests("application", "application", 80),
                requests("GET /api/inquiries", "route", 40),
                requests("GET /api/dashboard", "route", 40),
            ],
            "requests_per_day": {"GET /api/inquiries": 4000.0, "GET /api/dashboard": 4000.0},
            "responses": [answer()],
            "pages": [page(ENTRY, FETCH)],
            "bundle": BundleProfile(
                root="dist",
                assets=[
                    BundleAsset(
                        path="assets/index-BwT3xk2a.js",
                        kind="script",
                        raw_bytes=300_000,
                        gzip_bytes=90_000,
                        brotli_bytes=80_000,
                        initial=True,
                    )
                ],
                modules=[BundleModule(package="react-dom", path="react-dom/index.js", bytes=130_000)],
            ),
            "statements": [QUICK],
            "tables": [INQUIRIES, ROLES],
            "indexes": [PRIMARY],
            "traces": healthy(),
            "workers": [
                WorkerProfile(pid=7, server="uvicorn", series=[(1.0 * n, 80_000_000, 30 * n) for n in range(60)])
            ],
        }
        return Observation(**values | given)

    return make


@pytest.fixture
def target() -> Target:
    """
    The default objectives.
    """
    return Target()


@pytest.fixture
def written() -> Written:
    """
    Traces that a test writes by hand.
    """
    return Written()


@pytest.fixture
def make() -> Any:
    """
    The builders of this file, for tests that make a part ill.
    """

    class Make:
        answer = staticmethod(answer)
        resource = staticmethod(resource)
        page = staticmethod(page)
        requests = staticmethod(requests)
        statement = staticmethod(statement)
        seq_scan = staticmethod(seq_scan)
        executions = staticmethod(executions)
        fetch = FETCH
        entry = ENTRY
        inquiries = INQUIRIES
        roles = ROLES
        primary = PRIMARY

    return Make
