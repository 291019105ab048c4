"""
The points of the matrix: where a run is killed, for every kind of change, and for a schema's without clones as well.
"""

from dataclasses import dataclass
from enum import StrEnum

from hasten.model import Kind

#: Entries that carrying out a kept change writes: APPLIED in the arena, TRIED, APPLIED live, TRIED live, KEPT.
ENTRIES = 5


class Patient(StrEnum):
    """
    An application of the matrix: one for each kind of change, and one whose schema is tried on the live database.
    """

    SCHEMA = "schema"
    SWITCH_BACK = "switch-back"
    FILES = "files"
    PROCESS = "process"
    POLICY = "policy"

    @property
    def kind(self) -> Kind:
        """
        The kind of its change.
        """
        return Kind.SCHEMA if self is Patient.SWITCH_BACK else Kind(self.value)


@dataclass(frozen=True)
class Point:
    """
    One moment of one kind of change.

    says: for people. is_quick: part of the suite's own tests too.
    """

    patient: Patient
    says: str
    moment: str
    is_quick: bool = False

    @property
    def is_of_a_kept_change(self) -> bool:
        """
        Whether the run is one of the way back.
        """
        return self.moment.startswith("rollback:")

    @property
    def kills_hasten(self) -> bool:
        """
        Whether it is Hasten that dies, and not a server.
        """
        return not self.moment.startswith("server:")


def points() -> list[Point]:
    """
    Every point, patient by patient.
    """
    return [
        point
        for patient in Patient
        for point in [*_boundaries(patient), *(_point(patient, line) for line in _STEPS[patient])]
    ]


def _boundaries(patient: Patient) -> list[Point]:
    around = [
        Point(patient, f"{when} entry {number} of {ENTRIES}", f"{when}:{number}")
        for number in range(1, ENTRIES + 1)
        for when in ("before", "after")
    ]
    heads = [Point(patient, f"entry {n} written, its head not", f"head:{n}") for n in (1, 3, 5)]
    back = [Point(patient, f"going back, {when} its entry", f"rollback:{when}:1") for when in ("before", "after")]
    return [*around, *heads, *back, Point(patient, "in the middle of the trial", "trial")]


def _point(patient: Patient, line: str) -> Point:
    """
    A line of the list below: `MOMENT what it is`, with a star before it when it is quick.
    """
    moment, _, says = line.lstrip("*").partition(" ")
    return Point(patient, says, moment, is_quick=line.startswith("*"))


_STEPS = {
    Patient.SCHEMA: [
        "building while the index is built",
        "rollback:building going back, while the index is dropped",
        "rollback:head:1 going back, entry written, its head not",
        "server:postgres PostgreSQL dies in the trial",
        "server:clone a clone's PostgreSQL dies in the trial",
        "server:web the application dies in the trial",
    ],
    Patient.SWITCH_BACK: [
        "call:switch:before:1 in the trial, before the index is made for the first time",
        "*call:switch:after:1 in the trial, the index made for the first time",
        "call:switch:after:2 in the trial, the index gone again",
        "call:switch:after:7 in the trial, switched back and forth",
        "building in the trial, while the index is built",
        "rollback:building going back, while the index is dropped",
        "server:postgres PostgreSQL dies in the trial",
        "server:web the application dies in the trial",
    ],
    Patient.FILES: [
        "call:folder:after:1 a folder made, nothing in it",
        "call:write:before:1 in the middle of the first file",
        "call:stage:after:1 one of four new files written beside",
        "call:stage:after:4 all new files written beside",
        "call:remove:after:1 one of five files done (removed)",
        "call:settle:after:1 two of five files done",
        "*call:settle:after:2 three of five files done",
        "call:settle:after:3 four of five files done",
        "call:settle:after:4 all files done, not yet looked at",
        "rollback:call:write:before:1 going back, in the middle of the first file",
        "rollback:call:stage:after:2 going back, old files written beside",
        "*rollback:call:settle:after:1 going back, one of five files done",
        "rollback:call:remove:after:1 going back, two of five files done",
        "rollback:call:remove:after:3 going back, four of five files done",
        "rollback:call:settle:after:2 going back, all files done, folder left",
        "server:candidate-cache Valkey dies in the trial",
        "server:candidate-web the candidate dies in the trial",
        "server:web the application dies in the trial",
    ],
    Patient.PROCESS: [
        "call:start:before:1 before the new one is started beside",
        "call:ready:before:1 the new one runs beside, not ready",
        "call:stop:before:1 the new one is ready beside",
        "call:write:before:1 in the middle of processes.json",
        "call:settle:before:1 processes.json written beside",
        "call:settle:after:1 written down, the old one runs",
        "*call:stop:after:2 the old one stopped, the new one not started",
        "call:ready:before:2 the new one started, not ready",
        "call:start:after:2 the new one is ready, not yet looked at",
        "rollback:call:remove:before:1 going back, before the override is removed",
        "rollback:call:remove:after:1 going back, written down, the new one runs",
        "*rollback:call:stop:after:1 going back, none runs",
        "rollback:call:ready:before:1 going back, the old one started, not ready",
        "rollback:call:start:after:1 going back, the old one is ready",
        "server:candidate-web the candidate dies in the trial",
        "server:web the application dies in the trial",
    ],
    Patient.POLICY: [
        "call:write:before:1 in the middle of policy.json",
        "call:settle:before:1 policy.json written beside",
        "*call:settle:after:1 the policy in force, its revision not kept",
        "call:settle:after:2 the revision kept, not yet looked at",
        "rollback:call:settle:before:1 going back, written beside",
        "rollback:call:settle:after:1 going back, the policy in force, its revision not kept",
        "rollback:call:settle:after:2 going back, the revision kept",
        "server:web the application dies in the trial",
    ],
}
