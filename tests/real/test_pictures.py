"""
The time picture of a real application: followed from inside, measured from outside, and the two agree.
"""

from pathlib import Path

import pytest
from tests.real.tracing import serving, uvicorn

from hasten.evidence import Observation
from hasten.model import Measurement, Where
from hasten.observe.api import LATENCY
from hasten.observe.traces import TraceSampler
from hasten.picture import pictures
from hasten.world.load import LoadPlan, LoadRequest, run_load
from hasten.world.policy_file import PolicyFile
from hasten.world.postgres import Database

pytestmark = pytest.mark.real

ROUTES = ("GET /items/{number}", "GET /orm/{number}")


def test_the_parts_of_a_request_add_up_to_what_was_measured(tmp_path: Path, database: Database) -> None:
    """
    Requests of two routes, a few in a second: their traces find the requests of the load, and together they are what it
    measured; a crowded machine delays some, and then the picture says so.
    """
    database.run("CREATE TABLE item AS SELECT id, 'x' AS name FROM generate_series(1, 100) AS id")
    requests = [
        LoadRequest(path=route.removeprefix("GET ").replace("{number}", "7"), route=route.replace("number", "id"))
        for route in ROUTES
    ]
    with serving(tmp_path, *uvicorn("traced_app:app"), DATABASE_URL=database.dsn) as url:
        with TraceSampler(PolicyFile(tmp_path / "policy").workers_dir) as sampler:
            load = run_load(LoadPlan(base_url=url, requests=requests, rate_per_s=12, duration_s=8, seed=3))
        traces, [worker] = sampler.result(load)
    measured = [
        Measurement(metric=LATENCY, unit="s", where=Where(kind="route", name=route), distribution=load.latency(route))
        for route in load.routes
    ]
    found = {each.route: each for each in pictures(Observation(name="now", traces=traces, measurements=measured))}

    assert {"GET /items/{id}", "GET /orm/{id}"} <= set(found)
    assert {} == traces.unread
    for route in load.routes:
        picture = found[route]
        assert picture.traces >= 5, "hardly a request was followed"
        assert {"database", "application", "outside"} <= set(picture.parts)
        assert picture.adds_up or picture.why
        assert pytest.approx(picture.inside_s) == picture.total_s - picture.parts["outside"]
    assert worker.series[-1][2] >= 80
