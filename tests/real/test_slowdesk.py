"""
The whole loop on slowdesk, small: measured, diagnosed, planned, applied, measured again, reported, and all taken back.

Slowdesk, its database, its front end and the browser are real; only the data and the time are cut short.
"""

import json
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.real.scene import HASTEN, assert_no_strays

from hasten.session import opened
from hasten.slowdesk import PASSWORD, prepare

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

SCALE = 0.02
#: Every request is here because a symptom below is to be found in it.
TRAFFIC = [
    ("/api/dashboard", "agent", 6),
    ("/api/inquiries?per_page=100&sort=created_at", "agent", 5),
    ("/api/inquiries/17", "agent", 4),
    ("/api/inquiries/404", "manager", 4),
    ("/api/inquiries/3990", "admin", 4),
    ("/api/customers/150", "agent", 3),
]
#: What a short run says differently from examples/slowdesk/hasten.toml.
CHANGES = {
    'network = "slow-4g"': 'network = "none"',
    "cpu_slowdown = 4": "cpu_slowdown = 1",
    "runs = 3": "runs = 1",
    'requests = "traffic.jsonl"': 'requests = "{traffic}"',
    "rate_per_s = 1.0": "rate_per_s = 3.0",
    'arrivals = "poisson"': 'arrivals = "constant"',
    "duration_s = 90": "duration_s = 12",
    'mode = "auto"': 'mode = "auto"\nmax_indexes = 2',
    "[allow]": "[objectives]\ndb_p95_ms = 2\n\n[allow]",
}
SYMPTOMS = {
    ("heavy_bundle", "initial JavaScript"),
    ("uncompressed_response", "/"),
    ("uncompressed_response", "GET /api/inquiries"),
    ("missing_cache_headers", "/"),
    ("missing_cache_headers", "GET /api/inquiries"),
    ("large_payload", "GET /api/inquiries"),
    ("missing_index", "messages (inquiry_id)"),
}
OBJECTIVES = [
    ("api_p95_ms", "ms"), ("page_load_ms", "ms"), ("db_p95_ms", "ms"), ("bundle_bytes", "By"),
    ("cache_hit_ratio", "1"), ("memory_mb", "MB"), ("cpu_percent", "%"), ("uptime_ratio", "1"),
]  # fmt: skip


