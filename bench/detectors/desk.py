"""
One of the two desks on its own copy of the seeded data, loaded and observed.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.detectors.answers import Answers, ask
from bench.detectors.faults import flattened
from hasten.application import App
from hasten.diagnose import Diagnosis, diagnose
from hasten.evidence import Observation
from hasten.model import Finding
from hasten.observe.run import observe
from hasten.observe.traces import TraceSampler
from hasten.session import opened
from hasten.slowdesk import PASSWORD, find_slowdesk, prepare
from hasten.world.load import LoadPlan, LoadRequest, run_load

#: Of a processor, for following requests.
TRACES_SHARE = 0.1


@dataclass(frozen=True)
class Load:
    """
    How long and how hard a desk is loaded: with health checks only, which cost next to nothing, as a leak shows after
    thousands of requests and not after hundreds; then with the traffic of a working day.
    """

    rate_per_s: float = 1.5
    seconds: float = 360.0
    steady_rate_per_s: float = 100.0
    steady_seconds: float = 90.0


@dataclass(frozen=True)
class Seen:
    """
    What came of one desk.
    """

    answers: Answers
    observation: Observation
    steady: Observation
    diagnoses: list[Diagnosis]

    @property
    def findings(self) -> list[Finding]:
        """
        All that was found, under either load.
        """
        return [finding for diagnosis in self.diagnoses for finding in diagnosis.findings]


def look(state_dir: Path, load: Load, scale: float, *, is_healthy: bool) -> Seen:
    """
    The desk was loaded twice, and what was observed was diagnosed.
    """
    os.environ["SLOWDESK_PASSWORD"] = PASSWORD
    config = written(state_dir, scale, is_healthy=is_healthy)
    with running(config) as app:
        # First, while the worker is young: after the day's lists its heap has room for many small things.
        steady = _steady(app, load)
        recorded = find_slowdesk() / "traffic.jsonl"
        said = ask(app, recorded)
        day = app.state_dir / "traffic.jsonl"
        day.write_text(flattened(recorded), encoding="utf-8")
        observation = observe(with_traffic(app, str(day), load.rate_per_s, load.seconds), "day", _silent)
        return Seen(said, observation, steady, [diagnose(each, app.target) for each in (observation, steady)])


def _steady(app: App, load: Load) -> Observation:
    """
    What the workers say of themselves under health checks; how long those take is of no interest.
    """
    plan = LoadPlan(
        base_url=app.url,
        requests=[LoadRequest(path="/api/health")],
        rate_per_s=load.steady_rate_per_s,
        duration_s=load.steady_seconds,
    )
    with TraceSampler(app.policy.workers_dir) as sampler:
        result = run_load(plan)
    traces, workers = sampler.result(result)
    per_day = {"GET /api/health": load.steady_rate_per_s * 86_400}
    return Observation(name="steady", seconds=result.seconds, traces=traces, workers=workers, requests_per_day=per_day)


def written(state_dir: Path, scale: float, *, is_healthy: bool) -> Path:
    """
    The state folder holds fresh data and a hasten.toml whose API runs with the agent; of the twin's code, if wanted.
    """
    config = prepare(state_dir, None, scale, lambda _title: nullcontext(_silent))
    text = config.read_text(encoding="utf-8").replace("is_web = true", "is_web = true\nagent = true")
    # At the agent's own share of a processor, a third of these requests were followed, and of rare routes too few.
    text = text.replace("env = { DATABASE_URL", f'env = {{ HASTEN_TRACES_SHARE = "{TRACES_SHARE}", DATABASE_URL')
    if is_healthy:
        server = state_dir / "server"
        shutil.rmtree(server, ignore_errors=True)
        shutil.copytree(find_slowdesk() / "server", server)
        shutil.copytree(find_slowdesk() / "healthy" / "slowdesk", server / "slowdesk", dirs_exist_ok=True)
        text = text.replace('cwd = "server"', f"cwd = {json.dumps(str(server))}")
        text = text.replace('".venv/bin/python"', json.dumps(str(find_slowdesk() / ".venv" / "bin" / "python")))
    config.write_text(text, encoding="utf-8")
    return config


@contextmanager
def running(config: Path) -> Iterator[App]:
    """
    The desk runs, without its pages being visited: this is about what happens inside.
    """
    with opened(str(config), application=True, evidence=False) as app:
        browser = msgspec.structs.replace(app.target.browser, pages=[])
        frontend = msgspec.structs.replace(app.target.frontend, dist="", build=[])
        yield _with_target(app, browser=browser, frontend=frontend)


def with_traffic(app: App, file: str, rate_per_s: float, seconds: float) -> App:
    """
    The same application, loaded otherwise.
    """
    traffic = msgspec.structs.replace(
        app.target.traffic, requests=file, rate_per_s=rate_per_s, duration_s=seconds, requests_per_day=None
    )
    return _with_target(app, traffic=traffic)


def _with_target(app: App, **sections: object) -> App:
    return App(**{**app.__dict__, "target": msgspec.structs.replace(app.target, **sections)})


def _silent(_done: float, _what: str) -> None:
    """
    Nobody watches.
    """
