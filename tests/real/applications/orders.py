"""
Orders with their relations, through the ORMs that the agent knows: loaded ahead of time in every way, some read, some
not. In memory; what is imported and made is so when it is asked for.
"""

import copy
import json
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any


def asked(orm: str) -> list[Any]:
    """
    What an ORM says of the orders.
    """
    return _in_sqlalchemy() if orm == "sqlalchemy" else import_module("orders_in_django").asked()


@cache
def _sqlalchemy() -> Any:
    from sqlalchemy import ForeignKey, create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
    from sqlalchemy.pool import StaticPool

    class Base(DeclarativeBase):
        pass

    class Line(Base):
        __tablename__ = "line"
        id: Mapped[int] = mapped_column(primary_key=True)
        order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))

    class Order(Base):
        __tablename__ = "orders"
        id: Mapped[int] = mapped_column(primary_key=True)

    Order.lines = relationship(Line, cascade="all, delete-orphan", back_populates="order")
    Line.order = relationship(Order, back_populates="lines")
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Order(id=number, lines=[Line(), Line()]) for number in (1, 2, 3)])
        session.commit()
    return SimpleNamespace(engine=engine, Order=Order, Line=Line)


def _in_sqlalchemy() -> list[Any]:
    from fastapi.encoders import jsonable_encoder
    from sqlalchemy import inspect, orm, select

    made, found = _sqlalchemy(), []
    with orm.Session(made.engine) as session:
        first, second, third = session.scalars(select(made.Order).options(orm.selectinload(made.Order.lines)))
        # In which order attributes are filled is a matter of chance.
        found.append(json.dumps(jsonable_encoder(first, exclude={"lines"}), sort_keys=True))
        found.append([copy.deepcopy(second).id, "lines" in inspect(third).attrs])
        with orm.Session(made.engine) as other:
            found.append(other.merge(second).id)
        session.delete(third)
        session.flush()
        found.append(session.scalars(select(made.Order.id)).all())
        found.append(len(orm.attributes.get_history(first, "lines").unchanged))
        second.lines = []
    for way in (orm.selectinload, orm.joinedload, orm.subqueryload, orm.immediateload):
        for does_read in (False, True):
            with orm.Session(made.engine) as session:
                orders = session.scalars(select(made.Order).options(way(made.Order.lines))).unique().all()
                found.append([[each.id, len(each.lines) if does_read else None] for each in orders])
    with orm.Session(made.engine) as session:
        lines = session.scalars(select(made.Line).options(orm.joinedload(made.Line.order)))
        found.append([each.id for each in lines])
    return found
