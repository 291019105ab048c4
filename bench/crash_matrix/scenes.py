"""
One application for each kind of change: measured and planned once, copied for each point of the matrix.
"""

import itertools
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.real.scene import QUERY, TABLE
from tests.remedies.patients import ASGI_COMMAND, COMMAND, FINDING, UNCOMPRESSED, WAITS, make_pages

from bench.crash_matrix.points import Patient
from bench.crash_matrix.toys import install
from hasten import cycle
from hasten.evidence import Observation
from hasten.model import Change, Finding, Kind, Step
from hasten.objectives import values
from hasten.record import history, observations
from hasten.record.ledger import Ledger
from hasten.session import opened
from hasten.testing.servers import SETTINGS, findings_of, observe_statements
from hasten.testing.snapshot import Snapshot, snapshot
from hasten.world.cluster import Cluster
from hasten.world.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "desk"
HASTEN = "from bench.crash_matrix.toys import install; install(); from hasten.cli import main; main()"
_numbers = itertools.count()


@dataclass(frozen=True)
class Original:
    """
    An application whose change is planned, and what it is like before and after.

    folder: planned. kept: the same, when the change was carried out.
    """

    patient: Patient
    folder: Path
    kept: Path
    change: Change
    before: Snapshot
    after: Snapshot


def hasten(config: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """
    What Hasten, with the toys in its catalogue, said in a process of its own.
    """
    command = [sys.executable, "-c", HASTEN, *words, "--config", str(config)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)


def drive(folder: Path, change: Change, moment: str) -> "subprocess.CompletedProcess[str]":
    """
    A run of Hasten until that moment, in a process of its own.
    """
    command = [sys.executable, "-m", "bench.crash_matrix.driver", str(folder / "hasten.toml"), change.id, moment]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)


def seen(folder: Path) -> Snapshot:
    """
    What the application is like when it is started as it is now.
    """
    with opened(str(folder / "hasten.toml"), application=True, evidence=False) as app:
        return snapshot(app)


def make(patient: Patient, place: Path) -> Original:
    """
    The application of that name, planned by the code that a user runs.
    """
    install()
    folder = place / f"{patient}-planned"
    make_pages(folder / "app")
    _describe(folder, patient.kind)
    findings = _measure(folder, patient.kind)
    before = seen(folder)
    with opened(str(folder / "hasten.toml"), application=True) as app:
        (change,) = cycle.plan(app, findings, Ledger(app.state_dir), lambda _done, _what: None)
    if patient is Patient.SWITCH_BACK:
        # Candidates were timed on a clone, and from now on there is none.
        with (folder / "hasten.toml").open("a", encoding="utf-8") as config:
            config.write("clones = false\n")
    kept = copied(folder)
    done = drive(kept, change, "never")
    if done.returncode:
        raise SystemExit(f"the {patient} change was not carried out: {done.stderr[-3000:]}")
    (state,) = history.changes(Ledger(kept / ".hasten").read())
    if not state.is_kept:
        raise SystemExit(f"the {patient} change was not kept: {state.decision} {state.reason}")
    return Original(patient, folder, kept, change, before, seen(kept))


def copied(folder: Path) -> Path:
    """
    A fresh copy of an application that does not run.
    """
    new = folder.with_name(f"{folder.name.rpartition('-')[0]}-{next(_numbers)}")
    new.mkdir()
    new.chmod(0o755)
    state = folder / ".hasten"
    shutil.copy2(folder / "hasten.toml", new)
    shutil.copytree(folder / "app", new / "app", symlinks=True)
    (new / ".hasten").mkdir()
    for path in [*state.glob("ledger.*"), *state.glob("processes.json")]:
        shutil.copy2(path, new / ".hasten")
    for name in ("observations", "saved", "policy"):
        if (state / name).is_dir():
            shutil.copytree(state / name, new / ".hasten" / name)
    if (state / "pgdata").exists():
        Cluster.existing(state / "pgdata").copy_to(new / ".hasten" / "pgdata")
    return new


def _describe(folder: Path, kind: Kind) -> None:
    command = ASGI_COMMAND if kind is Kind.POLICY else COMMAND
    lines = ['state = ".hasten"', 'root = "app"', "[application]", 'name = "little"', 'health = "/health"']
    lines += ["[[application.processes]]", 'name = "web"', f"command = {json.dumps(command)}", "is_web = true"]
    lines += ['env = { POOL = "5", DATABASE_URL = "{database_url}" }', f"agent = {json.dumps(kind is Kind.POLICY)}"]
    if kind is Kind.POLICY:
        lines += ["[traffic]", 'requests = "traffic.jsonl"']
        request = {"name": "GET /page", "method": "GET", "path": "/page", "weight": 1}
        (folder / "app" / "traffic.jsonl").write_text(json.dumps(request) + "\n", encoding="utf-8")
    if kind is Kind.SCHEMA:
        lines += ["[database]", 'private = "{state}/pgdata"', f'name = "{DATABASE}"']
    if kind is Kind.FILES:
        # Each side of a trial gets a cache of its own for this one.
        lines += ["[cache]", 'url = "redis://127.0.0.1:6379/0"']
    (folder / "hasten.toml").write_text("\n".join([*lines, "[allow]", 'mode = "auto"', ""]), encoding="utf-8")


def _measure(folder: Path, kind: Kind) -> list[Finding]:
    state_dir = folder / ".hasten"
    state_dir.mkdir()
    observation = _statements(state_dir) if kind is Kind.SCHEMA else Observation(name="recorded")
    observations.save(state_dir, observation)
    Ledger(state_dir).append(Step.MEASURED, history.measured_body(observation, values(observation), {}))
    if kind is Kind.SCHEMA:
        return findings_of(observation)
    return [{Kind.FILES: FINDING, Kind.PROCESS: WAITS, Kind.POLICY: UNCOMPRESSED}[kind]]


def _statements(state_dir: Path) -> Observation:
    cluster = Cluster.create(state_dir / "pgdata", settings=SETTINGS)
    with Supervisor(state_dir) as supervisor:
        database = cluster.start(supervisor).create_database(DATABASE)
        for statement in TABLE.split(";"):
            database.run(statement)
        observation = observe_statements(database, {QUERY: [["7"], ["70"], ["700"], ["4000"]]})
        cluster.stop()
    return observation
