"""
What SQLAlchemy loads with its objects is noted, in whichever way it does that.
"""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, immediateload, joinedload, lazyload, selectinload, subqueryload
from tests.runtime.telemetry.traces import ordering
from tests.runtime.telemetry.traces.ordering import asked, request

from hasten_runtime.telemetry.traces import bypass, loads, on_sqlalchemy, on_sqlalchemy_loaders, relations

Shop = Any
WAYS = {"selectin": selectinload, "joined": joinedload, "subquery": subqueryload, "immediate": immediateload}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """
    The shop, watched.
    """
    ordering.hook(monkeypatch)
    return ordering.made()


def loaded(shop: Shop, *options: Any, read: str = "") -> list[Any]:
    """
    The steps of a request that loads all orders.
    """
    with request() as of:
        with Session(shop.engine) as db:
            for each in db.scalars(select(shop.Order).options(*options)).unique():
                getattr(each, read or "id")
        del each
    return relations.steps(of)


@pytest.mark.parametrize("way", WAYS)
def test_each_way_is_noted(shop: Shop, way: str) -> None:
    """
    With the way, the relation and its table, how many objects there are, and the line of the application.
    """
    customer, lines = sorted(
        loaded(shop, WAYS[way](shop.Order.customer), WAYS[way](shop.Order.lines), read="lines"), key=lambda it: it[3]
    )

    assert [f"{way} Order.customer customer", f"{way} Order.lines line"] == [customer[3], lines[3]]
    assert ["unread", "read"] == [customer[4], lines[4]]
    # Of a join each row counts.
    assert [6 if way == "joined" else 3, 6] == [customer[5], lines[5]]
    assert all(each[0] == "eager" and each[1] <= each[2] for each in (customer, lines))
    assert all(each[6][0][2] == "loaded" for each in (customer, lines))


@pytest.mark.parametrize("lazy", ["selectin", "joined", "subquery", "immediate"])
def test_so_is_what_the_mapping_says(lazy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nobody has asked for it in the query.
    """
    ordering.hook(monkeypatch)

    assert {f"{lazy} Order.customer customer", f"{lazy} Order.lines line"} == {
        each[3] for each in loaded(ordering.made(lazy=lazy))
    }


def test_contains_eager_is_a_join(shop: Shop) -> None:
    """
    Whoever joins by himself has the objects filled with it.
    """

    def work() -> None:
        with Session(shop.engine) as db:
            query = select(shop.Order).join(shop.Order.customer).options(contains_eager(shop.Order.customer))
            [each.id for each in db.scalars(query.options(joinedload(shop.Order.lines))).unique()]

    assert {"Order.customer": "unread", "Order.lines": "unread"} == asked(work)


def test_what_is_loaded_when_it_is_read_is_not_noted(shop: Shop) -> None:
    """
    Lazily, by name or by the mapping.
    """
    assert [] == loaded(shop, lazyload(shop.Order.lines), read="lines")


def test_what_was_there_already_is_not_loaded(shop: Shop) -> None:
    """
    Read first, and then asked for again with its objects: nothing was loaded that nobody reads.
    """

    def work() -> None:
        with Session(shop.engine) as db:
            found = db.scalars(select(shop.Order)).all()
            assert 2 == len(found[0].lines) == len(found[1].lines) == len(found[2].lines)
            db.scalars(select(shop.Order).options(selectinload(shop.Order.lines))).all()
            db.scalars(select(shop.Order).options(joinedload(shop.Order.lines))).unique().all()

    assert {} == asked(work)


def test_outside_of_a_traced_request_nothing_is_noted(shop: Shop) -> None:
    """
    Nobody waits for a read.
    """
    with Session(shop.engine) as db:
        db.scalars(select(shop.Order).options(selectinload(shop.Order.lines))).all()

    assert frozenset() == relations.awaited


def test_a_version_that_is_not_known_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """
    It is said once.
    """
    on_sqlalchemy_loaders.hook(SimpleNamespace(_SelectInLoader=type("Other", (), {})))  # type: ignore[arg-type]

    assert "SQLAlchemy has no SelectInLoader as it is known here" in capsys.readouterr().err


class Broken:
    """
    Whatever is asked of it fails.
    """

    def __getattr__(self, _: str) -> Any:
        raise KeyError("a fault")

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise KeyError("a fault")


PARTS: list[tuple[Any, str]] = [
    (relations, "own_frames"), (relations, "_load_of"), (relations, "_watch"), (relations, "_count"),
    (loads.Load, "add"), (relations, "Time"), (bypass, "is_open"), (bypass, "is_there"),
    (on_sqlalchemy, "is_watched"), (on_sqlalchemy, "_passed"), (on_sqlalchemy_loaders, "_length"),
    (on_sqlalchemy_loaders, "_noting_rows"), (on_sqlalchemy_loaders, "_take_time_of_statement"),
    (on_sqlalchemy_loaders, "_note"), (on_sqlalchemy_loaders, "_noting"), (relations.trace, "current"),
    (relations.trace, "here"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "name"), PARTS, ids=[f"{of.__name__.rpartition('.')[2]}.{name}" for of, name in PARTS])
@pytest.mark.parametrize("way", WAYS)
def test_whatever_fails_the_objects_are_loaded(
    shop: Shop, way: str, of: Any, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    What is read and written is what it is without the agent, and nothing is called unread that was read.
    """

    def work() -> None:
        with Session(shop.engine) as db:
            options = (WAYS[way](shop.Order.customer), WAYS[way](shop.Order.lines))
            found = db.scalars(select(shop.Order).options(*options)).unique().all()
            assert [(["a", "b"], f"name {number}") for number in range(1, 4)] == [
                ([line.text for line in each.lines], each.customer.name) for each in found
            ]
            found[0].lines = []
            db.merge(found[1])
            db.delete(found[2])
            db.commit()

    with request() as traced:
        with monkeypatch.context() as broken:
            broken.setattr(of, name, Broken())
            work()
    assert "unread" not in {each[4] for each in relations.steps(traced)}
    assert len(capsys.readouterr().err.splitlines()) <= 4
