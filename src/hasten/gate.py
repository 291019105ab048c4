"""
The gate that every change passes before the world is touched, and once more before it goes live.

Here and nowhere else the stop file, hasten.toml, the freeze windows, the budget and the approvals of the ledger come
together, so that whoever calls the loop is held to them. Going back does not pass here.
"""

from datetime import datetime, timedelta

from hasten import kill_switch, permission
from hasten.application import App
from hasten.errors import NotAllowed
from hasten.model import Change, Entry, Kind, now
from hasten.permission import Permission, Value
from hasten.record.approvals import approvals, longest_trial, spending
from hasten.record.ledger import Ledger

#: What a trial may need, by kind: the time budgets of `verify`, with what is set up before and made live afterwards.
#: One on record that took longer counts instead.
EXPECTED = {
    Kind.SCHEMA: timedelta(minutes=4),
    Kind.POLICY: timedelta(minutes=6),
    Kind.FILES: timedelta(minutes=12),
    Kind.PROCESS: timedelta(minutes=12),
}


def permission_for(
    change: Change, app: App, entries: list[Entry], *, at: datetime | None = None, is_going_live: bool = False
) -> Permission:
    """
    Whether this change may be made now, as the ledger and hasten.toml have it.
    """
    moment, allow = at or now(), app.target.allow
    if not is_going_live:
        stop = kill_switch.pulled(app.state_dir)
        if stop is not None:
            reason = "Hasten is stopped" + (f": {stop.reason}" if stop.reason else "")
            return Permission(value=Value.NO, rule="stop", reason=reason, hint="`hasten resume` lifts the stop")
    lasts = timedelta() if is_going_live else max(EXPECTED[change.kind], longest_trial(entries))
    found = permission.permitted(change, allow, approvals(entries), app.target.freeze, moment, lasts=lasts)
    if found.value is Value.NO or is_going_live:
        return found
    budget = permission.within_budget(allow, spending(entries), moment)
    return found if budget.value is Value.YES else budget


def require(change: Change, app: App, book: Ledger, *, is_going_live: bool = False) -> None:
    """
    The change may be made now.

    Raises:
        NotAllowed: it may not; nothing was begun, or what was begun is not live yet.
        Interrupted: the stop file is there.
    """
    kill_switch.check(app.state_dir)
    found = permission_for(change, app, book.read(), is_going_live=is_going_live)
    if found.value is not Value.YES:
        raise refusal(change, found)


def refusal(change: Change, found: Permission) -> NotAllowed:
    """
    The permission that was not given, as an error.
    """
    return NotAllowed(f"{change.id} is not applied: {found.reason}", hint=found.hint, rule=found.rule, change=change.id)