@dataclass
class Told:
    """
    What each command said, in the order of the loop.
    """

    config: Path
    before: bytes = b""
    behaves_before: str = ""
    baseline: Any = None
    findings: Any = None
    plan: Any = None
    decisions: Any = None
    kept: bytes = b""
    behaves_after: str = ""
    report: Any = None
    status: Any = None
    undone: Any = None
    after: bytes = b""
    ledger: Any = None

    def hasten(self, *words: str) -> Any:
        """
        The JSON that a command, in a process of its own, ended well with.
        """
        command = [*HASTEN, *words, "--json", "--config", str(self.config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        assert 0 == done.returncode, f"hasten {' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        assert "" == done.stderr
        return json.loads(done.stdout)

    def behaves(self, checkout: Path) -> tuple[str, bytes]:
        """
        The last line of slowdesk's own tests against the running slowdesk, and the schema of its database.
        """
        with opened(str(self.config), application=True) as app:
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "tests"]
            done = subprocess.run(
                command,
                cwd=checkout / "examples" / "slowdesk",
                env={**os.environ, "SLOWDESK_URL": app.url},
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
            assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-1000:]
            return done.stdout.splitlines()[-1], app.database.schema_dump()


@pytest.fixture(scope="module")
def told(checkout: Path, open_place: Path) -> Told:
    """
    The loop was run once, from the seeded data to the way back.
    """
    for part in (".venv/bin/python", "web/dist/index.html"):
        if not (checkout / "examples" / "slowdesk" / part).exists():
            pytest.fail(f"examples/slowdesk/{part} is not there: run `make setup` first, which makes it")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLOWDESK_PASSWORD", PASSWORD)
        return loop(checkout, open_place / "slowdesk")


def loop(checkout: Path, state_dir: Path) -> Told:
    """
    Each step by the command that a person types.
    """
    config = prepare(state_dir, str(checkout / "examples" / "slowdesk"), SCALE, lambda _title: nullcontext(silent))
    shorten(config, state_dir / "traffic.jsonl")
    told = Told(config)
    told.behaves_before, told.before = told.behaves(checkout)
    told.baseline = told.hasten("baseline")
    told.findings = told.hasten("diagnose")["findings"]
    told.plan = told.hasten("plan")
    told.decisions = told.hasten("apply")["decisions"]
    told.hasten("baseline", "--name", "now")
    told.report = told.hasten("report")
    told.behaves_after, told.kept = told.behaves(checkout)
    told.undone = told.hasten("rollback", "--all")["undone"]
    with opened(str(config), database=True) as app:
        told.after = app.database.schema_dump()
    told.ledger = told.hasten("ledger", "verify")
    told.status = told.hasten("status")
    return told


def silent(_done: float, _what: str) -> None:
    """
    Nobody watches.
    """


def shorten(config: Path, traffic: Path) -> None:
    """
    The demo's hasten.toml asks for a minute instead of four.
    """
    text = config.read_text(encoding="utf-8")
    for long, short in CHANGES.items():
        assert long in text, f"{long} is no longer in examples/slowdesk/hasten.toml"
        text = text.replace(long, short.replace("{traffic}", str(traffic)))
    config.write_text(text, encoding="utf-8")
    lines = [{"path": path, "principal": who, "weight": weight} for path, who, weight in TRAFFIC]
    traffic.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def test_it_behaves_as_before(told: Told) -> None:
    """
    Slowdesk's own tests pass before anything was done, and with the kept changes in place.
    """
    assert "passed" in told.behaves_before
    assert told.behaves_before.split(" in ")[0] == told.behaves_after.split(" in ")[0]


def test_everything_outside_is_measured(told: Told) -> None:
    """
    Every objective has a number; the recorded requests were all replayed.
    """
    values = {each["name"]: each["now"] for each in told.baseline["objectives"]}

    assert [name for name, _ in OBJECTIVES] == list(values)
    assert [] == [name for name, value in values.items() if value is None], told.baseline["missing"]
    assert (0.0, 1.0) == (values["cache_hit_ratio"], values["uptime_ratio"])
    assert 3.9e6 <= values["bundle_bytes"] <= 4.7e6


def test_the_symptoms_are_found_where_they_are(told: Told) -> None:
    """
    Each kind of fault at its place, dearest first, with a cost.
    """
    found = {(each["symptom"], each["where"]["name"]) for each in told.findings}
    assert set() == SYMPTOMS - found

    slow = [each for each in told.findings if each["symptom"] == "slow_statement"]
    assert any("messages" in each["evidence"]["tables"] for each in slow)
    costs = [each["cost_s_per_day"] for each in told.findings]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > 0


def test_the_plan_treats_the_dearest(told: Told) -> None:
    """
    An index on messages (inquiry_id) is among at most two, each with its inverse.
    """
    changes = [each["change"] for each in told.plan["changes"]]

    assert 1 <= len(changes) <= 2
    assert ["inquiry_id"] in [each["after"]["columns"] for each in changes if "messages" in each["after"]["table"]]
    assert [True] * len(changes) == [each["inverse"]["drop"].startswith("DROP INDEX CONCURRENTLY") for each in changes]


def test_what_is_proved_is_kept(told: Told) -> None:
    """
    An index is kept with an interval that excludes no gain, from evidence of grade A; the schema has just those.
    """
    kept = [line for line in told.report["changes"] if line["verdict"] == "KEEP"]

    assert [each["id"] for each in told.decisions if each["decision"]["verdict"] == "KEEP"] == [k["id"] for k in kept]
    assert kept
    for line in kept:
        low, high = line["interval"]
        assert low <= line["effect"] <= high < 1
        assert ("database.indexes", "database", "A") == (line["optimization"], line["phase"], line["grade"])
    added = set(told.kept.splitlines()) - set(told.before.splitlines())
    assert len(kept) == sum(line.startswith(b"CREATE INDEX hasten_") for line in added)


def test_the_report_keeps_its_contract(told: Told) -> None:
    """
    The names, units and kinds that other tools read.
    """
    objectives = told.report["objectives"]

    assert OBJECTIVES == [(each["name"], each["unit"]) for each in objectives]
    for each in objectives:
        assert {"name", "unit", "baseline", "now", "target", "met"} == set(each)
        better = each["now"] >= each["target"] if "ratio" in each["name"] else each["now"] <= each["target"]
        assert better is each["met"]
    for line in told.report["changes"]:
        assert {"id", "optimization", "phase", "verdict", "effect", "interval", "grade"} <= set(line)
        assert line["verdict"] in {"KEEP", "ROLL_BACK", "INCONCLUSIVE"}
    assert told.report["ledger_ok"] is True
    assert {each["name"]: each["now"] for each in told.baseline["objectives"]} == {
        each["name"]: each["baseline"] for each in objectives
    }


def test_the_page_is_there(told: Told) -> None:
    """
    report.html stands alone: it refers to nothing outside of itself.
    """
    page = (told.config.parent / "report.html").read_text(encoding="utf-8")

    assert "<svg" in page
    assert [] == [word for word in ('src="http', 'href="http', "<script src") if word in page]


def test_the_way_back_restores_the_schema(told: Told) -> None:
    """
    Byte for byte; the ledger holds and says so, and nothing is left running.
    """
    assert sorted(told.undone) == sorted(line["id"] for line in told.report["changes"] if line["verdict"] == "KEEP")
    assert told.before == told.after
    assert told.ledger["ok"] is True
    assert {"PLANNED", "ROLLED_BACK"} >= {each["state"] for each in told.status["changes"]}
    assert (["baseline", "now"], [], False) == (
        [each["name"] for each in told.status["measurements"]],
        told.status["running"],
        told.status["needs_recover"],
    )
    assert_no_strays(told.config.parent)


def test_no_secret_is_written_down(told: Told) -> None:
    """
    Neither the accounts' password nor the database's is in any file of the record.
    """
    secrets = [PASSWORD, json.loads((told.config.parent / "pgdata.secret").read_bytes())["password"]]
    if shutil.which("grep") is None:
        pytest.skip("grep is not on this machine")
    places = ["ledger.db", "observations", "operations.jsonl", "report.html", "log"]
    for secret in secrets:
        command = ["grep", "-rlF", "-e", secret, *(str(told.config.parent / place) for place in places)]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (1, "") == (found.returncode, found.stdout), found.stdout + found.stderr
