"""
What a change does and how it goes back, in words, for every kind of change.
"""

import shlex
from typing import Any

from hasten.model import Change, Kind


def what_of(change: Change) -> str:
    """
    What is done: the statement, the files, or how a process is run.
    """
    after = change.after
    if "create" in after:
        return str(after["create"])
    if change.kind is Kind.FILES and "files" in after:
        return _files(change.before.get("files", []), after["files"])
    if change.kind is Kind.PROCESS and "process" in after:
        return _run(after)
    return str(after)


def way_back_of(change: Change) -> str:
    """
    How it is undone.
    """
    inverse = change.inverse
    if "drop" in inverse:
        return str(inverse["drop"])
    if change.kind is Kind.FILES and "files" in inverse:
        return _files(change.after.get("files", []), inverse["files"])
    if change.kind is Kind.PROCESS and "process" in inverse:
        return _run(inverse)
    return str(inverse)


def _files(here: list[dict[str, Any]], there: list[dict[str, Any]]) -> str:
    known = {each["path"]: bool(each.get("digest")) for each in here}
    done: dict[str, list[str]] = {"edits": [], "adds": [], "removes": []}
    for each in there:
        verb = ("edits" if known.get(each["path"]) else "adds") if each.get("digest") else "removes"
        done[verb].append(each["path"])
    return "; ".join(f"{verb} {', '.join(paths)}" for verb, paths in done.items() if paths)


def _run(run: dict[str, Any]) -> str:
    parts = [shlex.join(run["command"])] if run.get("command") else []
    for name, value in run.get("env", {}).items():
        parts.append(f"without {name}" if value is None else f"with {name}={value}")
    return f"runs {run['process']}: {', '.join(parts)}"
