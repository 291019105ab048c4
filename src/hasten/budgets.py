"""
`hasten check`, for CI: are the budgets kept, and is the working copy slower than another revision?

    measure ─▶ budgets          both revisions, side by side on this very runner ─▶ regressions

A regression is only told where both ran at the same time. What another run measured at another time is told too, and
breaks nothing unless that is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import msgspec

from hasten import instances, objectives, sides
from hasten.application import App
from hasten.errors import ConfigError, NoData, TooNoisy
from hasten.log import operation
from hasten.model import Step, Trial
from hasten.observe.run import observe
from hasten.record import history
from hasten.record.checked import Checked, Item, Status
from hasten.record.ledger import Ledger
from hasten.regression import ends_for, items_of
from hasten.target import Target
from hasten.verify.pair import pair_of
from hasten.verify.sequence import Plan, Progress
from hasten.verify.side_by_side import run_side_by_side
from hasten.world.revision import commit_of, copy_revision
from hasten.world.working_copy import copy_folder

#: How much slower is too slow is for [check] to say, so the watch between the looks ends nothing because of a little.
HARM_ALPHA = 0.0
#: The pairs may take as long; answers are compared before them.
MINUTES = 5.0
#: The share of the progress that budgets take, when there is a comparison as well.
BUDGETS = 0.4
#: Which probe an objective comes from.
_PROBES = {
    "page_load_ms": "page",
    "db_p95_ms": "database",
    "bundle_bytes": "bundle",
    "memory_mb": "process",
    "cpu_percent": "process",
}


@dataclass(frozen=True)
class Wanted:
    """
    What a check is to look at.

    against: a commit; "" compares with the stored baseline only. minutes: for the pairs.
    """

    budgets: bool = True
    against: str = ""
    seed: int = 1
    minutes: float = MINUTES


def check(app: App, book: Ledger, wanted: Wanted, progress: Progress) -> Checked:
    """
    The working copy was measured and compared, and what was found is in the ledger.

    Args:
        app: The application, running.

    Raises:
        ConfigError, Unreachable, NotAllowed, NoData: it cannot be measured, or two revisions cannot be run.
    """
    start = monotonic()
    entries = book.read()
    with operation("check", against=wanted.against) as result:
        items: list[Item] = []
        values: dict[str, float | None] = {}
        trial: Trial | None = None
        share = 1.0 if not wanted.against else BUDGETS if wanted.budgets else 0.0
        if wanted.budgets:
            values, items = _budgets(app, lambda done, what: progress(share * done, what))
            items += baseline_items(history.measured(entries), values, app.target)
        if wanted.against:
            instances.stop(app.target, instances.Ground(app.root, app.state_dir), app.supervisor)
            trial = _compared(app, wanted, lambda done, what: progress(share + (1 - share) * done, what))
            items += items_of(trial, app.target.check)
        found = Checked(
            items=items,
            against=wanted.against,
            objectives=values,
            trial=trial,
            notes=trial.notes if trial else [],
            seconds=monotonic() - start,
        )
        result["broken"] = [item.name for item in found.broken]
        book.append(Step.CHECKED, {"name": wanted.against[:12] or "budgets", **msgspec.to_builtins(found)})
    return found


def wanted_from(
    app_root: Path, target: Target, against: str | None, *, budgets: bool, seed: int, minutes: float = MINUTES
) -> Wanted:
    """
    What the command line and [check] ask for.

    Raises:
        ConfigError: the revision is not there, or nothing is asked for.
    """
    named = target.check.against if against is None else against
    commit = commit_of(app_root, named) if named else ""
    if commit:
        instances.need_ports(target)
    elif not budgets:
        raise ConfigError("nothing is left to check", hint="name a revision with --against, or keep the budgets")
    return Wanted(budgets=budgets, against=commit, seed=seed, minutes=minutes)


def budget_items(
    values: dict[str, float | None], target: Target, missing: Mapping[str, str] | None = None
) -> list[Item]:
    """
    Each budget against what was measured.

    Args:
        missing: Why a probe could not measure, by probe.
    """
    found = []
    for objective in objectives.OBJECTIVES:
        if objective.name not in budgets_of(target):
            continue
        value, limit = values.get(objective.name), getattr(target.objectives, objective.name)
        relation = "at most" if objective.lower_is_better else "at least"
        if value is None:
            reason = (missing or {}).get(_PROBES.get(objective.name, ""), "nothing in this run says it")
            status, says = Status.NO_DATA, f"not measured: {reason}"
        else:
            status = Status.HELD if objectives.is_met(objective, value, limit) else Status.BROKEN
            says = f"{value:.4g} {objective.unit}, allowed is {relation} {limit:.4g} {objective.unit}"
        found.append(
            Item(
                group="budget",
                name=objective.title,
                status=status,
                says=says,
                value=value,
                limit=limit,
                section="objectives",
                key=objective.name,
            )
        )
    return found


def baseline_items(runs: Sequence[history.Measured], values: dict[str, float | None], target: Target) -> list[Item]:
    """
    The budgets against the stored baseline: another time and perhaps another machine, so it proves nothing (grade C).
    """
    section = target.check
    stored = next((run for run in reversed(runs) if run.name == section.baseline), None)
    found = []
    for objective in objectives.OBJECTIVES if stored else ():
        before, now = stored.objectives.get(objective.name) if stored else None, values.get(objective.name)
        if objective.name not in budgets_of(target) or not before or not now:
            continue
        worse = now / before if objective.lower_is_better else before / now
        is_worse = worse > 1 + section.max_regression
        broken = Status.BROKEN if section.baseline_breaks else Status.NOT_SHOWN
        found.append(
            Item(
                group="baseline",
                name=objective.title,
                status=broken if is_worse else Status.HELD,
                says=f"{before:.4g} {objective.unit} in the stored baseline, {now:.4g} now (grade C: another time)",
                value=worse,
                limit=1 + section.max_regression,
                key="baseline",
            )
        )
    return found


def budgets_of(target: Target) -> list[str]:
    """
    The objectives that are budgets.
    """
    return target.check.budgets or [objective.name for objective in objectives.OBJECTIVES]


def _budgets(app: App, progress: Progress) -> tuple[dict[str, float | None], list[Item]]:
    begun = monotonic()
    try:
        found = observe(replace(app, target=measured_part(app.target)), "check", progress)
        values, missing = objectives.values(found), found.missing
    except (NoData, TooNoisy) as error:
        # It says nothing of the application, and the comparison may still say something.
        values, missing = {}, dict.fromkeys(["", *_PROBES.values()], str(error))
    items = budget_items(values, app.target, missing)
    seconds = (monotonic() - begun) / max(1, len(items))
    return values, [msgspec.structs.replace(item, seconds=seconds) for item in items]


def measured_part(target: Target) -> Target:
    """
    The target without what no budget needs: visits of pages take the longest.
    """
    wanted = budgets_of(target)
    if "page_load_ms" not in wanted:
        target = msgspec.structs.replace(target, browser=msgspec.structs.replace(target.browser, pages=[]))
    if "bundle_bytes" not in wanted:
        target = msgspec.structs.replace(target, frontend=msgspec.structs.replace(target.frontend, dist=""))
    return target


def _compared(app: App, wanted: Wanted, progress: Progress) -> Trial:
    section, own = app.target.check, sides.not_copied(app)
    with sides.beside(app) as both:
        progress(0.0, f"copying the working copy, and {wanted.against[:12]} beside it")
        copy_revision(app.root, wanted.against, both.control.root, both.control.root.parent, leave_out=own)
        copy_folder(app.root, both.candidate.root, leave_out=own)
        for side in (both.control, both.candidate):
            if section.prepare:
                progress(0.1, f"preparing {side.name}")
                side.run(section.prepare)
        pair = pair_of(both.control.start(), both.candidate.start(), folder=app.root, may_write=both.may_write)
        pair.notes[:0] = both.notes
        # Without control against control: every route has to show its own limit, and "not shown" is said of each.
        plan = Plan(seed=wanted.seed, harm_alpha=HARM_ALPHA, budget_s=60 * wanted.minutes, ends=ends_for(section))
        return run_side_by_side(
            wanted.against[:12],
            pair,
            plan,
            lambda done, what: progress(0.15 + 0.85 * done, what),
            needs_same_answers=False,
        )


def would_do(target: Target, wanted: Wanted) -> list[str]:
    """
    What `check` would do, without doing it.
    """
    found = []
    if wanted.budgets:
        found.append(f"measure the application, and hold against it: {', '.join(budgets_of(target))}")
    if wanted.against:
        found += [
            f"copy {wanted.against[:12]} and the working copy, and start both beside each other",
            "send the recorded requests to both at the same moments",
            f"tell each route that is shown to be more than {target.check.max_regression:.0%} slower",
        ]
    return found
