"""
Recorded statements as the advisor reads them.
"""

from hasten.evidence import Observation, StatementProfile, StatementSample, TableProfile
from hasten.model import Finding, Where, now
from hasten.optimize.database._indexes.workload import SAMPLES_PRICED, statements_of, touched_by


def sample(text: str, *parameters: str, seconds: float = 0.01) -> StatementSample:
    """
    One recorded execution.
    """
    return StatementSample(at=now(), query_id="q", text=text, parameters=list(parameters), seconds=seconds)


def profile(name: str, text: str, total_s: float, *samples: StatementSample) -> StatementProfile:
    """
    A recorded statement.
    """
    return StatementProfile(query_id=name, text=text, calls=1, total_s=total_s, mean_s=total_s, samples=list(samples))


def test_the_dearest_comes_first_and_what_cannot_be_read_is_left_out() -> None:
    """
    Utilities and unreadable texts are no work for an index.
    """
    seen = Observation(
        name="o",
        statements=[
            profile("small", "SELECT * FROM t WHERE a = $1", 1.0),
            profile("commit", "COMMIT", 9.0),
            profile("broken", "SELEC * FROM", 9.0),
            profile("big", "SELECT * FROM t WHERE b = $1", 5.0),
        ],
        tables=[TableProfile(name="t", rows=1, size_bytes=1)],
    )

    assert ["big", "small"] == [each.query_id for each in statements_of(seen)]


def test_the_logged_text_tells_the_literals() -> None:
    """
    pg_stat_statements has $1 for the key of a JSON value; an index on the expression needs the key.
    """
    logged = sample("SELECT * FROM t WHERE payload ->> 'kind' = $1", "x")
    seen = Observation(name="o", statements=[profile("q", "SELECT * FROM t WHERE payload ->> $1 = $2", 1.0, logged)])

    assert ["payload ->> 'kind'"] == [each.expression for each in statements_of(seen)[0].shape.uses[0].expressions]


def test_a_slow_statement_is_timed_once() -> None:
    """
    Planned with several parameters, run with the middle ones.
    """
    slow = [sample("SELECT $1", str(n), seconds=1.0 + n) for n in range(9)]
    fast = [sample("SELECT $1", str(n), seconds=0.01 + n / 1000) for n in range(9)]
    seen = Observation(
        name="o", statements=[profile("s", "SELECT $1", 2.0, *slow), profile("f", "SELECT $1", 1.0, *fast)]
    )
    found = statements_of(seen)

    assert [SAMPLES_PRICED, SAMPLES_PRICED] == [len(each.samples) for each in found]
    assert [["4"], ["0", "4", "8"]] == [[one.parameters[0] for one in each.timed] for each in found]


def test_findings_name_statements_or_tables() -> None:
    """
    By where they are, or by their evidence.
    """
    seen = Observation(
        name="o",
        statements=[
            profile("a", "SELECT * FROM t", 3.0),
            profile("b", "SELECT * FROM u", 2.0),
            profile("c", "SELECT * FROM v", 1.0),
        ],
    )

    def finding(kind: str, name: str, **evidence: object) -> Finding:
        return Finding(
            symptom="s", where=Where(kind=kind, name=name), cost_s_per_day=1.0, says="", evidence=dict(evidence)
        )

    findings = [finding("table", "t"), finding("route", "GET /x", query_ids=["c"])]

    assert ["a", "c"] == [each.query_id for each in touched_by(findings, statements_of(seen))]
    assert ["b"] == [each.query_id for each in touched_by([finding("statement", "b")], statements_of(seen))]
