"""
Send text compressed to whoever takes it so, and compress what does not change once.

What it does: the agent answers with gzip (Brotli or Zstandard where the application's environment has them), as the
    client asked for it, says `Vary: Accept-Encoding`, weakens strong ETags, and keeps the compressed form of files.
When it helps: scripts, styles and large JSON travel uncompressed to visitors on a slow network.
What it changes: one rule of the policy, for the paths and content types of one page or one route. No code is touched.
How it goes back: the rule leaves the policy; a quarter of a second later every worker answers as before.
What could go wrong: compressing costs processor time, and beside text that an attacker chooses a secret can be guessed
    from sizes (BREACH). On loopback it gains nothing, so it is tried behind a network as slow as [browser] network: the
    effect is the time until the last byte. Time at the server is guarded, and so are the answers. Answers to
    a known user that hold a value of the request are left alone, and so is whatever is encoded, partial or sealed.
"""

from typing import Any

import msgspec

from hasten.application import App
from hasten.errors import ApplyFailed, HastenError, RevertFailed
from hasten.log import operation
from hasten.model import Change, Finding, Kind, Risk
from hasten.optimize.about import About
from hasten.optimize.quick_wins._compression import rule_for, says
from hasten.world import workers
from hasten.world.policy_file import Rule

about = About(
    title="Compress what travels",
    kind=Kind.POLICY,
    risk=Risk.R1,
    treats=("uncompressed_response",),
    improves=("http.client.request.duration",),
    needs=("the agent in the application: `agent = true` on its process, or hasten-run",),
    least_gain=0.05,
)

#: What the answers have on purpose that control's have not, for whoever compares them.
declares: dict[str, Any] = {
    "adds": {"content-encoding": ["gzip", "br", "zstd"], "vary": ["accept-encoding"]},
    # A strong ETag names bytes, and these are other bytes; of coded bytes no range can be asked for.
    "may_differ": ["header:etag", "header:accept-ranges"],
}


def propose(finding: Finding, app: App) -> list[Change]:
    """
    One rule for the page or the route, where the application runs with the agent in it.
    """
    rule = rule_for(finding, app) if _has_agent(app) else None
    if rule is None:
        return []
    found = app.policy.read()
    if found.has(rule):
        return []
    earlier = next((each for each in found.rules if each.id == rule.id), None)
    return [
        Change(
            optimization="quick_wins.compression",
            kind=Kind.POLICY,
            where=finding.where,
            before={"rule": msgspec.to_builtins(earlier)},
            # `create` and `drop` are what people read in plans and after a rollback.
            after={"rule": msgspec.to_builtins(rule), "create": says(rule)},
            inverse={
                "rule": rule.id,
                "put": msgspec.to_builtins(earlier),
                "drop": f"the rule {rule.id} leaves the policy",
            },
            why=finding.says,
            expects=f"{finding.evidence.get('avoidable_s', 0.0):.3g} s less on the visitors' network",
            risk=Risk.R1,
            finding=finding.id,
        )
    ]


def apply(change: Change, app: App) -> None:
    """
    The rule is in the policy; workers obey it with the next request after a quarter of a second.

    Raises:
        ApplyFailed: the policy cannot be read or written; it is as before.
    """
    rule = _rule_in(change)
    with operation("compression.apply", rule=rule.id):
        try:
            found = app.policy.read()
            if not found.has(rule) or found.trial is not None:
                app.policy.put(rule)
        except HastenError as error:
            raise ApplyFailed(str(error), hint=error.hint) from error


def revert(change: Change, app: App) -> None:
    """
    The rule is neither in the policy nor on trial in it; there is nothing to do where it is gone already.

    Raises:
        RevertFailed: the policy cannot be read or written, or the change does not say what to remove.
    """
    rule, inverse = _rule_in(change), change.inverse
    if inverse.get("rule") != rule.id or "put" not in inverse:
        raise RevertFailed(
            f"change {change.id} has no inverse, or one of something else",
            hint="the record was edited or damaged; to finish by hand: " + "; ".join(by_hand(change)),
        )
    with operation("compression.revert", rule=rule.id):
        try:
            earlier = msgspec.convert(inverse["put"], Rule | None)
            if earlier is None:
                app.policy.remove(rule.id)
            elif has_remains(change, app):
                app.policy.put(earlier)
        except HastenError as error:
            raise RevertFailed(str(error), hint=error.hint) from error


def is_applied(change: Change, app: App) -> bool:
    """
    Whether the policy has this very rule and, where workers report, one of them obeys that policy and none refuses it.
    """
    found = app.policy.read()
    if not found.has(_rule_in(change)):
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
    found, rule = app.policy.read(), _rule_in(change)
    return found.has(rule) or (found.trial is not None and rule in found.trial.rules)


def by_hand(change: Change) -> list[str]:
    """
    What to type to be rid of the rule.
    """
    return ["hasten policy rollback", f"or take the rule {change.inverse.get('rule', '')} out of policy/policy.json"]


def _has_agent(app: App) -> bool:
    if any(process.agent for process in app.target.application.processes):
        return True
    return bool(workers.alive(app.policy.workers_dir))


def _rule_in(change: Change) -> Rule:
    return msgspec.convert(change.after["rule"], Rule)
