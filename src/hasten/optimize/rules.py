"""
The life of a rule of the policy: proposed, put in force, taken out again. All remedies of that kind have it in common.
"""

import re
from typing import Any

import msgspec

from hasten.application import App
from hasten.errors import ApplyFailed, HastenError, RevertFailed
from hasten.log import operation
from hasten.model import Change, Finding, Kind, Risk
from hasten.world import workers
from hasten.world.policy_file import Rule

#: A route whose answer reaches a visitor less than this much sooner is not worth a trial of its own.
LEAST_ROUTE_S = 0.05


def proposed(optimization: str, rule: Rule, says: str, finding: Finding, app: App) -> list[Change]:
    """
    The change that puts the rule into the policy; [] where it is in force.

    Args:
        says: What the rule does, for people.
    """
    found = app.policy.read()
    if found.has(rule):
        return []
    earlier = msgspec.to_builtins(next((each for each in found.rules if each.id == rule.id), None))
    return [
        Change(
            optimization=optimization,
            kind=Kind.POLICY,
            where=finding.where,
            before={"rule": earlier},
            # `create` and `drop` are what people read in plans and after a rollback.
            after={"rule": msgspec.to_builtins(rule), "create": says},
            inverse={"rule": rule.id, "put": earlier, "drop": f"the rule {rule.id} leaves the policy"},
            why=finding.says,
            expects=f"{finding.evidence.get('avoidable_s', 0.0):.3g} s less on the visitors' network",
            risk=Risk.R1,
            finding=finding.id,
        )
    ]


def put(change: Change, app: App) -> None:
    """
    The rule is in the policy; workers obey it with the next request after a quarter of a second.

    Raises:
        ApplyFailed: the policy cannot be read or written; it is as before.
    """
    rule = rule_in(change)
    with operation("policy.apply", rule=rule.id):
        try:
            found = app.policy.read()
            if not found.has(rule) or found.trial is not None:
                app.policy.put(rule)
        except HastenError as error:
            raise ApplyFailed(str(error), hint=error.hint) from error


def take_out(change: Change, app: App) -> None:
    """
    The rule is neither in the policy nor on trial in it; there is nothing to do where it is gone already.

    Raises:
        RevertFailed: the policy cannot be read or written, or the change does not say what to remove.
    """
    rule, inverse = rule_in(change), change.inverse
    if inverse.get("rule") != rule.id or "put" not in inverse:
        raise RevertFailed(
            f"change {change.id} has no inverse, or one of something else",
            hint="the record was edited or damaged; to finish by hand: " + "; ".join(by_hand(change)),
        )
    with operation("policy.revert", rule=rule.id):
        try:
            earlier = msgspec.convert(inverse["put"], Rule | None)
            if earlier is None:
                app.policy.remove(rule.id)
            elif has_remains(change, app):
                app.policy.put(earlier)
        except HastenError as error:
            raise RevertFailed(str(error), hint=error.hint) from error


def is_obeyed(change: Change, app: App) -> bool:
    """
    Whether the policy has this very rule and, where workers report, one of them obeys that policy and none refuses it.
    """
    found = app.policy.read()
    if not found.has(rule_in(change)):
        return False
    folder = app.policy.workers_dir
    if not workers.alive(folder) or not app.url:
        # Nobody is there who obeys, or nobody can be asked: the next one to start, or to answer, will.
        return not workers.refusing(folder)
    return workers.arrived(folder, found, app.url, app.target.application.health)


def has_remains(change: Change, app: App) -> bool:
    """
    Whether the rule, or an unfinished trial of it, is in the policy.
    """
    found, rule = app.policy.read(), rule_in(change)
    return found.has(rule) or (found.trial is not None and rule in found.trial.rules)


def by_hand(change: Change) -> list[str]:
    """
    What to type to be rid of the rule.
    """
    return ["hasten policy rollback", f"or take the rule {change.inverse.get('rule', '')} out of policy/policy.json"]


def has_agent(app: App) -> bool:
    """
    Whether somebody would obey a rule.
    """
    if any(process.agent for process in app.target.application.processes):
        return True
    return bool(workers.alive(app.policy.workers_dir))


def rule_in(change: Change) -> Rule:
    """
    The rule that the change puts into the policy.
    """
    return msgspec.convert(change.after["rule"], Rule)


def route_paths(finding: Finding) -> set[str]:
    """
    The path of a route as the agent matches it; nothing where it could not, or where it would gain next to nothing.
    """
    evidence: dict[str, Any] = finding.evidence
    method, _, path = finding.where.name.partition(" ")
    if method != "GET" or evidence.get("avoidable_s", LEAST_ROUTE_S) < LEAST_ROUTE_S:
        return set()
    # {id:int} is one segment as far as the policy is concerned.
    plain = re.sub(r"\{(\w+):(?!path\})\w+\}", r"{\1}", path)
    is_known = "{" not in re.sub(r"\{\w+(:path)?\}", "", plain)
    return {plain} if is_known and plain.startswith("/") else set()
