"""
All gates of a change, in their order.
"""

import json
from collections.abc import Callable

import msgspec
import pytest

from hasten.target import Principal, Target
from hasten.verify.answers import CANDIDATE, COMPRESSION, Answer, Ask, ComparisonPlan
from hasten.verify.freshness import Probe
from hasten.verify.gates import GatePlan, for_stored_answers, pass_gates
from hasten.world.load.plan import LoadRequest

PEOPLE = ("adalovelace", "benedikt", "cleopatra")
TARGET = Target(principals=[Principal(name=name, canaries=[f"{name}@desk.example"]) for name in PEOPLE])
ME = LoadRequest(path="/me", principal=PEOPLE[0])
WRITE = LoadRequest(method="PUT", path="/me", body=b"${marker}", principal=PEOPLE[0])
Key = Callable[[LoadRequest], object]


def desk(key: Key | None = None, *, hears_writes: bool = True) -> Ask:
    """
    A personal page that can be written to; the candidate stores it under that key, or not at all.
    """
    text = {"now": "as it was"}
    kept: dict[object, Answer] = {}

    def page(request: LoadRequest) -> Answer:
        said = {"name": request.principal, "text": text["now"]}
        return Answer(status=200, headers=[("content-type", "application/json")], body=json.dumps(said).encode())

    def ask(arm: str, request: LoadRequest) -> Answer:
        if request.method == "PUT":
            text["now"] = request.body.decode()
            if hears_writes:
                kept.clear()
            return Answer(status=204)
        return kept.setdefault(key(request), page(request)) if arm == CANDIDATE and key else page(request)

    return ask


def whole(request: LoadRequest) -> object:
    """
    Path, principal and headers.
    """
    return request.path, request.principal, tuple(sorted(request.headers.items()))


@pytest.mark.parametrize(
    ("ask", "oks"),
    [
        (desk(whole), {"identity": True, "answers": True, "freshness": True}),
        (desk(whole, hears_writes=False), {"identity": True, "answers": True, "freshness": False}),
        (desk(lambda request: request.path), {"identity": False}),
    ],
)
def test_every_gate_has_its_guard(ask: Ask, oks: dict[str, bool]) -> None:
    """
    What a rule does wrong is told by the gate that looks for it, and after a leak nothing more is asked.
    """
    plan = for_stored_answers(TARGET, [ME, WRITE], seed=1, may_write=True)
    found = pass_gates([ME], ask, plan)

    assert oks == {guard.name: guard.ok for guard in found.guards}
    assert set(oks) == set(found.equivalence)


def test_only_what_applies_is_asked() -> None:
    """
    A change that stores nothing is compared and no more.
    """
    plan = GatePlan(answers=ComparisonPlan(known=[ME]))

    assert ["answers"] == [guard.name for guard in pass_gates([ME], desk(), plan).guards]


def test_the_plan_comes_from_the_target() -> None:
    """
    Principals and canaries are those of hasten.toml, noise is fatal, and writes are probed only where they may be.
    """
    plan = for_stored_answers(TARGET, [ME, WRITE], seed=4, declared=COMPRESSION)
    writing = for_stored_answers(TARGET, [ME, WRITE], seed=4, may_write=True)
    assert plan.identity is not None

    assert (list(PEOPLE), True, COMPRESSION, []) == (
        plan.identity.principals,
        plan.answers.noise_is_fatal,
        plan.answers.declared,
        plan.probes,
    )
    assert ["benedikt@desk.example"] == plan.identity.canaries["benedikt"]
    assert [Probe(write=WRITE, read=ME)] == writing.probes
    assert plan == msgspec.json.decode(msgspec.json.encode(plan), type=GatePlan)
