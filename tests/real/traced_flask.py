"""
A Flask application whose requests are worth tracing: SQLAlchemy, templates, JSON, and a stream.

DATABASE_URL says where its database is.
"""

import os
from collections.abc import Iterator
from typing import Any

import flask
from sqlalchemy import Integer, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = flask.Flask(__name__)
engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", f"postgresql+{os.environ['DRIVER']}://"))


class Base(DeclarativeBase):
    """
    What SQLAlchemy maps.
    """


class Item(Base):
    """
    A row of the table.
    """

    __tablename__ = "item"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String)


@app.get("/health")
def health() -> Any:
    """
    It serves.
    """
    return {"status": "ok"}


@app.get("/items/<int:number>")
def item(number: int) -> Any:
    """
    One statement, in JSON.
    """
    with Session(engine) as db:
        return flask.jsonify(name=found(db, number).name)


@app.get("/page/<int:number>")
def page(number: int) -> str:
    """
    One statement, within a template.
    """
    with Session(engine) as db:
        return flask.render_template_string(
            "<p>{{ found(number).name }}</p>", found=lambda id: found(db, id), number=number
        )


@app.get("/stream")
def stream() -> Any:
    """
    Statements while the answer is under way.
    """

    def pieces() -> Iterator[str]:
        with Session(engine) as db:
            for number in range(1, 4):
                yield found(db, number).name

    return flask.Response(pieces(), mimetype="text/plain")


def found(db: Session, number: int) -> Item:
    """
    The item of that number.
    """
    return db.scalars(select(Item).where(Item.id == number)).one()
