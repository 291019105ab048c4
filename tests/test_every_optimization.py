"""
The laws, over the whole catalogue and every kind of change.

To add an optimization is to add one file; this file finds it. It also needs a patient here: tables and statements, or
a folder with a server, on which it finds something to do. Kinds that no remedy of the catalogue has yet are held to
the laws through toy remedies.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import cast

import pytest
from tests.remedies import compressed_twins, more_threads
from tests.remedies.patients import FINDING, UNCOMPRESSED, UNKEPT, WAITS, little_app

from hasten import optimize
from hasten.application import App
from hasten.errors import ConfigError
from hasten.model import Change, Finding, Kind
from hasten.optimize import Remedy
from hasten.testing import laws
from hasten.testing.servers import findings_of, observe_statements, private_app

CATALOGUE = optimize.catalogue()


@dataclass(frozen=True)
class Patient:
    """
    A database on which a remedy finds something to do: its tables, and the statements with their parameters.
    """

    seed: str
    statements: dict[str, list[list[str | None]]]


PATIENTS = {
    "database.indexes": Patient(
        seed="""
            CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
            CREATE TABLE messages (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, body text);
            INSERT INTO customers SELECT i, 'Name' || i || '@example.org' FROM generate_series(1, 20000) i;
            INSERT INTO messages SELECT i, 1 + i % 20000, repeat('x', 80) FROM generate_series(1, 120000) i;
        """,
        statements={
            "SELECT id, body FROM messages WHERE customer_id = $1": [["7"], ["70"], ["700"]],
            "SELECT id FROM customers WHERE lower(email) = $1": [["name7@example.org"], ["name70@example.org"]],
        },
    ),
}


TOYS = {"toy.files": cast(Remedy, compressed_twins), "toy.process": cast(Remedy, more_threads)}
REMEDIES = {**CATALOGUE, **TOYS}
#: What is found in the little application for those that need no database.
LITTLE = {
    "toy.files": FINDING, "toy.process": WAITS, "quick_wins.compression": UNCOMPRESSED,
    "quick_wins.cache_headers": UNKEPT,
}  # fmt: skip


@pytest.mark.parametrize("name", REMEDIES)
def test_its_header_is_a_manual_page(name: str) -> None:
    """
    The docstring has the five headings.
    """
    laws.header_is_a_manual_page(REMEDIES[name])


@pytest.mark.parametrize("name", REMEDIES)
def test_its_functions_are_there(name: str) -> None:
    """
    Every remedy has the same functions with the same parameters.
    """
    laws.functions_are_there(REMEDIES[name])


def test_the_path_is_the_name() -> None:
    """
    The catalogue finds the files by themselves, without the parts that begin with an underscore.
    """
    assert "database.indexes" in CATALOGUE
    assert CATALOGUE["database.indexes"].__name__ == "hasten.optimize.database.indexes"
    assert [] == [name for name in CATALOGUE if "._" in name]


def test_an_unknown_name_is_an_error() -> None:
    """
    A name that matches nothing is refused, with those that there are.
    """
    with pytest.raises(ConfigError) as refused:
        optimize.remedy("database.indices")

    assert "database.indexes" in refused.value.hint


def test_every_remedy_has_a_patient() -> None:
    """
    No remedy of the catalogue goes without the laws below, and no kind that can be carried out.
    """
    assert set(REMEDIES) == {*PATIENTS, *LITTLE}
    assert set(Kind) == {remedy.about.kind for remedy in REMEDIES.values()}


@dataclass(frozen=True)
class Case:
    """
    A remedy, its patient's App, and what it proposes there.
    """

    name: str
    remedy: Remedy
    app: App
    changes: list[Change]

    def findings(self) -> tuple[App, list[Finding]]:
        """
        The App as it is observed now, and what is found there.
        """
        if self.name not in PATIENTS:
            return self.app, [LITTLE[self.name]]
        seen = observe_statements(self.app.database, PATIENTS[self.name].statements)
        return replace(self.app, gathered=seen), findings_of(seen)

    def held(self) -> AbstractContextManager[object]:
        """
        While it is entered the first change cannot be finished, where there is a way to hold it.
        """
        if self.remedy.about.kind is Kind.SCHEMA:
            return laws.writing_to(self.changes[0].where.name, self.app)
        return nullcontext()


@pytest.fixture(scope="module", params=sorted({*PATIENTS, *LITTLE}))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """
    Each remedy with a patient of its own.
    """
    name: str = request.param
    folder = tmp_path_factory.mktemp("patient")
    is_policy = REMEDIES[name].about.kind is Kind.POLICY
    patient = little_app(folder, agent=is_policy) if name in LITTLE else private_app(folder, PATIENTS[name].seed)
    with patient as app:
        found = Case(name, REMEDIES[name], app, [])
        app, findings = found.findings()
        changes = laws.proposing_touches_nothing(REMEDIES[name], findings, app)
        assert changes, f"{name} finds nothing to do for its patient"
        yield replace(found, app=app, changes=changes)


@pytest.mark.real
def test_apply_then_revert_restores(case: Case) -> None:
    """
    After apply it is there, after revert the application is byte by byte as before.
    """
    for change in case.changes:
        laws.apply_then_revert_restores(case.remedy, change, case.app)


@pytest.mark.real
def test_both_can_be_repeated(case: Case) -> None:
    """
    Done twice is done once.
    """
    for change in case.changes:
        laws.both_can_be_repeated(case.remedy, change, case.app)


@pytest.mark.real
def test_all_together_go_back_too(case: Case) -> None:
    """
    All proposed changes at once, undone newest first, leave nothing.
    """
    before = laws.snapshot(case.app)
    for change in case.changes:
        case.remedy.apply(change, case.app)
    for change in reversed(case.changes):
        case.remedy.revert(change, case.app)

    assert before == laws.snapshot(case.app)


@pytest.mark.real
def test_revert_works_from_json_in_a_new_process(case: Case) -> None:
    """
    The change's JSON is all that is needed to go back.
    """
    laws.revert_works_from_json(case.remedy, case.changes[0], case.app)


@pytest.mark.real
def test_an_empty_inverse_fails(case: Case) -> None:
    """
    Without its inverse a change is not undone by guessing.
    """
    laws.an_empty_inverse_fails(case.remedy, case.changes[0], case.app)


@pytest.mark.real
def test_a_crash_in_the_middle_leaves_nothing(case: Case) -> None:
    """
    Killed while it is half there, ended and reverted: as before, nothing invalid.
    """
    in_the_middle = laws.a_killed_apply_is_undone(case.remedy, case.changes[0], case.app, case.held())

    assert in_the_middle or case.remedy.about.kind is not Kind.SCHEMA


@pytest.mark.real
def test_a_crash_at_any_time_leaves_nothing(case: Case) -> None:
    """
    Killed while whatever it began goes on by itself, ended and reverted: as before, nothing invalid.
    """
    laws.a_killed_apply_is_undone(case.remedy, case.changes[-1], case.app)


@pytest.mark.real
def test_nothing_is_left_to_do_afterward(case: Case) -> None:
    """
    What is applied is not proposed again.
    """
    for change in case.changes:
        case.remedy.apply(change, case.app)
    seen, findings = case.findings()
    again = optimize.proposals(case.remedy, findings, seen, lambda _done, _what: None)
    for change in reversed(case.changes):
        case.remedy.revert(change, case.app)

    assert [] == again
