"""
Parameters that nobody looked at while the change was made: does it help with them as well?

A change that was fitted to the recorded parameters is fast with them alone. Half of the different parameters are
therefore held out, and the gain must be there too.
"""

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from hasten.corpus import repeatable
from hasten.evidence import Observation, StatementProfile
from hasten.model import Effect, Guard
from hasten.verify.answers.shapes import identity_of
from hasten.world.load.plan import LoadRequest

#: At least this share of the gain (as a logarithm) must be there with held-out parameters.
LEAST_SHARE = 0.5

T = TypeVar("T")


def split_requests(requests: Iterable[LoadRequest], seed: int) -> tuple[list[LoadRequest], list[LoadRequest]]:
    """
    The judged and the held-out requests: of each route half of the different ones, and the only one is judged.
    """
    by_route: dict[str, dict[str, list[LoadRequest]]] = defaultdict(lambda: defaultdict(list))
    for request in requests:
        by_route[request.name][identity_of(request)].append(request)
    judged: list[LoadRequest] = []
    held_out: list[LoadRequest] = []
    for route, different in sorted(by_route.items()):
        for number, equal in enumerate(_shuffled(list(different.values()), f"{seed}:{route}")):
            (held_out if number % 2 else judged).extend(equal)
    return judged, held_out


def split_observation(observation: Observation, seed: int) -> tuple[Observation, Observation]:
    """
    The observation twice, each with one half of the different executions of every statement.

    A statement of which one execution is known has none in the held-out half.
    """
    halves: tuple[list[StatementProfile], list[StatementProfile]] = ([], [])
    for profile in observation.statements:
        samples = _shuffled(repeatable(profile), f"{seed}:{profile.query_id}")
        for place, half in enumerate(halves):
            half.append(msgspec.structs.replace(profile, samples=samples[place::2]))
    judged, held_out = (msgspec.structs.replace(observation, statements=half) for half in halves)
    return judged, held_out


def guard(judged: Effect | None, held_out: Effect | None) -> Guard:
    """
    The guard `held_out`: the gain is there with parameters that were held out.

    It fails where at most half of the gain can be there, and does not know where no gain cannot be excluded.
    """
    if judged is None or held_out is None:
        return Guard(name="held_out", ok=None, detail="nothing was measured with held-out parameters")
    if judged.ratio >= 1:
        return Guard(name="held_out", ok=True, detail="there is no gain that could be one of the parameters alone")
    numbers = (judged.ratio, held_out.ratio, held_out.low, held_out.high)
    if not all(math.isfinite(number) and number > 0 for number in numbers):
        return Guard(name="held_out", ok=None, detail="the effect with held-out parameters is not a number")
    limit = judged.ratio**LEAST_SHARE
    detail = (
        f"time × {judged.ratio:.3g} with the judged parameters, × {held_out.ratio:.3g} with held-out ones "
        f"({held_out.low:.3g} to {held_out.high:.3g})"
    )
    if held_out.low > limit:
        return Guard(
            name="held_out",
            ok=False,
            detail=f"only the judged parameters gain: {detail}",
            value=held_out.low,
            limit=limit,
        )
    ok = True if held_out.high < 1 else None
    return Guard(name="held_out", ok=ok, detail=detail, value=held_out.high, limit=1.0)


def _shuffled(items: Sequence[T], seed: str) -> list[T]:
    return random.Random(seed).sample(list(items), len(items))  # noqa: S311
