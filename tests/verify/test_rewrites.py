"""
Rewritten statements on one snapshot of a real server.
"""

import pytest

from hasten.application import App
from hasten.evidence import StatementSample
from hasten.model import now
from hasten.verify.rewrites import compare_on, compare_rewrite, one_snapshot
from hasten.world import catalog

pytestmark = pytest.mark.real

ORIGINAL = "SELECT id FROM parents WHERE id NOT IN (SELECT parent_id FROM children WHERE weight > $1)"


def sample(text: str, *parameters: str | None) -> StatementSample:
    """
    An execution.
    """
    return StatementSample(at=now(), query_id="q", text=text, parameters=list(parameters), seconds=0.01)


@pytest.mark.parametrize(
    ("original", "parameters", "other", "what"),
    [
        (ORIGINAL, ["330"], "SELECT id FROM parents p WHERE NOT EXISTS (SELECT FROM children c WHERE c.parent_id = p.id"
         " AND c.weight > $1)", []),
        (ORIGINAL, ["330"], "SELECT id FROM parents WHERE id > $1", ["rows"]),
        ("SELECT id FROM parents ORDER BY id", [], "SELECT id FROM parents ORDER BY id DESC", ["rows"]),
        ("SELECT id FROM parents", [], "SELECT id FROM parents ORDER BY id DESC", []),
        ("SELECT count(*) FROM parents", [], "SELECT count(*)::int FROM parents", ["columns"]),
        ("SELECT name FROM parents", [], "SELECT name::varchar(9) FROM parents", ["columns"]),
        ("SELECT 1 / (id - $1) AS x FROM parents", ["7"], "SELECT 1 / nullif(id - $1, 0) AS x FROM parents", ["error"]),
        ("SELECT nothing FROM parents", [], "SELECT nothing FROM parents WHERE true", []),
    ],
)  # fmt: skip
def test_the_other_text_answers_alike(
    small_app: App, original: str, parameters: list[str | None], other: str, what: list[str]
) -> None:
    """
    Rows, their order where it is total, columns and errors are compared.
    """
    indexes = catalog.indexes(small_app.database)
    found = compare_rewrite(small_app.database, [sample(original, *parameters)], other, indexes)

    assert what == [each["what"] for each in found.unequal]


def test_a_write_meanwhile_is_seen_by_neither(small_app: App) -> None:
    """
    What is committed after the snapshot was taken is in neither session.
    """
    count = "SELECT count(*) AS n FROM strangers"
    with one_snapshot(small_app.database) as sessions:
        small_app.database.run("INSERT INTO strangers VALUES (1)")
        seen = [row["n"] for session in sessions if (row := session.execute(count).fetchone())]
    small_app.database.run("DELETE FROM strangers")

    assert [0, 0] == seen


def test_clones_serve_as_well(small_app: App) -> None:
    """
    Two clones of one backup hold the same rows, so a text may run on each.
    """
    with small_app.clones(2) as (one, other):
        with one.database.connect() as first, other.database.connect() as second:
            found = compare_on((first, second), [sample("SELECT id FROM parents")], "SELECT id FROM parents WHERE true")

    assert (1, 1) == (found.compared, found.equal)
