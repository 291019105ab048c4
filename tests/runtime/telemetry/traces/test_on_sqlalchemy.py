"""
Relationships that are read are noticed, whoever reads them and however; otherwise SQLAlchemy is as it was.
"""

import copy
import inspect
import threading
from typing import Any

import jinja2
import pytest
import sqlalchemy
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, attributes, declarative_base, selectinload
from tests.runtime.telemetry.traces import ordering
from tests.runtime.telemetry.traces.ordering import asked, request, told

from hasten_runtime.telemetry.traces import on_sqlalchemy, relations

Shop = Any


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """
    The shop, watched.
    """
    ordering.hook(monkeypatch)
    return ordering.made()


class LineModel(BaseModel):
    """
    A line of an answer.
    """

    model_config = ConfigDict(from_attributes=True)
    text: str


class OrderModel(BaseModel):
    """
    An answer.
    """

    model_config = ConfigDict(from_attributes=True)
    id: int
    lines: list[LineModel]


def orders(shop: Shop, db: Session) -> Any:
    """
    All orders with their lines.
    """
    return db.scalars(select(shop.Order).options(selectinload(shop.Order.lines))).all()


READERS = {
    "attribute": lambda db, found: found[0].lines,
    "getattr": lambda db, found: getattr(found[0], "lines"),  # noqa: B009
    "pydantic": lambda db, found: OrderModel.model_validate(found[0]),
    "template": lambda db, found: jinja2.Template("{{ it.lines|length }}").render(it=found[0]),
    "append": lambda db, found: found[0].lines.append(type(found[0]).lines.property.mapper.class_(text="c")),
    "set": lambda db, found: setattr(found[0], "lines", []),
    "delete": lambda db, found: delattr(found[0], "lines"),
    "inspected value": lambda db, found: sqlalchemy.inspect(found[0]).attrs.lines.value,
}


@pytest.mark.parametrize("read", READERS.values(), ids=list(READERS))
def test_a_read_is_noticed(shop: Shop, read: Any) -> None:
    """
    One read of one object is enough.
    """

    def work() -> None:
        with Session(shop.engine) as db, db.no_autoflush:
            read(db, orders(shop, db))

    assert asked(work)["Order.lines"] in ("read", "passed")


def test_what_nobody_reads_is_unread(shop: Shop) -> None:
    """
    Neither columns nor the attribute of the class are reads.
    """

    def work() -> None:
        with Session(shop.engine) as db:
            [each.id for each in orders(shop, db)]
            assert "Order.lines" == str(shop.Order.lines)

    assert {"Order.lines": "unread"} == asked(work)
    assert frozenset() == relations.awaited


PAST = {
    "pickled": lambda db, found: sqlalchemy.inspect(found[0]).__getstate__(),
    "copied": lambda db, found: copy.deepcopy(found[0]),
    "merged": lambda db, found: db.merge(found[0]),
    "deleted": lambda db, found: db.delete(found[0]),
    "encoded": lambda db, found: jsonable_encoder(found[0]),
    "inspected": lambda db, found: sqlalchemy.inspect(found[0]).attrs,
    "history": lambda db, found: attributes.get_history(found[0], "lines"),
}


@pytest.mark.parametrize("pass_on", PAST.values(), ids=list(PAST))
def test_an_object_that_goes_past_the_attribute_is_not_called_unread(shop: Shop, pass_on: Any) -> None:
    """
    Whoever takes it out of the object's `__dict__` is seen otherwise.
    """

    def work() -> None:
        with Session(shop.engine) as db:
            pass_on(db, orders(shop, db))

    assert {"Order.lines": "passed"} == asked(work)


def test_a_read_in_a_thread_of_its_own_is_noticed(shop: Shop) -> None:
    """
    It does not know the request, but the object.
    """

    def work() -> None:
        with Session(shop.engine) as db:
            found = orders(shop, db)
            thread = threading.Thread(target=lambda: found[2].lines)
            thread.start()
            thread.join()

    assert {"Order.lines": "read"} == asked(work)


def test_another_requests_read_is_not_this_ones(shop: Shop) -> None:
    """
    The same relation of another object, where nothing says that it belongs to the request.
    """

    def work() -> None:
        with Session(shop.engine) as db:
            orders(shop, db)
        thread = threading.Thread(target=lambda: others[0].lines)
        thread.start()
        thread.join()

    with Session(shop.engine) as db:
        others = orders(shop, db)
        assert {"Order.lines": "unread"} == asked(work)


def test_a_read_after_the_answer_is_noticed(shop: Shop) -> None:
    """
    A background task reads it; until the trace is written that counts.
    """
    with Session(shop.engine) as db:
        with request() as of:
            found = orders(shop, db)
        found[0].lines  # noqa: B018
        del found

    assert {"Order.lines": "read"} == told(of)


def test_what_outlives_the_request_may_be_read_later(shop: Shop) -> None:
    """
    It is in a cache, perhaps.
    """
    kept: list[Any] = []

    def work() -> None:
        with Session(shop.engine) as db:
            kept.extend(orders(shop, db))

    assert {"Order.lines": "kept"} == asked(work)


def test_a_class_that_makes_plain_data_of_itself_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its method takes all that is loaded out of `__dict__`.
    """

    class Plain:
        def to_dict(self) -> dict[str, Any]:
            return {name: value for name, value in self.__dict__.items() if name != "_sa_instance_state"}

    ordering.hook(monkeypatch)
    shop = ordering.made(declarative_base(cls=Plain))

    def work() -> None:
        with Session(shop.engine) as db:
            orders(shop, db)

    assert {"Order.lines": "passed"} == asked(work)


def test_the_attribute_is_as_it_was(shop: Shop) -> None:
    """
    Its class, name, documentation and signature, the keys of its statements, and those of aliases.
    """
    plain = attributes.InstrumentedAttribute
    watched = shop.Order.lines
    watched.__doc__ = "what is ordered"

    assert isinstance(watched, plain) and "InstrumentedAttribute" == type(watched).__name__
    assert ("what is ordered", plain.__doc__) == (watched.__doc__, type(watched).__doc__)
    assert inspect.signature(plain.__get__) == inspect.signature(type(watched).__get__)
    assert type(shop.Order.id) is plain
    assert select(shop.Order).join(watched)._generate_cache_key() == (
        select(shop.Order).join(shop.Order.lines)._generate_cache_key()
    )
    assert "JOIN line AS" in str(select(aliased(shop.Order)).join(shop.Order.lines.of_type(aliased(shop.Line))))
    with pytest.raises(AttributeError, match="nothing"):
        watched.nothing  # noqa: B018


@pytest.mark.parametrize("place", ["attributes", "session", "state"])
def test_unless_all_is_hooked_nothing_is_unread(shop: Shop, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    In a version where one of the places is another one, a read could go unseen.
    """
    monkeypatch.setattr(on_sqlalchemy, "_hooked", on_sqlalchemy._hooked - {place})

    def work() -> None:
        with Session(shop.engine) as db:
            orders(shop, db)

    assert {"Order.lines": "passed"} == asked(work)


def test_a_class_of_the_applications_own_is_left_alone(shop: Shop) -> None:
    """
    Only SQLAlchemy's own attributes get another class.
    """

    class Own(attributes.InstrumentedAttribute):  # type: ignore[type-arg]
        __slots__ = ()
        inherit_cache = True

    shop.Order.lines.__class__ = Own

    def work() -> None:
        with Session(shop.engine) as db:
            orders(shop, db)

    assert {"Order.lines": "passed"} == asked(work)
