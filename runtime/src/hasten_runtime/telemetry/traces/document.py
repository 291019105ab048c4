"""
A trace as a line of JSON.

Names (statements, places of the code) are written once per trace, and steps refer to them by number. Here, and only
here, the text of a statement becomes its fingerprint; the text itself is forgotten with the trace.
"""

import json
import os
import time
from typing import Any

from hasten_runtime import TELEMETRY_VERSION
from hasten_runtime.telemetry.fingerprint import fingerprint
from hasten_runtime.telemetry.traces import relations, stalls
from hasten_runtime.telemetry.traces.digest import keyed
from hasten_runtime.telemetry.traces.trace import Step, Trace

#: Texts whose fingerprints are known, by their hash.
MOST_TEXTS = 1_000
#: Steps that become JSON in one go: other threads have their turn in between.
AT_ONCE = 200
_fingerprints: dict[int, str] = {}


def pieces(trace: Trace) -> list[str]:
    """
    The line, in pieces; the last ends it.
    """
    names: dict[str, int] = {}
    told = stalls.outermost([*trace.steps, *relations.steps(trace)])
    stalls.count_all(told)
    steps = [_step(each, trace.began_ns, names) for each in told]
    head = {**_head(trace), "names": list(names)}
    found = [json.dumps(head, separators=(",", ":"))[:-1] + ',"steps":[']
    for first in range(0, len(steps), AT_ONCE):
        if first:
            time.sleep(0)
        comma = "," if first else ""
        found.append(comma + json.dumps(steps[first : first + AT_ONCE], separators=(",", ":"))[1:-1])
    found.append('],"left_out":' + str(trace.left_out) + "}\n")
    return found


def _head(trace: Trace) -> dict[str, Any]:
    return {
        "version": TELEMETRY_VERSION,
        "at": trace.at,
        "pid": os.getpid(),
        "thread": trace.thread,
        "http.route": trace.route,
        "http.request.method": trace.method,
        "http.response.status_code": trace.status,
        "duration_ns": trace.ended_ns - trace.began_ns,
        "cpu_ns": trace.cpu_ns,
        "sent_bytes": trace.sent_bytes,
        "identity": trace.identity,
        "asked": trace.asked,
        "answer": _answer(trace),
        "cache_control": trace.cache_control,
        "sets_cookie": trace.sets_cookie,
    }


def _answer(trace: Trace) -> str:
    if trace.pieces is None:
        return ""
    digest = keyed(b"%d " % trace.status)
    for piece in trace.pieces:
        digest.update(piece)
    found: str = digest.hexdigest()
    return found


def _step(step: Step, began_ns: int, names: dict[str, int]) -> list[Any]:
    kind, from_ns, to_ns, name, detail, rows, frames = step
    places = [names.setdefault(f"{file}:{line} {function}", len(names)) for file, line, function in frames]
    number = names.setdefault(_statement(name) if kind == "db" else str(name), len(names))
    return [kind, max(0, from_ns - began_ns), to_ns - from_ns, number, detail, rows, places]


def _statement(query: Any) -> str:
    key = hash(query)
    found = _fingerprints.get(key)
    if found is None:
        if len(_fingerprints) >= MOST_TEXTS:
            _fingerprints.clear()
        text = query if isinstance(query, str) else bytes(query[:10_000]).decode("utf-8", "replace")
        found = _fingerprints[key] = fingerprint(text).encode("utf-8", "replace").decode()
    return found
