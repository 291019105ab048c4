"""
An application that loads relations with its objects: some are read, in every way that there is, and some by nobody.

DATABASE_URL says where its database is.
"""

import os
from typing import Annotated, Any

import jinja2
from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    contains_eager,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)  # fmt: skip

DIALECT = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
engine = create_engine(DIALECT)
async_engine = create_async_engine(DIALECT)
app = FastAPI()
PAGE = jinja2.Template("{% for each in orders %}{{ each.customer.name }} {% endfor %}")


class Base(DeclarativeBase):
    """
    The tables.
    """


class Customer(Base):
    """
    Who orders.
    """

    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Line(Base):
    """
    What is ordered.
    """

    __tablename__ = "line"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    text: Mapped[str]


class Order(Base):
    """
    An order.
    """

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    customer: Mapped[Customer] = relationship()
    lines: Mapped[list[Line]] = relationship()


class LineModel(BaseModel):
    """
    A line in an answer.
    """

    model_config = ConfigDict(from_attributes=True)
    text: str


class OrderModel(BaseModel):
    """
    An order in an answer, without who ordered.
    """

    model_config = ConfigDict(from_attributes=True)
    id: int
    lines: list[LineModel]


BOTH = (selectinload(Order.lines), joinedload(Order.customer))
ORDERS = select(Order).order_by(Order.id).limit(5).options(*BOTH)


def opened() -> Any:
    """
    A session for a request.
    """
    with Session(engine) as session:
        yield session


Db = Annotated[Session, Depends(opened)]


@app.get("/health")
async def health() -> dict[str, str]:
    """
    It serves.
    """
    return {"status": "ok"}


@app.get("/unread")
def unread(db: Db) -> list[int]:
    """
    Numbers, which need neither relation.
    """
    return [each.id for each in db.scalars(ORDERS)]


@app.get("/async-unread")
async def async_unread() -> list[int]:
    """
    The same in the loop.
    """
    async with AsyncSession(async_engine) as db:
        return [each.id for each in await db.scalars(ORDERS)]


@app.get("/contained")
def contained(db: Db) -> list[int]:
    """
    A join of its own, which fills the relation.
    """
    query = select(Order).join(Order.customer).where(Customer.id < 4).options(contains_eager(Order.customer))
    return [each.id for each in db.scalars(query)]


@app.get("/model", response_model=list[OrderModel])
def model(db: Db) -> Any:
    """
    Only the model of the answer reads the lines.
    """
    return db.scalars(ORDERS).all()


@app.get("/template")
def template(db: Db) -> HTMLResponse:
    """
    Only the template reads the customers.
    """
    return HTMLResponse(PAGE.render(orders=db.scalars(ORDERS).all()))


@app.get("/background")
async def background(tasks: BackgroundTasks) -> PlainTextResponse:
    """
    Only a task reads the lines, after the answer.
    """
    async with AsyncSession(async_engine, expire_on_commit=False) as db:
        found = (await db.scalars(ORDERS)).all()
    tasks.add_task(noted, list(found))
    return PlainTextResponse("soon", background=tasks)


def noted(orders: list[Order]) -> None:
    """
    How many lines there are.
    """
    sum(len(each.lines) for each in orders)


@app.get("/plain")
def plain(db: Db) -> Any:
    """
    Plain data, that FastAPI takes out of the objects' `__dict__`.
    """
    return jsonable_encoder({"order": db.scalars(ORDERS).first()})
