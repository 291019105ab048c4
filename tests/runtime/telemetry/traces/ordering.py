"""
A small shop in SQLAlchemy, with the hooks in it, and what a traced request does there.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import fastapi.encoders
import pytest
from sqlalchemy import Column, ForeignKey, Integer, String, create_engine
from sqlalchemy.orm import (
    Session,
    attributes,
    declarative_base,
    relationship,
    relationships,
    session,
    state,
    strategies,
)
from sqlalchemy.pool import StaticPool

from hasten_runtime.telemetry.traces import bypass, on_fastapi, on_sqlalchemy, on_sqlalchemy_loaders, relations, trace

LOADERS = ("SelectInLoader", "ImmediateLoader", "JoinedLoader", "SubqueryLoader")


def hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    SQLAlchemy is hooked until the test is over; what the test's own files read does not count.
    """
    loaders = [getattr(strategies, "_" + name, None) or getattr(strategies, name) for name in LOADERS]
    places = [(each, name) for each in loaders for name in ("_load_for_path", "create_row_processor")]
    places += [(relationships.RelationshipProperty, "instrument_class"), (state.InstanceState, "__getstate__")]
    places += [(session.Session, "_delete_impl"), (session.Session, "_merge")]
    for of, name in places:
        if name in vars(of):
            monkeypatch.setattr(of, name, vars(of)[name])
    monkeypatch.setattr(vars(state.InstanceState)["attrs"], "fget", vars(state.InstanceState)["attrs"].fget)
    for name in ("get_attribute", "get_history"):
        monkeypatch.setattr(attributes, name, getattr(attributes, name))
    monkeypatch.setattr(fastapi.encoders, "vars", vars, raising=False)
    monkeypatch.setattr(bypass, "is_there", lambda: False)
    on_sqlalchemy.hook_relationships(relationships)
    on_sqlalchemy.hook_session(session)
    on_sqlalchemy.hook_attributes(attributes)
    on_sqlalchemy.hook_state(state)
    on_sqlalchemy_loaders.hook(strategies)
    on_fastapi.hook_encoders(fastapi.encoders)


def made(base: Any = None, lazy: str = "select") -> Any:
    """
    The shop with three orders, of two lines each.
    """
    base = base or declarative_base()
    customer = type("Customer", (base,), {
        "__tablename__": "customer", "__module__": __name__, "id": Column(Integer, primary_key=True),
        "name": Column(String),
    })  # fmt: skip
    line = type("Line", (base,), {
        "__tablename__": "line", "__module__": __name__, "id": Column(Integer, primary_key=True),
        "text": Column(String), "order_id": Column(ForeignKey("orders.id")),
    })  # fmt: skip
    order = type("Order", (base,), {
        "__tablename__": "orders", "__module__": __name__, "id": Column(Integer, primary_key=True),
        "customer_id": Column(ForeignKey("customer.id")), "customer": relationship(customer, lazy=lazy),
        "lines": relationship(line, lazy=lazy, cascade="all, delete-orphan"),
    })  # fmt: skip
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    base.metadata.create_all(engine)
    with Session(engine) as db:
        for number in range(1, 4):
            lines = [line(text="a"), line(text="b")]
            db.add(order(id=number, customer=customer(id=number, name=f"name {number}"), lines=lines))
        db.commit()
    return SimpleNamespace(Customer=customer, Line=line, Order=order, engine=engine)


@contextmanager
def request() -> Iterator[trace.Trace]:
    """
    A traced request, which is over at the end.
    """
    of = trace.Trace(time.perf_counter_ns(), time.time(), 1)
    token = trace.set_trace(of)
    trace.began(of)
    try:
        yield of
    finally:
        of.ended_ns = time.perf_counter_ns()
        trace.ended(of)
        trace.reset_trace(token)


def told(of: trace.Trace) -> dict[str, str]:
    """
    Each relation that it has loaded, with what is known of it.
    """
    return {step[3].split(" ")[1]: step[4] for step in relations.steps(of)}


def asked(work: Callable[[], Any]) -> dict[str, str]:
    """
    What is known once a request that does this is over, and all its objects are gone.
    """
    with request() as of:
        work()
    return told(of)
