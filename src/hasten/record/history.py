"""
What the ledger says, put together: the state of each change, the observations, the findings.

Everything here is computed from entries alone, so documents and pages are views and nobody keeps them by hand.
"""

from datetime import datetime
from typing import Any

import msgspec

from hasten.evidence import Observation
from hasten.model import Change, Decision, Entry, Finding, Measurement, Noise, Noun, Step, Trial, Verdict
from hasten.workload import Workload

#: Arenas in which the live application has something of the change: the clone and the instance are its own.
LIVE_ARENAS = ("split", "switch-back", "live")
#: What was said about a change and does not move it.
_SAID = (Step.APPROVED, Step.WITHDRAWN)
#: After these nothing of the change is in the world.
_GONE = (Step.PLANNED, Step.ROLLED_BACK)


class ChangeState(Noun, frozen=True, kw_only=True):
    """
    One change and how far it came.
    """

    change: Change
    step: Step
    arena: str = ""
    trial: Trial | None = None
    decision: Decision | None = None
    reason: str = ""
    planned_seq: int = 0
    last_seq: int = 0
    at: datetime | None = None
    has_been_live: bool = False
    kept_seq: int = 0
    planned_under: Workload | None = None

    @property
    def is_kept(self) -> bool:
        """
        The change belongs in the world.
        """
        return self.step is Step.KEPT

    @property
    def has_failed(self) -> bool:
        """
        It was judged and has gone back; one that was undone on request has not failed.
        """
        judged = self.decision is not None and self.decision.verdict is not Verdict.KEEP
        return self.step is Step.ROLLED_BACK and judged

    @property
    def is_settled(self) -> bool:
        """
        Nothing is left to do: it is kept, rolled back, or was only planned.
        """
        return self.step is Step.KEPT or self.step in _GONE


class Measured(Noun, frozen=True, kw_only=True):
    """
    One run of the probes as the ledger holds it.
    """

    seq: int
    at: datetime
    name: str
    observation: str
    objectives: dict[str, float | None]
    details: dict[str, Any] = {}
    measurements: list[Measurement] = []
    missing: dict[str, str] = {}


def changes(entries: list[Entry]) -> list[ChangeState]:
    """
    Every change that was ever planned, in the order of its latest planning, with its present state.
    """
    states: dict[str, ChangeState] = {}
    for entry in entries:
        if entry.step is Step.PLANNED:
            change = msgspec.convert(entry.body["change"], Change)
            states.pop(change.id, None)
            states[change.id] = ChangeState(
                change=change, step=Step.PLANNED, planned_seq=entry.seq, last_seq=entry.seq, at=entry.at,
                planned_under=msgspec.convert(entry.body.get("workload"), Workload | None),
            )  # fmt: skip
        elif entry.step not in _SAID and entry.body.get("change") in states:
            states[entry.body["change"]] = _moved(states[entry.body["change"]], entry)
    return list(states.values())


def _moved(state: ChangeState, entry: Entry) -> ChangeState:
    body = entry.body
    moved: dict[str, Any] = {"last_seq": entry.seq, "at": entry.at}
    if entry.step is not Step.RECOVERED:
        moved["step"] = entry.step
    if entry.step is Step.KEPT:
        moved["kept_seq"] = entry.seq
    if entry.step is Step.APPLIED:
        moved["arena"] = body["arena"]
        moved["has_been_live"] = state.has_been_live or body["arena"] in LIVE_ARENAS
    if "trial" in body and body.get("arena") != "live":
        moved["trial"] = msgspec.convert(body["trial"], Trial)
    if "decision" in body:
        moved["decision"] = msgspec.convert(body["decision"], Decision)
    if "reason" in body:
        moved["reason"] = body["reason"]
    return msgspec.structs.replace(state, **moved)


def find_change(entries: list[Entry], prefix: str) -> list[ChangeState]:
    """
    The changes whose id starts with `prefix`.
    """
    return [state for state in changes(entries) if state.change.id.startswith(prefix)]


class Tried(Noun, frozen=True, kw_only=True):
    """
    A trial as it was recorded, with the decision that followed from it.
    """

    seq: int
    at: datetime
    trial: Trial
    decision: Decision


def tried(entries: list[Entry], change: str) -> Tried | None:
    """
    The latest trial of a change that decided about it; the look at the live application is none.
    """
    for entry in reversed(entries):
        body = entry.body
        if entry.step is Step.TRIED and body.get("change") == change and "trial" in body and "decision" in body:
            return msgspec.convert(
                {"seq": entry.seq, "at": entry.at, "trial": body["trial"], "decision": body["decision"]}, Tried
            )
    return None


def verified(entries: list[Entry], prefix: str) -> Tried | None:
    """
    The latest verdict on a command that a person gave, whose trial has an id like that.
    """
    for entry in reversed(entries):
        body = entry.body
        if entry.step is Step.VERIFIED and prefix and str(body["trial"]["change"]).startswith(prefix):
            return msgspec.convert(
                {"seq": entry.seq, "at": entry.at, "trial": body["trial"], "decision": body["decision"]}, Tried
            )
    return None


def latest_noise(entries: list[Entry], arena: str) -> Noise | None:
    """
    What control against control said last in this arena, with its blocks; also for what was judged by hand.
    """
    for entry in reversed(entries):
        trial = entry.body.get("trial", {})
        where = entry.body.get("arena", trial.get("arena"))
        if entry.step not in (Step.TRIED, Step.VERIFIED) or where != arena:
            continue
        noise = trial.get("noise")
        if noise and noise.get("blocks"):
            return msgspec.convert(noise, Noise)
    return None


def kept_in_run(entries: list[Entry]) -> list[bool]:
    """
    For each trial that was looked at since the last measurement, whether it ended in KEEP.
    """
    found: list[bool] = []
    for entry in entries:
        if entry.step is Step.MEASURED:
            found = []
        elif entry.step is Step.TRIED and "decision" in entry.body and entry.body.get("trial", {}).get("looks"):
            found.append(entry.body["decision"]["verdict"] == Verdict.KEEP)
    return found


def measured(entries: list[Entry]) -> list[Measured]:
    """
    All runs of the probes, oldest first.
    """
    return [
        msgspec.convert({"seq": entry.seq, "at": entry.at, **entry.body}, Measured)
        for entry in entries
        if entry.step is Step.MEASURED
    ]


def findings(entries: list[Entry]) -> list[Finding]:
    """
    The latest diagnosis, dearest first.
    """
    for entry in reversed(entries):
        if entry.step is Step.DIAGNOSED:
            return msgspec.convert(entry.body["findings"], list[Finding])
    return []


def measured_body(
    observation: Observation, objectives: dict[str, float | None], details: dict[str, Any]
) -> dict[str, Any]:
    """
    What the ledger keeps of an observation: the numbers; the raw evidence stays in its file under the same digest.
    """
    return {
        "name": observation.name,
        "observation": observation.id,
        "objectives": objectives,
        "details": details,
        "measurements": msgspec.to_builtins(observation.measurements),
        "missing": observation.missing,
    }
