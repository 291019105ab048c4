"""
Which kept changes stand on which: what was proved with another one in place does not stay when that one goes.

A later change stands on an earlier one when

    both are at the same place             one table, route, page or process
    both are about the same thing          a table, rule, route or file that both name in what they do
    the later names what the earlier made  an index on its view, or a `before` that holds its index
    the same measurements proved both      the later trial timed the same statements or routes, with the other in place

Everything is read from the two changes and their trials, so the answer is the same in every process.
"""

import re
from typing import Any

from hasten.model import Change, Trial
from hasten.record.history import ChangeState

#: The keys of `after` and `inverse` under which a change names what it touches, by what that is.
_TOUCHED = {
    "table": ("table", "tables", "relation", "relations"),
    "rule": ("rule", "rules"),
    "route": ("route", "routes"),
    "file": ("file", "files", "path", "paths"),
    "process": ("process", "processes"),
}
#: The keys under which a thing that is described at length has its name.
_OWN = ("id", "path", "name")
#: The keys under which it names what it makes.
_MADE = ("name", "names", "view", "index")


def stands_on(later: ChangeState, earlier: ChangeState) -> str:
    """
    Why the later kept change stands on the earlier one; "" where it does not.
    """
    if later.kept_seq <= earlier.kept_seq:
        return ""
    first, second = earlier.change, later.change
    if first.where == second.where:
        return f"both are at {first.where.kind} {first.where.name}"
    shared = sorted(_touched(first) & _touched(second))
    if shared:
        return f"both are about {' '.join(shared[0])}"
    named = sorted(name for name in _made(first) if _mentions(second, name))
    if named:
        return f"it names {named[0]}, which the other made"
    timed = sorted(_timed(later.trial) & _timed(earlier.trial))
    if timed:
        return f"it was proved on statement or route {timed[0]} with the other in place"
    return ""


def standing_on(state: ChangeState, kept: list[ChangeState]) -> list[tuple[ChangeState, str]]:
    """
    The kept changes that stand on this one, at once or over others, with the reason; the newest first.
    """
    found: dict[str, tuple[ChangeState, str]] = {}
    ground = [state]
    while ground:
        below = ground.pop()
        for later in kept:
            reason = stands_on(later, below) if later.change.id not in found else ""
            if reason:
                over = "" if below is state else f" (through {below.change.id})"
                found[later.change.id] = (later, f"{reason}{over}")
                ground.append(later)
    return sorted(found.values(), key=lambda each: each[0].kept_seq, reverse=True)


def _touched(change: Change) -> set[tuple[str, str]]:
    found = set()
    for kind, keys in _TOUCHED.items():
        if change.where.kind == kind:
            found.add((kind, change.where.name))
        for part in (change.after, change.inverse):
            found |= {(kind, name) for key in keys for name in _names_in(part.get(key))}
    return found


def _made(change: Change) -> set[str]:
    return {name for key in _MADE for name in _names_in(change.after.get(key))}


def _names_in(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value} if value else set()
    if isinstance(value, dict):
        own = {str(value[key]) for key in _OWN if key in value}
        return own or {str(name) for name in value}
    return {name for item in value for name in _names_in(item)} if isinstance(value, list | tuple) else set()


def _mentions(change: Change, name: str) -> bool:
    word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
    parts = (change.where.name, change.before, change.after, change.inverse)
    return any(word.search(text) for part in parts for text in _texts(part))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (str(key), *_texts(item))]
    return [text for item in value for text in _texts(item)] if isinstance(value, list | tuple) else []


def _timed(trial: Trial | None) -> set[str]:
    """
    What the verdict of a trial stands on; what was only watched beside it has no weight.
    """
    names = {name for block in trial.blocks for name in block.control} if trial is not None else set()
    return {name for name in names if trial is not None and trial.weights.get(name, 1.0) > 0}
