"""
The nouns: frozen, and the same in JSON and in memory.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.model import Change, Distribution, Kind, Measurement, Risk, Where, digest_of, from_json, quantile, to_json

finite = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)


def change(**replaced: Any) -> Change:
    """
    A change of an index.
    """
    fields: dict[str, Any] = {
        "optimization": "database.indexes",
        "kind": Kind.SCHEMA,
        "where": Where(kind="table", name="messages"),
        "before": {"indexes": ["messages_pkey"]},
        "after": {"create": "CREATE INDEX"},
        "inverse": {"drop": "DROP INDEX"},
        "why": "it is slow",
        "expects": "it gets fast",
        "risk": Risk.R2,
    }
    return Change(**{**fields, **replaced})


def test_a_change_comes_back_from_json_as_it_was() -> None:
    """
    A change is data: it survives JSON and keeps its id, so its inverse works in a new process.
    """
    written = from_json(to_json(change()), Change)

    assert change() == written
    assert change().id == written.id


def test_the_id_of_a_change_is_what_is_done_not_why() -> None:
    """
    Another reason is the same change; another statement is another change.
    """
    assert change().id == change(why="something else", expects="more").id
    assert change().id != change(after={"create": "CREATE INDEX other"}).id
    assert change().id != change(inverse={"drop": ""}).id


def test_nouns_cannot_be_edited() -> None:
    """
    Assigning to a field of a noun is an error.
    """
    with pytest.raises(AttributeError):
        change().why = "edited"  # type: ignore[misc]


@given(st.lists(finite, min_size=1, max_size=200), st.floats(0, 1))
def test_quantiles_are_those_of_numpy(values: list[float], q: float) -> None:
    """
    Our quantile is type 7, as NumPy's default.
    """
    assert quantile(sorted(values), q) == pytest.approx(float(np.quantile(values, q)), rel=1e-9, abs=1e-6)


def test_a_distribution_of_nothing_says_nothing() -> None:
    """
    An empty sample has a count of 0 and no numbers: no data is not a good number.
    """
    assert Distribution(count=0) == Distribution.of([])
    assert Distribution.of([]).p95 is None


@given(st.dictionaries(st.text(max_size=5), finite, max_size=6))
def test_equal_values_have_equal_digests(value: dict[str, float]) -> None:
    """
    The order in which keys were put in does not matter.
    """
    assert digest_of(value) == digest_of(dict(reversed(list(value.items()))))


@given(st.lists(finite, max_size=20))
def test_measurements_survive_json(values: list[float]) -> None:
    """
    A measurement read from JSON equals the one that was written.
    """
    measurement = Measurement(
        metric="m", unit="s", where=Where(kind="route", name="GET /ü"), distribution=Distribution.of(values)
    )

    assert measurement == from_json(to_json(measurement), Measurement)
