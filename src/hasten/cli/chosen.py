"""
The one change that a command is about.
"""

from hasten.errors import ConfigError, NoData
from hasten.model import Change, Entry
from hasten.record import history


def tried_change(entries: list[Entry], prefix: str) -> tuple[history.ChangeState, history.Tried]:
    """
    The change whose id starts with `prefix`, and its latest trial.

    Raises:
        ConfigError: no change has such an id, or several have.
        NoData: it was not tried.
    """
    found = history.find_change(entries, prefix)
    if len(found) != 1:
        what = "no change has" if not found else f"{len(found)} changes have"
        raise ConfigError(f"{what} an id like {prefix!r}", hint="`hasten status` lists them")
    tried = history.tried(entries, found[0].change.id)
    if tried is None:
        raise NoData(f"{found[0].change.id} was not tried, or nothing could be measured: {_why(found[0])}",
                     hint="run `hasten apply` to have it tried")  # fmt: skip
    return found[0], tried


def _why(state: history.ChangeState) -> str:
    return state.reason or f"it is {state.step}"


def name_of(change: Change) -> str:
    """
    The exact step, for a heading.
    """
    return str(change.after.get("create") or change.where.name)
