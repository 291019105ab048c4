"""
The diagnosis: ranked, with what was ignored, what could not be said, and rules that match nothing.
"""

import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from hasten import diagnose as package
from hasten.diagnose import About, catalogue, diagnose
from hasten.diagnose._manual import HEADINGS
from hasten.errors import NoData
from hasten.model import Finding, Where, from_json, to_json
from hasten.target import Ignore, Target


def symptom(name: str, *findings: Finding, fails: str = "", reads: tuple[str, ...] = ()) -> Any:
    """
    A symptom that finds what it is given.
    """

    def find(observation: Any, target: Target) -> list[Finding]:
        if fails:
            raise NoData(fails)
        return list(findings)

    return SimpleNamespace(about=About(symptom=name, title=name, phase=1, place="the table", reads=reads), find=find)


def finding(name: str, where: str, cost: float) -> Finding:
    """
    A finding on a table.
    """
    return Finding(symptom=name, where=Where(kind="table", name=where), cost_s_per_day=cost, says="…")


def target(**rule: str) -> Target:
    """
    A target with one [[ignore]].
    """
    return Target(ignore=[Ignore(**({"reason": "known"} | rule))])


CHEAP, DEAR = finding("one", "messages (at)", 3.0), finding("two", "inquiries (status)", 8.0)
BOTH = {"one": symptom("one", CHEAP), "two": symptom("two", DEAR)}


def test_the_dearest_comes_first(observed: Any) -> None:
    """
    Findings of all symptoms in one list, by seconds per day.
    """
    assert [DEAR, CHEAP] == diagnose(observed(), Target(), BOTH).findings


def test_an_ignored_finding_is_kept_apart_with_its_reason(observed: Any) -> None:
    """
    It is not in the list any more, and not forgotten.
    """
    found = diagnose(observed(), target(symptom="one", where="messages*"), BOTH)

    assert ([DEAR], [(CHEAP, "known")], []) == (found.findings, found.ignored, found.stale)


def test_an_ignore_without_a_place_accepts_the_symptom_everywhere(observed: Any) -> None:
    """
    `where` may be left out.
    """
    assert [(CHEAP, "known")] == diagnose(observed(), target(symptom="one"), BOTH).ignored


def test_an_ignore_that_matches_nothing_is_stale(observed: Any) -> None:
    """
    The finding it was written for is gone: so can the rule.
    """
    found = diagnose(observed(), target(symptom="one", where="customers*"), BOTH)

    assert ["[[ignore]] of one at 'customers*' matches nothing any more; it can go"] == found.stale


def test_an_ignore_of_an_unknown_symptom_is_told_with_a_guess(observed: Any) -> None:
    """
    A slip of the pen is never a silent rule.
    """
    found = diagnose(observed(), target(symptom="missing_indexes"))

    assert ["[[ignore]] names the symptom 'missing_indexes', which does not exist; did you mean 'missing_index'?"] == (
        found.stale
    )


def test_an_ignore_of_a_silent_symptom_is_not_stale(observed: Any) -> None:
    """
    Nothing was found because nothing could be seen.
    """
    found = diagnose(observed(), target(symptom="one"), {"one": symptom("one", fails="no log")})

    assert ({"one": "no log"}, []) == (found.silent, found.stale)


def test_missing_evidence_is_told_with_the_probe_s_reason(observed: Any) -> None:
    """
    No data is not good news.
    """
    blind = observed(responses=[], pages=[], missing={"pages": "there is no browser"})
    found = diagnose(blind, Target(), {"one": symptom("one", reads=("responses", "pages"))})

    assert {"one": "the API's answers were not measured; pages were not measured (there is no browser)"} == found.silent


def test_a_missing_detail_is_told_beside_findings(observed: Any) -> None:
    """
    Half an answer is told as half.
    """
    partly = observed(missing={"statements.percentiles": "the log may not be read"})
    found = diagnose(partly, Target(), {"one": symptom("one", CHEAP, reads=("statements",))})

    assert ([CHEAP], {"one": "the log may not be read"}) == (found.findings, found.silent)


def test_an_empty_observation_is_silence_everywhere_and_no_health(observed: Any) -> None:
    """
    Every symptom of the catalogue says that it could not look.
    """
    empty = observed(
        measurements=[], responses=[], statements=[], tables=[], indexes=[], pages=[], bundle=None, requests_per_day={},
        traces=None, workers=[],
    )  # fmt: skip
    found = diagnose(empty, Target())

    assert [] == found.findings
    assert set(catalogue()) == set(found.silent)


def test_a_healthy_application_has_no_findings(observed: Any) -> None:
    """
    Nothing is found in the help desk that the other tests make ill, and nothing is silent.
    """
    found = diagnose(observed(), Target())

    assert ([], {}) == (found.findings, found.silent)


def test_a_diagnosis_survives_json(observed: Any, make: Any) -> None:
    """
    It goes into the ledger and comes back.
    """
    ill = make.statement("SELECT 1 FROM inquiries WHERE assignee_id = $1", plan=make.seq_scan("(assignee_id = 7)", 450))
    found = diagnose(observed(statements=[ill]), target(symptom="slow_statement"))

    assert found == from_json(to_json(found), package.Diagnosis)
    assert 1 == len(found.ignored)


def test_the_same_observation_gives_the_same_diagnosis(observed: Any, make: Any) -> None:
    """
    Nothing but the observation is read, and it is not changed.
    """
    ill = make.statement("SELECT 1 FROM inquiries WHERE assignee_id = $1", plan=make.seq_scan("(assignee_id = 7)", 450))
    seen = observed(statements=[ill])
    before = to_json(seen)

    assert to_json(diagnose(seen, Target())) == to_json(diagnose(seen, Target()))
    assert before == to_json(seen)


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_every_symptom_is_a_page_of_the_manual(name: str) -> None:
    """
    The file's name is the symptom, the docstring has the headings in order, `find` has the one signature.
    """
    module = catalogue()[name]
    text = module.__doc__ or ""
    positions = [text.find(f"\n{heading}: ") for heading in HEADINGS]

    assert name == module.about.symptom
    assert -1 not in positions
    assert sorted(positions) == positions
    assert ["observation", "target"] == list(inspect.signature(module.find).parameters)
    assert module.about.phase in (1, 2, 3, 4, 5)
    assert module.about.place
    assert module.about.reads
    assert module.about.minimum
    assert module.about.treated_by


def test_ids_of_findings_differ_within_a_diagnosis(observed: Any, make: Any) -> None:
    """
    Two findings of one symptom never share an id.
    """
    plans = {"assignee_id": 450, "customer_id": 4}
    ill = [
        make.statement(f"SELECT 1 FROM inquiries WHERE {column} = $1", query_id=str(rows),
                       plan=make.seq_scan(f"({column} = 7)", rows))
        for column, rows in plans.items()
    ]  # fmt: skip
    found = diagnose(observed(statements=ill), Target()).findings

    assert 4 == len(found)
    assert 4 == len({each.id for each in found})


def test_findings_are_frozen(observed: Any, make: Any) -> None:
    """
    A diagnosis cannot be changed after the fact.
    """
    with pytest.raises(AttributeError):
        diagnose(observed(), Target()).findings = []  # type: ignore[misc]
