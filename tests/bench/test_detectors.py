"""
What the benchmark of the detectors expects is what FAULTS.md says.
"""

import json
from pathlib import Path

import pytest
from bench.detectors.answers import differing
from bench.detectors.faults import FAULTS, SYMPTOMS, Fault, flattened, named

from hasten.diagnose import catalogue
from hasten.model import Finding, Where

SLOWDESK = Path(__file__).resolve().parents[2] / "examples" / "slowdesk"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_a_fault_has_the_symptom_that_its_page_names(fault: Fault) -> None:
    """
    And a detector of that name exists.
    """
    assert named(SLOWDESK / "FAULTS.md")[fault.id] == fault.symptom
    assert fault.symptom in SYMPTOMS


def test_what_is_judged_is_in_the_catalogue() -> None:
    """
    Each symptom is a file; those that read traces or workers are all judged.
    """
    inside = {name for name, each in catalogue().items() if {"traces", "workers"} & set(each.about.reads)}

    assert SYMPTOMS - {"n_plus_one", "duplicate_statements"} == inside


def test_a_finding_about_something_else_is_no_proof() -> None:
    """
    The right symptom at the wrong place does not count.
    """
    fault = Fault("S0", "n_plus_one", ("routers/users.py",))
    at = [
        Finding(symptom="n_plus_one", where=Where(kind="statement", name=place), cost_s_per_day=1.0, says="")
        for place in ("routers/orders.py", "routers/users.py")
    ]

    assert (None, at[1]) == (fault.proof(at[:1]), fault.proof(at))


def test_rare_requests_come_nearer_to_frequent_ones(tmp_path: Path) -> None:
    """
    All of them, with the root of their weight.
    """
    path = tmp_path / "traffic.jsonl"
    path.write_text('{"path": "/a", "weight": 9}\n{"path": "/b", "weight": 1}\n')

    assert [3.0, 1.0] == [json.loads(line)["weight"] for line in flattened(path).splitlines()]


def test_different_answers_are_named() -> None:
    """
    By what was asked, and as whom.
    """
    one = {("agent", "/a"): (200, {"b": 1}), ("agent", "/c"): (200, {})}

    assert ["/a as agent"] == differing(one, {**one, ("agent", "/a"): (200, {"b": 2})})
