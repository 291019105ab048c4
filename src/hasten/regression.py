"""
Is a revision slower than another? Route by route, from the blocks of a trial in which both ran at the same time.

With many routes one of them looks slower by chance, so each has to show more the more there are (Bonferroni). A route
that is neither shown to be slower nor shown to be within its limit is "not shown", which is no good news.
"""

import math
from collections.abc import Callable, Sequence

import msgspec

from hasten.model import Block, Ending, Guard, Look, Trial
from hasten.record.checked import Item, Status
from hasten.target import Check
from hasten.verify.answers import Equivalence, guard
from hasten.verify.guards import WORSE_ROUTE_S
from hasten.verify.looks import LEAST_PAIRS, look_at, totals_of

SEED = 1
LEVEL = 0.025
ALL = "all routes"


def ends_for(section: Check) -> Callable[[Look, Sequence[Block]], Ending | None]:
    """
    What ends such a trial at a look: every route is shown to be slower, or shown to be within its limit.
    """

    def ends(_: Look, blocks: Sequence[Block]) -> Ending | None:
        routes = {name for block in blocks for name in block.control}
        seen = [item.status for item in route_items(blocks, sorted(routes), section)]
        if Status.NOT_SHOWN in seen or Status.NO_DATA in seen:
            return None
        return Ending.HARM if Status.BROKEN in seen else Ending.HARMLESS

    return ends


def items_of(trial: Trial, section: Check) -> list[Item]:
    """
    Everything that the trial says of the candidate revision.
    """
    found = route_items(trial.blocks, sorted(trial.weights), section)
    guards = {each.name: each for each in trial.guards}
    found += _whole(trial, guards.get("harm"), section)
    breaking = {"failures", "statuses"} if section.same_answers else {"failures"}
    for name in ("failures", "statuses", "cpu", "memory"):
        if name in guards:
            found.append(_guarded(guards[name], breaks=name in breaking))
    found.append(_answers(trial, section))
    return found


def route_items(blocks: Sequence[Block], routes: Sequence[str], section: Check) -> list[Item]:
    """
    An item for each route, from the blocks alone.
    """
    level = LEVEL / max(1, len(routes))
    return [_route(blocks, name, section, level) for name in routes]


def _route(blocks: Sequence[Block], name: str, section: Check, level: float) -> Item:
    limit = section.routes.get(name, section.max_regression)
    item = Item(group="regression", name=name, status=Status.NO_DATA, says="", limit=1 + limit, key="max_regression")
    if name in section.routes:
        item = msgspec.structs.replace(item, section="check.routes", key=name)
    totals = totals_of([_only(block, name) for block in blocks], {})
    if totals.shape[1] < LEAST_PAIRS:
        return msgspec.structs.replace(item, says=f"only {totals.shape[1]} pairs of it could be compared")
    look = look_at(totals, SEED, level)
    ratio, control_s = math.exp(look.log_ratio), float(totals[0].mean())
    if look.low > 1 and ratio > 1 + limit and (ratio - 1) * control_s > WORSE_ROUTE_S:
        status, what = Status.BROKEN, "shown to be slower"
    elif look.high <= 1 + limit:
        status, what = Status.HELD, "shown to be within its limit"
    else:
        status, what = Status.NOT_SHOWN, "neither slower nor harmless is shown"
    says = (
        f"{what}: × {ratio:.3g} ({look.low:.3g} – {look.high:.3g}, {look.pairs} pairs, "
        f"{control_s * 1000:.3g} ms before), allowed is × {1 + limit:.3g}"
    )
    return msgspec.structs.replace(item, status=status, says=says, value=ratio)


def _whole(trial: Trial, harm: Guard | None, section: Check) -> list[Item]:
    """
    What ended the trial between two looks, if something did: much slower, or many more errors.
    """
    if harm is None or harm.ok is not False:
        return []
    effect = trial.effect
    is_beyond = effect is None or effect.ratio > 1 + section.max_regression or "errors" in harm.detail
    status = Status.BROKEN if is_beyond else Status.NOT_SHOWN
    return [Item(group="regression", name=ALL, status=status, says=harm.detail, key="max_regression")]


def _guarded(found: Guard, *, breaks: bool) -> Item:
    status = {True: Status.HELD, None: Status.NO_DATA, False: Status.BROKEN if breaks else Status.NOT_SHOWN}[found.ok]
    return Item(
        group="regression", name=found.name, status=status, says=found.detail, value=found.value, limit=found.limit
    )


def _answers(trial: Trial, section: Check) -> Item:
    """
    Whether both revisions answer alike. A new revision may answer differently on purpose, so it is only told.
    """
    found = guard(msgspec.convert(trial.equivalence, Equivalence))
    says = found.detail
    if found.ok is False and not section.same_answers:
        says += " (told only: [check] same_answers is false)"
    status = _guarded(found, breaks=section.same_answers).status
    return Item(group="answers", name="same answers", status=status, says=says, key="same_answers")


def _only(block: Block, name: str) -> Block:
    return msgspec.structs.replace(
        block,
        control={name: block.control[name]} if name in block.control else {},
        candidate={name: block.candidate[name]} if name in block.candidate else {},
    )
