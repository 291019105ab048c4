"""
May this change be made now? Pure: the change, hasten.toml, the approvals, the budget and the clock say so.

    mode      that of the optimization, else of its phase and its risk class, else `mode` of [allow]
    ceiling   R4 is only ever proposed; R3 is automatic only where its class or the optimization itself is named
    freeze    nothing is applied inside of a window, nor what would run into one
    budget    so many changes a day, and so many that are live and young
    approval  of this very change, by its hash; it expires

The mode of an optimization holds before all others, because it names one remedy. A phase and a risk class may both
name a change and neither is part of the other, so of the two the more careful one holds.
Going back needs no permission, ever.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from hasten import freeze
from hasten.freeze import Freeze
from hasten.model import Change, Noun, Risk, digest_of
from hasten.target import Allow, Mode

#: From the most careful to the boldest.
ORDER: tuple[Mode, ...] = ("observe", "propose", "approve", "auto")
#: How far the clock may have been set back before an approval looks as if it came from the future.
SKEW = timedelta(minutes=5)
_DAY = timedelta(days=1)


class Value(StrEnum):
    """
    What is answered.
    """

    YES = "yes"
    NO = "no"
    ASK = "ask"


class Permission(Noun, frozen=True, kw_only=True):
    """
    Whether a change may be made now, the rule it follows from, the reason for people, and what to do about it.
    """

    value: Value
    rule: str
    reason: str
    hint: str = ""


class Approval(Noun, frozen=True, kw_only=True):
    """
    Somebody's yes to one change. `seal` is the whole hash of what was approved; the rest is for people.
    """

    change: str
    seal: str
    by: str
    at: datetime
    until: datetime
    note: str = ""
    optimization: str = ""
    where: str = ""


class Spending(Noun, frozen=True, kw_only=True):
    """
    What the budget is counted from: when changes went live, and since when those that are kept are kept.
    """

    applied_at: list[datetime] = []
    kept_at: list[datetime] = []


def seal_of(change: Change) -> str:
    """
    The whole hash of what a change does and how far it reaches; another plan has another one.
    """
    parts = [change.optimization, change.kind, change.where, change.before, change.after, change.inverse, change.risk]
    return digest_of(parts, 64)


def mode_of(change: Change, allow: Allow) -> tuple[Mode, str]:
    """
    The mode that holds for a change, and what of hasten.toml says so.
    """
    phase = change.optimization.partition(".")[0]
    named = [key for key in (phase, str(change.risk)) if key in allow.modes]
    if change.optimization in allow.modes:
        key = change.optimization
    elif named:
        key = min(named, key=lambda each: ORDER.index(allow.modes[each]))
    else:
        key = ""
    mode = allow.modes[key] if key else allow.mode
    source = f"[allow.modes] {key}" if key else "[allow] mode"
    if change.risk is Risk.R4 and ORDER.index(mode) > ORDER.index("propose"):
        return "propose", "R4 is lossy, so it is proposed only"
    if change.risk is Risk.R3 and mode == "auto" and not _names(change, allow):
        return "approve", "R3 is automatic only where [allow.modes] names R3 or the optimization"
    return mode, source


def boldest(allow: Allow) -> Mode:
    """
    The boldest mode that hasten.toml gives to anything.
    """
    return max([allow.mode, *allow.modes.values()], key=ORDER.index)


def _names(change: Change, allow: Allow) -> bool:
    return "auto" in (allow.modes.get(change.optimization), allow.modes.get(Risk.R3))


def permitted(
    change: Change,
    allow: Allow,
    approvals: Sequence[Approval],
    freezes: Sequence[Freeze],
    now: datetime,
    *,
    lasts: timedelta = timedelta(),
) -> Permission:
    """
    Whether hasten.toml, the freeze windows and the approvals allow this change at this moment.

    Args:
        lasts: How long it is expected to take; what would run into a window is not begun.
    """
    mode, source = mode_of(change, allow)
    if mode in ("observe", "propose"):
        return _no(
            f"mode:{mode}",
            f"hasten.toml lets Hasten only {mode} {change.optimization} ({change.risk}; {source})",
            "do it by hand: `hasten plan` shows the exact statement"
            if change.risk is Risk.R4
            else 'set `mode = "approve"` (or "auto") under [allow], or for its class under [allow.modes]',
        )
    window = freeze.collision(freezes, now, lasts)
    if window is not None:
        return _frozen(window, now, lasts)
    if mode == "auto":
        return Permission(value=Value.YES, rule="mode:auto", reason=f"{source} is auto")
    return _approved(change, approvals, now)


def within_budget(allow: Allow, spending: Spending, now: datetime) -> Permission:
    """
    Whether one more change fits what may go live in a day, and what may be live and young.
    """
    today = sum(at > now - _DAY for at in spending.applied_at)
    if today >= allow.max_changes_per_day:
        return _no(
            "budget:day",
            f"{today} changes went live in the last 24 hours, and [allow] max_changes_per_day is "
            f"{allow.max_changes_per_day}",
            "try again tomorrow, or raise the limit",
        )
    young = sum(at > now - timedelta(hours=allow.watch_hours) for at in spending.kept_at)
    if young >= allow.max_live_changes:
        return _no(
            "budget:live",
            f"{young} kept changes are younger than {allow.watch_hours:g} hours, and [allow] max_live_changes is "
            f"{allow.max_live_changes}",
            "wait until they have been live for that long, undo some, or raise the limit",
        )
    return Permission(value=Value.YES, rule="budget", reason="within the budget")


def _frozen(window: freeze.Window, now: datetime, lasts: timedelta) -> Permission:
    why = f" ({window.reason})" if window.reason else ""
    if window.holds(now):
        reason = f"nothing is applied before {_said(window.end)}{why}"
    else:
        reason = f"about {lasts.total_seconds():.0f} s are needed and a freeze begins at {_said(window.start)}{why}"
    return _no("freeze", reason, f"try again after {_said(window.end)}; `hasten freeze` shows the windows")


def _approved(change: Change, approvals: Sequence[Approval], now: datetime) -> Permission:
    seal = seal_of(change)
    own = [approval for approval in approvals if approval.seal == seal]
    good = [approval for approval in own if approval.at - SKEW <= now < approval.until]
    if good:
        latest = max(good, key=lambda approval: approval.until)
        reason = f"approved by {latest.by} until {_said(latest.until)}"
        return Permission(value=Value.YES, rule="approval", reason=reason)
    hint = f"look at `hasten apply --dry-run {change.id}`, then `hasten approve {change.id}`"
    if own:
        latest = max(own, key=lambda approval: approval.until)
        if latest.until <= now:
            return _ask("approval:expired", f"the approval by {latest.by} expired at {_said(latest.until)}", hint)
        return _ask("approval:clock", f"the approval by {latest.by} lies in the future: was the clock set back?", hint)
    others = [each for each in approvals if (each.optimization, each.where) == _place(change) and each.until > now]
    if others:
        given = others[-1]
        reason = f"nobody has approved this one: {given.by} approved {given.change}, another change to {given.where}"
        return _ask("approval:other", reason, hint)
    return _ask("approval:none", "nobody has approved it", hint)


def _place(change: Change) -> tuple[str, str]:
    return change.optimization, change.where.name


def _said(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M %Z")


def _no(rule: str, reason: str, hint: str) -> Permission:
    return Permission(value=Value.NO, rule=rule, reason=reason, hint=hint)


def _ask(rule: str, reason: str, hint: str) -> Permission:
    return Permission(value=Value.ASK, rule=rule, reason=reason, hint=hint)
