"""
The faults of slowdesk that the agent's traces should show, each with where its evidence must point to.

FAULTS.md names the symptom of each; a fault counts as found only where the finding names the code or the place that
FAULTS.md names, so that a finding about something else does not pass for it.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hasten.model import Finding
from hasten.noun import to_json

#: The symptoms that are judged here: those of traces and workers.
SYMPTOMS = frozenset({
    "blocked_event_loop", "cacheable_but_uncached", "connection_per_request", "duplicate_statements", "leaking_worker",
    "n_plus_one", "over_fetch", "pool_waits", "repeated_auth", "repeated_upstream_call",
    "sequential_independent_statements", "unused_eager_load",
})  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """
    One fault of FAULTS.md.

    places: what the evidence must name, one of them at least; a file of the code, a route or a word.
    """

    id: str
    symptom: str
    places: tuple[str, ...]

    def proof(self, findings: Iterable[Finding]) -> Finding | None:
        """
        The finding that shows it, or None.
        """
        for finding in findings:
            text = to_json(finding).decode()
            if finding.symptom == self.symptom and any(place in text for place in self.places):
                return finding
        return None


FAULTS = (
    Fault("S1", "repeated_auth", ("auth.py",)),
    Fault("S2", "repeated_auth", ("a new HTTP client every time",)),
    Fault("S3", "cacheable_but_uncached", ("GET /api/dashboard",)),
    Fault("S4", "duplicate_statements", ("system_settings.py",)),
    Fault("S20", "n_plus_one", ("formats.py",)),
    Fault("S21", "n_plus_one", ("routers/customers.py",)),
    Fault("S22", "n_plus_one", ("routers/users.py",)),
    Fault("S29", "sequential_independent_statements", ("routers/analytics.py", "routers/dashboard.py")),
    Fault("S30", "over_fetch", ("routers/users.py", "reports.py")),
    Fault("S31", "over_fetch", ("routers/inquiries.py",)),
    Fault("S33", "connection_per_request", ("auth.py", "routers/")),
    Fault("S34", "blocked_event_loop", ("auth.py current_principal",)),
    Fault("S36", "leaking_worker", ("uvicorn",)),
    Fault("S41", "unused_eager_load", ("routers/customers.py",)),
)


def named(page: Path) -> dict[str, str]:
    """
    The symptom that FAULTS.md names for each fault.
    """
    found = {}
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if re.fullmatch(r"[SF]\d+", cells[0]):
            found[cells[0]] = cells[-1].partition(" →")[0]
    return found


def flattened(traffic: Path) -> str:
    """
    The requests of a working day, the rare ones nearer to the frequent ones: each route needs its traces.
    """
    lines = [json.loads(line) for line in traffic.read_text(encoding="utf-8").splitlines() if line]
    return "".join(f"{json.dumps(line | {'weight': line['weight'] ** 0.5})}\n" for line in lines)
