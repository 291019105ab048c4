"""
What is said of the workers of a `hasten run`, in lines for people.
"""

from collections.abc import Iterator

from hasten.watching import Event

LOUD, NOTE, END = "\x1b[1;33m", "\x1b[2m", "\x1b[0m"


def lines_of(event: Event, *, colored: bool = False, quiet: bool = False) -> list[str]:
    """
    The event as lines, each complete; [] where there is nothing to tell a person.

    Args:
        quiet: Only what is wrong is told.
    """
    loud, note, end = (LOUD, NOTE, END) if colored else ("", "", "")
    return [f"{loud if is_loud else note}hasten: {text}{end}" for is_loud, text in _said(event) if is_loud or not quiet]


def _said(event: Event) -> Iterator[tuple[bool, str]]:
    if event.event == "started":
        yield False, f"process {event.pid} is started with the agent in it, which obeys {event.policy}"
    elif event.event == "silent":
        yield from _silence(event)
    elif event.event == "background":
        count = "1 process goes" if len(event.processes) == 1 else f"{len(event.processes)} processes go"
        yield False, f"the program is in the background: {count} on unwatched; `hasten policy show` lists its workers"
    elif event.event == "workers":
        yield from _present(event)
    elif event.event == "note":
        yield True, event.says
    elif event.event == "accelerators":
        has = " and ".join(event.codings) or "none"
        yield (
            bool(event.says),
            (f"compiled codecs for {event.abi}: {has}; {event.says or 'used by workers that start from now on'}"),
        )


def _silence(event: Event) -> Iterator[tuple[bool, str]]:
    waited, hints = f"{event.waited_s or 0:.0f} s", [cause.hint for cause in event.causes]
    if [cause.kind for cause in event.causes] == ["no_server"]:
        # A queue worker or a command for the shell reports nothing, and nothing is wrong with it.
        yield False, f"no worker reports since {waited}: {event.causes[0].says}"
        yield False, f"  → {hints[0]}"
        return
    yield True, f"WARNING: no worker reports since {waited}, so nothing of the policy is obeyed. Likely causes:"
    for cause in event.causes:
        yield True, f"  {cause.says}"
        yield True, f"    → {cause.hint}"
    yield True, "  The program itself goes on as if it had been started directly."


def _present(event: Event) -> Iterator[tuple[bool, str]]:
    count = len(event.workers or [])
    moved = _moved(event)
    if not count:
        yield True, f"WARNING: {moved}: none is left"
        return
    under = ", ".join(
        name if len(event.servers) == 1 else f"{name} ({number})" for name, number in sorted(event.servers.items())
    )
    if len(event.appeared) == count and not event.gone:
        head = f"{_workers(count)} under {under} ({', '.join(map(str, event.workers or []))})"
    else:
        head = f"{moved + ': ' if moved else ''}{_workers(count)} under {under}"
    yield False, f"{head}, {_obeyed(event, count)}"
    for pid, why in event.refusing.items():
        yield True, f"WARNING: worker {pid} refuses the policy and obeys the last good one: {why}"


def _moved(event: Event) -> str:
    parts = []
    if event.gone:
        parts.append(f"{_named(event.gone)} {'reports' if len(event.gone) == 1 else 'report'} no more")
    if event.appeared:
        parts.append(f"{_named(event.appeared)} {'is' if len(event.appeared) == 1 else 'are'} new")
    return ", ".join(parts)


def _obeyed(event: Event, count: int) -> str:
    if event.stopped:
        return "the policy is switched off: no rule is obeyed"
    latest = str(event.latest)
    if event.latest is None or event.revisions == {latest: count}:
        each = sorted(event.revisions, key=int)
        rules = " (no rule yet)" if each == ["0"] else ""
        return f"obeying revision {' and '.join(each)} of the policy{rules}"
    there = event.revisions.get(latest, 0)
    return f"{there} of them obeying revision {latest} of the policy, the others from their next request on"


def _workers(count: int) -> str:
    return "1 worker reports" if count == 1 else f"{count} workers report"


def _named(pids: list[int]) -> str:
    return f"{'worker' if len(pids) == 1 else 'workers'} {', '.join(map(str, pids))}"
