"""
Symptoms that slowdesk does not have, in an application that has them: found from its traces under load.
"""

from pathlib import Path

import pytest
from tests.real.tracing import serving, uvicorn

from hasten.diagnose import catalogue, diagnose
from hasten.evidence import Observation
from hasten.observe.traces import TraceSampler
from hasten.target import Target
from hasten.world.load import LoadPlan, LoadRequest, run_load
from hasten.world.policy_file import PolicyFile
from hasten.world.postgres import Database

pytestmark = pytest.mark.real

SYMPTOMS = ("pool_waits", "repeated_upstream_call", "connection_per_request", "blocked_event_loop")


def test_a_small_pool_and_a_repeated_call_are_found(tmp_path: Path, database: Database) -> None:
    """
    Requests that come faster than one connection serves them wait; nothing else is said of the application.
    """
    requests = [LoadRequest(path=path, route=f"GET {path}") for path in ("/pooled", "/rates")]
    with serving(tmp_path, *uvicorn("queueing_app:app"), DATABASE_URL=database.dsn, HASTEN_TRACES_SHARE="0.3") as url:
        with TraceSampler(PolicyFile(tmp_path / "policy").workers_dir) as sampler:
            load = run_load(LoadPlan(base_url=url, requests=requests, rate_per_s=30, duration_s=5, seed=5))
        traces, workers = sampler.result(load)
    seen = Observation(
        name="now", seconds=5.0, traces=traces, workers=workers, requests_per_day=dict.fromkeys(load.routes, 1000)
    )
    found = diagnose(seen, Target(), {name: catalogue()[name] for name in SYMPTOMS}).findings
    by_symptom = {finding.symptom: finding for finding in found}

    assert {"pool_waits", "repeated_upstream_call"} == set(by_symptom)
    assert "psycopg_pool" == by_symptom["pool_waits"].where.name
    assert "queueing_app.py" in by_symptom["pool_waits"].evidence["caller"]
    assert by_symptom["repeated_upstream_call"].evidence["within_one_request"]
    assert "queueing_app.py" in by_symptom["repeated_upstream_call"].evidence["caller"]
