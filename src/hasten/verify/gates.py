"""
Everything that a change which answers HTTP requests has to pass before its speed counts, in the right order.

The identity gate comes first, while nothing is stored yet: joined requests and wrongly filled caches show themselves
when they are cold. Then the answers are compared, and then writes are probed.
"""

from collections.abc import Sequence
from typing import Any

from hasten.model import Guard, Noun
from hasten.target import Target
from hasten.verify.answers import Ask, ComparisonPlan, Declared, compare_answers
from hasten.verify.answers import guard as answers_guard
from hasten.verify.freshness import FreshnessPlan, Probe, check_freshness, probes_of
from hasten.verify.freshness import guard as freshness_guard
from hasten.verify.identity import IdentityPlan, check_identity
from hasten.verify.identity import guard as identity_guard
from hasten.world.load.plan import LoadRequest
from hasten.world.principals import ANONYMOUS
from hasten.world.traffic import SAFE_METHODS


class GatePlan(Noun, frozen=True, kw_only=True):
    """
    Which gates a change has to pass; None where one does not apply to its kind.
    """

    answers: ComparisonPlan
    identity: IdentityPlan | None = None
    freshness: FreshnessPlan | None = None
    probes: list[Probe] = []


class Gated(Noun, frozen=True, kw_only=True):
    """
    The guards for the trial, and what was found, for Trial.equivalence.
    """

    guards: list[Guard]
    equivalence: dict[str, Any]


def pass_gates(requests: Sequence[LoadRequest], ask: Ask, plan: GatePlan) -> Gated:
    """
    The guards `identity`, `answers` and `freshness`, as far as they apply. A leak ends it: nothing more is asked.
    """
    guards: list[Guard] = []
    found: dict[str, Any] = {}
    if plan.identity is not None:
        who = check_identity(requests, ask, plan.identity)
        guards.append(identity_guard(who))
        found["identity"] = who.as_data()
        if who.leaks:
            return Gated(guards=guards, equivalence=found)
    same = compare_answers(requests, ask, plan.answers)
    guards.append(answers_guard(same))
    found["answers"] = same.as_data()
    if plan.freshness is not None:
        fresh = check_freshness(plan.probes, ask, plan.freshness)
        guards.append(freshness_guard(fresh))
        found["freshness"] = fresh.as_data()
    return Gated(guards=guards, equivalence=found)


def for_stored_answers(
    target: Target,
    requests: Sequence[LoadRequest],
    *,
    seed: int,
    declared: Declared | None = None,
    may_write: bool = False,
) -> GatePlan:
    """
    The gates of a rule that stores or joins answers: all of them, with every principal of hasten.toml.

    Args:
        requests: All recorded requests; those of the rule's routes are given to `pass_gates`.
        declared: What the rule adds to answers on purpose.
        may_write: Whether the recorded writes may be sent as probes; else freshness is not known.
    """
    adds = declared or Declared()
    people = [principal.name for principal in target.principals if principal.name != ANONYMOUS]
    reads = [request for request in requests if request.method in SAFE_METHODS]
    return GatePlan(
        answers=ComparisonPlan(seed=seed, known=reads, declared=adds, noise_is_fatal=True),
        identity=IdentityPlan(
            principals=people,
            canaries={each.name: list(each.canaries) for each in target.principals if each.canaries},
            telling=reads,
            declared=adds,
            seed=seed,
        ),
        freshness=FreshnessPlan(seed=seed),
        probes=probes_of(requests) if may_write else [],
    )
