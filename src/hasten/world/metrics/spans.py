"""
Traced requests as spans of OpenTelemetry's protocol, and the few that wait while a collector does not take them.

A request is a span of kind SERVER, each step of it a child. Steps that ran inside of or beside each other are siblings:
when they were is in them, and nobody guesses who called whom. Hashes of values and of visitors stay here.
"""

import re
from collections import deque
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import hasten
from hasten.trace import Step
from hasten.world.metrics.families import summary_of
from hasten.world.metrics.otlp import attributes
from hasten.world.metrics.push import Export
from hasten.world.traces import TraceFiles, TraceLine

INTERNAL, SERVER, CLIENT = 1, 2, 3
ERROR = 2
#: A collector that is away for longer misses what comes before the newest so many requests.
MOST_WAITING = 2_000
#: Spans of one export: some 600 bytes each, and collectors take 4 MiB.
MOST_AT_ONCE = 4_000
_PLACE = re.compile(r"(.+):([0-9]+) (.+)\Z")


class Spans:
    """
    The traces of one folder on their way to a collector.

    Args:
        files: The traces as they come.
        send: Sends one document.
        resource: Whose they are.

    Attributes:
        dropped: Requests that found no place, or that the collector refuses for good.
    """

    def __init__(self, files: TraceFiles, send: Callable[[dict[str, Any]], Export], resource: dict[str, str]) -> None:
        self._files = files
        self._send = send
        self._resource = resource
        self._waiting: deque[TraceLine] = deque()
        self.dropped = 0

    def export(self) -> Export:
        """
        Everything that was traced until now has been taken, or what became of the first export that was not.
        """
        for trace in self._files.read():
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(trace)
        export = Export(is_taken=True)
        while self._waiting and export.is_taken:
            batch = self._batch()
            export = self._send(document(batch, self._resource))
            if not export.is_taken and export.wait_s is None:
                # Refused for good: the next try would be refused as well, and keep all others from being taken.
                self.dropped += len(batch)
            if export.is_taken or export.wait_s is None:
                for _ in batch:
                    self._waiting.popleft()
        return export

    def _batch(self) -> list[TraceLine]:
        batch: list[TraceLine] = []
        spans = 0
        for trace in self._waiting:
            spans += 1 + len(trace.steps)
            if batch and spans > MOST_AT_ONCE:
                break
            batch.append(trace)
        return batch


def document(traces: list[TraceLine], resource: dict[str, str]) -> dict[str, Any]:
    """
    The request that exports these traces.
    """
    spans = [span for trace in traces for span in _spans(trace)]
    scope = {"scope": {"name": "hasten", "version": hasten.__version__}, "spans": spans}
    return {"resourceSpans": [{"resource": {"attributes": attributes(resource.items())}, "scopeSpans": [scope]}]}


def _spans(trace: TraceLine) -> list[dict[str, Any]]:
    # The same trace has the same id however often it is sent, so that none is there twice.
    seed = f"{trace.pid} {trace.at!r} {trace.method} {trace.route} {trace.duration_ns} {trace.asked}".encode()
    trace_id, start = blake2b(seed, digest_size=16).hexdigest(), round(trace.at * 1e6) * 1_000
    root = {
        **_span(trace_id, "root", (start, trace.duration_ns), f"{trace.method} {trace.route}", SERVER),
        "attributes": [
            *attributes([("http.request.method", trace.method), ("http.route", trace.route)]),
            _number("http.response.status_code", trace.status),
            _number("process.pid", trace.pid),
            *([_number("hasten.steps.left_out", trace.left_out)] if trace.left_out else []),
        ],
    }
    if trace.status >= 500:
        root["status"] = {"code": ERROR}
    return [root, *(_child(trace, step, number, root, start) for number, step in enumerate(trace.steps))]


def _child(trace: TraceLine, step: Step, number: int, root: dict[str, Any], start: int) -> dict[str, Any]:
    name = trace.names[step.name]
    title, kind, about = _described(step, name)
    moment = (start + step.offset_ns, step.duration_ns)
    return {
        **_span(root["traceId"], str(number), moment, title, kind),
        "parentSpanId": root["spanId"],
        "attributes": [*about, *(_code(trace.names[step.stack[0]]) if step.stack else [])],
    }


def _described(step: Step, name: str) -> tuple[str, int, list[dict[str, Any]]]:
    """
    The title, the kind and the attributes of a step.
    """
    if step.kind == "db":
        # What stands in parentheses is the agent's own word for others.
        operation = "" if name.startswith("(") else name.split(" ", 1)[0].upper()
        summary = summary_of(operation, name)
        about = [("db.system.name", "postgresql"), ("db.query.text", name), ("db.query.summary", summary)]
        rows = [_number("db.response.returned_rows", step.rows)] if step.rows >= 0 else []
        return summary, CLIENT, [*attributes(about), *rows]
    if step.kind == "redis":
        return name, CLIENT, attributes([("db.system.name", "redis"), ("db.operation.name", name)])
    if step.kind == "http":
        status = [_number("http.response.status_code", step.rows)] if step.rows > 0 else []
        return name, CLIENT, [*attributes([("http.request.method", name.split(" ", 1)[0])]), *status]
    return f"{step.kind} {name}", INTERNAL, attributes([("hasten.step.kind", step.kind)])


def _code(place: str) -> list[dict[str, Any]]:
    found = _PLACE.fullmatch(place)
    if found is None:
        return attributes([("code.function.name", place)])
    file, line, function = found.groups()
    about = attributes([("code.file.path", file), ("code.function.name", function)])
    return [*about, _number("code.line.number", int(line))]


def _span(trace_id: str, which: str, moment: tuple[int, int], name: str, kind: int) -> dict[str, Any]:
    start, duration = moment
    return {
        "traceId": trace_id,
        "spanId": blake2b(f"{trace_id} {which}".encode(), digest_size=8).hexdigest(),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + duration),
    }


def _number(key: str, value: int) -> dict[str, Any]:
    return {"key": key, "value": {"intValue": str(value)}}
