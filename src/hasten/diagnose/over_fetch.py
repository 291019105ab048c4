"""
A request fetches much more from the database than it answers with.

What it means: rows or columns are loaded to be counted, filtered or thrown away in the application.
Why it costs: the server reads and sends them, the driver and the ORM make objects of them, and memory holds them.
How it is found: rows received by followed requests × the mean width of the columns that their statements select,
    against the bytes of the answer before compression. As text a value takes at least the bytes that the database
    stores for it and two more (numbers and moments are counted as two), and its name besides, so what is fetched
    beyond the answer's bytes cannot be in the answer. Cost: requests per day × the time of these statements × the
    share of their bytes beyond the answer's.
Minimum support: three requests of the route; a fifth more than the answer has, and 10 kB, in their mean.
What could be wrong: an answer may be computed from many rows on purpose, where the database could not do it. Widths are
    the table's mean. Only answers to GET in text are judged, and only rows of tables whose columns are known; columns
    that are computed count nothing.
"""

from collections import defaultdict
from functools import partial

from hasten.diagnose import _http, _traces, _words, cost
from hasten.diagnose._traces import Followed
from hasten.diagnose.about import About
from hasten.evidence import Observation, TableProfile
from hasten.model import Finding, Where
from hasten.sql import StatementShape, read_statement
from hasten.target import Target
from hasten.trace import Seen

about = About(
    symptom="over_fetch",
    title="Much more is fetched than is answered",
    phase=2,
    place='the route, "GET /api/users"',
    reads=("traces", "tables"),
    minimum={"requests": 3, "ratio": 1.2, "excess_bytes": 10_000},
    treated_by=("database.query_rewrites",),
)

#: PostgreSQL's numbers, flags and moments have a fixed width up to this.
_NUMBER_BYTES = 8

Widths = dict[str, dict[str, int]]


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per route.
    """
    widths = {table.name: _widths(table) for table in observation.tables}
    found = []
    for route, requests in _traces.followed(observation).items():
        expansion = _expansion(route, observation)
        # An answer without a body, as 304 is, says nothing of what was made for it.
        good = [each for each in requests if each.trace.status == 200 and not each.trace.left_out]
        if expansion is None or not route.startswith("GET ") or len(good) < about.minimum["requests"]:
            continue
        finding = _of_route(route, good, expansion, widths, observation)
        if finding is not None:
            found.append(finding)
    return found


def _widths(table: TableProfile) -> dict[str, int]:
    """
    The least bytes of each column's mean value in an answer: a number is a digit and a comma, a text has two quotes and
    a comma where the database has a byte for its length.
    """
    widths = {column.name: column.width_bytes or 0 for column in table.columns}
    return {name: (width + 2 if width > _NUMBER_BYTES else 2) if width else 0 for name, width in widths.items()}


def _expansion(route: str, observation: Observation) -> float | None:
    """
    Bytes of text per byte that the application sends; None where the answer is no text, or none of it is known.
    """
    for sample in _http.typical_responses(observation):
        if sample.route == route:
            headers = _http.as_mapping(sample.headers)
            if not _http.is_compressible(headers) or not sample.wire_bytes:
                return None
            return max(1.0, sample.body_bytes / sample.wire_bytes) if _http.is_compressed(headers) else 1.0
    return None


def _of_route(
    route: str, requests: list[Followed], expansion: float, widths: Widths, observation: Observation
) -> Finding | None:
    fetched: dict[str, list[tuple[Seen, float]]] = defaultdict(list)
    for request in requests:
        for step in request.questions:
            if not step.is_auth and step.rows > 0:
                fetched[step.name].append((step, step.rows * row_bytes(step.name, widths)))
    all_bytes = sum(size for steps in fetched.values() for _, size in steps) / len(requests)
    answer_bytes = sum(each.trace.sent_bytes for each in requests) * expansion / len(requests)
    excess = all_bytes - answer_bytes
    if excess < about.minimum["excess_bytes"] or all_bytes < about.minimum["ratio"] * answer_bytes:
        return None
    dearest = sorted(fetched.items(), key=lambda item: -sum(size for _, size in item[1]))
    seconds = sum(step.seconds for steps in fetched.values() for step, size in steps if size) / len(requests)
    avoidable_s = seconds * excess / all_bytes
    line = partial(_line, requests=len(requests))
    place = _traces.most_common(step.place for step, _ in dearest[0][1])
    per_day = cost.requests_per_day(route, observation)
    return Finding(
        symptom=about.symptom,
        where=Where(kind="route", name=route),
        cost_s_per_day=cost.cost_s_per_day(per_day, avoidable_s),
        says=f"{route} fetches {_words.size(all_bytes)} to answer with {_words.size(answer_bytes)}"
        + (f"; the most at {place}" if place else "")
        + f": {_words.statement(dearest[0][0], 120)}",
        evidence={
            "fetched_bytes": round(all_bytes),
            "answer_bytes": round(answer_bytes),
            "statements": [line(name, steps) for name, steps in dearest[:5]],
            "requests_followed": len(requests),
            "requests_per_day": round(per_day, 1),
            "avoidable_s": round(avoidable_s, 6),
        },
    )


def _line(name: str, steps: list[tuple[Seen, float]], *, requests: int) -> dict[str, object]:
    return {
        "statement": _words.statement(name, 200),
        "caller": _traces.most_common(step.place for step, _ in steps),
        "rows_per_request": round(sum(step.rows for step, _ in steps) / requests, 1),
        "bytes_per_request": round(sum(size for _, size in steps) / requests),
    }


def row_bytes(name: str, widths: Widths) -> int:
    """
    The mean bytes of one row of a statement's answer, as far as it consists of columns of known tables.
    """
    shape = _read(name, widths)
    if shape.unknown or shape.has_aggregate or shape.has_group_by or shape.has_set_operation:
        return 0
    total = 0
    for use in shape.uses:
        if use.in_subquery or use.aggregated or use.role != "read":
            continue
        columns = widths.get(use.table, {})
        chosen = list(columns) if use.selects_all else use.selected
        total += sum(columns.get(column, 0) for column in chosen)
    return total


def _read(name: str, widths: Widths) -> StatementShape:
    shape = _traces.shape_of(name)
    if not shape.unresolved:
        return shape
    return read_statement(shape.text, {table: list(columns) for table, columns in widths.items()})
