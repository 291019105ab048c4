"""
What is different between two revisions of the policy, rule by rule.

Pure. The order counts too: of each kind the first rule that matches a request is obeyed.
"""

from difflib import SequenceMatcher
from typing import Any, Literal

import msgspec

from hasten.model import Noun
from hasten.world.policy_file import Match, Rule

What = Literal["added", "removed", "changed", "moved"]


class Differs(Noun, frozen=True, kw_only=True):
    """
    One value of a rule, as it was and as it is; None where it was, or is, left out. `field`: as in `settings.level`.
    """

    field: str
    before: Any
    after: Any


class RuleChange(Noun, frozen=True, kw_only=True):
    """
    What became of one rule. `differs`: every value of a changed rule that is another, all those of a new or gone one.
    """

    id: str
    kind: str
    what: What
    differs: list[Differs]


def compared(before: list[Rule], after: list[Rule]) -> list[RuleChange]:
    """
    What became of each rule that is not the same, in the order of `after`, those that are gone last; [] if all are.
    """
    olds, news = {rule.id: rule for rule in before}, {rule.id: rule for rule in after}
    moved = _moved([name for name in olds if name in news], [name for name in news if name in olds])
    found = []
    for name, new in news.items():
        old = olds.get(name)
        if old is None:
            found.append(_change(new, "added", {}, _flat(new)))
        elif old != new:
            found.append(_change(new, "changed", _flat(old), _flat(new)))
        if old is not None and name in moved:
            found.append(_change(new, "moved", {}, {}))
    return [*found, *(_change(old, "removed", _flat(old), {}) for name, old in olds.items() if name not in news)]


def _moved(before: list[str], after: list[str]) -> set[str]:
    """
    The fewest rules whose move makes one order of the other, as near as a diff of texts finds them.
    """
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    stayed = {name for block in blocks for name in before[block.a : block.a + block.size]}
    return set(after) - stayed


def _change(rule: Rule, what: What, before: dict[str, Any], after: dict[str, Any]) -> RuleChange:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    differs = [Differs(field=name, before=before.get(name), after=after.get(name)) for name in names]
    return RuleChange(id=rule.id, kind=rule.kind, what=what, differs=differs)


def _flat(rule: Rule) -> dict[str, Any]:
    said = msgspec.to_builtins(rule)
    flat = {"kind": said["kind"]}
    for part in ("match", "settings"):
        flat |= {f"{part}.{name}": value for name, value in said.get(part, {}).items()}
    if rule.match.methods == Match(paths=[]).methods:
        del flat["match.methods"]
    return flat
