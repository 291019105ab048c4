"""
Why no worker reports: the likely causes, found by looking at the processes of the program.

Pure: what was seen goes in, causes come out, the surest first. What cannot be told is said to be so.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from hasten.model import Noun
from hasten.world.lineage import Program

OLDEST_PYTHON = (3, 9)
#: Programs that start others elsewhere, or with another environment.
ELSEWHERE = ("docker", "podman", "nerdctl", "kubectl", "ssh", "systemctl", "systemd-run", "chroot", "su", "sudo")
SERVERS = "uvicorn, gunicorn, hypercorn, granian, daphne, waitress, werkzeug (flask run), Django's runserver, uWSGI"
PAGE = "docs/agent.md says which servers are known"
#: Servers that are known and can be run in a way that is not.
OTHER_WAYS = {
    "granian": "granian serves RSGI where nothing else is said: start it with --interface asgi or wsgi",
    "uwsgi": "name uWSGI's application by --module module:callable, not by a file",
    "gunicorn": "of gunicorn's worker classes sync, gthread, gevent, asgi and uvicorn's are known, tornado is not",
}


class Cause(Noun, frozen=True, kw_only=True):
    """
    Why the agent is not heard of in a process.

    kind: for programs. pid: which process; None: all of them.
    is_certain: whether it is a fact that keeps the agent out; else it is what the looks suggest.
    """

    kind: str
    says: str
    hint: str
    pid: int | None = None
    is_certain: bool = True


def causes(seen: list[Program], boot: Path) -> list[Cause]:
    """
    Why none of these processes reports, the likeliest first; at least one.

    Args:
        boot: The folder of the agent that has to be first on PYTHONPATH.
    """
    if not seen:
        return [Cause(kind="ended", says="none of its processes is there any more", hint="look at what it printed")]
    pythons = [each for each in seen if each.python is not None]
    if not pythons:
        return [_no_python(seen)]
    pythons = sorted(pythons, key=lambda each: (not each.listens, each.pid))
    kept_out = [cause for each in pythons if (cause := kept_out_of(each, boot)) is not None]
    # What serves, or else everything, is kept out: that is why. Otherwise it is told beside what is likelier.
    if kept_out and (kept_out[0].pid == pythons[0].pid or len(kept_out) == len(pythons)):
        return _once(kept_out)
    return _once([*_silent(pythons), *kept_out])


def kept_out_of(program: Program, boot: Path) -> Cause | None:
    """
    What keeps the agent out of this Python, or from reporting there; None: nothing that can be seen.
    """
    for look in _LOOKS:
        cause = look(program, boot)
        if cause is not None:
            return cause
    return None


def flags_of(words: list[str]) -> set[str]:
    """
    The single-letter options that a Python was started with.
    """
    found: set[str] = set()
    rest = iter(words[1:])
    for word in rest:
        if word.startswith("--"):
            # The only one that takes its value from the next word.
            if word == "--check-hash-based-pycs":
                next(rest, None)
            continue
        if not word.startswith("-") or word == "-":
            break
        for index, letter in enumerate(word[1:], start=1):
            found.add(letter)
            if letter in "cm":
                return found
            if letter in "WX":
                if index == len(word) - 1:
                    next(rest, None)
                break
    return found


def named(program: Program) -> str:
    """
    The process as people call it.
    """
    text = " ".join(program.words) or program.exe or "its command line cannot be read"
    # One that is not started yet has no pid.
    who = f"process {program.pid}" if program.pid else "the program"
    return f"{who} ({text if len(text) <= 100 else text[:99] + '…'})"


def _no_python(seen: list[Program]) -> Cause:
    away = next((each for each in seen if _word(each) in ELSEWHERE), None)
    if away is not None:
        return Cause(
            kind="elsewhere",
            pid=away.pid,
            says=f"{named(away)} starts programs elsewhere, or with an environment of its own",
            hint="put `hasten run --`, or `hasten-run`, in front of the program itself, on the inside",
        )
    last = seen[-1]
    what = "a static program" if last.is_static else "no Python"
    return Cause(
        kind="not_python",
        pid=last.pid,
        says=f"{named(last)} is {what}, and neither is any other process below it a Python",
        hint="the agent is for Python; Hasten measures other programs from outside",
    )


def _disabled(program: Program, _: Path) -> Cause | None:
    if (program.variables or {}).get("HASTEN_DISABLE", "") in ("", "0"):
        return None
    return _cause(program, "disabled", "has HASTEN_DISABLE in its environment", "start it without HASTEN_DISABLE")


def _isolated(program: Program, _: Path) -> Cause | None:
    letters = sorted(flags_of(program.words) & set("IES")) if not program.is_embedded else []
    if not letters:
        return None
    why = {"I": "ignores PYTHONPATH (isolated mode)", "E": "ignores PYTHONPATH", "S": "imports no sitecustomize"}
    said = " and ".join(f"-{letter}, so it {why[letter]}" for letter in letters)
    return _cause(program, "isolated", f"was started with {said}", "start Python without that option")


def _too_old(program: Program, _: Path) -> Cause | None:
    found = re.fullmatch(r"(\d+)\.(\d+)", program.python or "")
    if found is None or (int(found[1]), int(found[2])) >= OLDEST_PYTHON:
        return None
    return _cause(program, "too_old", f"is Python {program.python}", "the agent needs Python 3.9 or newer")


def _away(program: Program, boot: Path) -> Cause | None:
    if program.path is None or str(boot) in program.path:
        return None
    if not program.variables:
        says = "has an environment without anything of Hasten's: something between started it with its own"
        return _cause(program, "scrubbed", says, "put `hasten run --` behind whatever cleans the environment")
    says = "has a PYTHONPATH without the agent's folder: something between has set it anew"
    hint = "where PYTHONPATH is set, keep what is there: PYTHONPATH=/my/folder:$PYTHONPATH"
    return _cause(program, "path_overwritten", says, hint)


def _shadowed(program: Program, _: Path) -> Cause | None:
    if not program.before_us:
        return None
    says = f"finds the sitecustomize of {program.before_us[0]} first, and that one does not run the agent's"
    return _cause(
        program, "shadowed", says, "put `hasten run --` behind the other launcher, so that its folder is first"
    )


def _scrubbed(program: Program, _: Path) -> Cause | None:
    if program.variables is None or "HASTEN_POLICY" in program.variables:
        return None
    says = "has no HASTEN_POLICY in its environment, so its agent does nothing"
    return _cause(program, "scrubbed", says, "let HASTEN_POLICY through where the environment is made")


def _unread(program: Program, boot: Path) -> Cause | None:
    if program.can_read:
        return None
    hint = f"install Hasten where every user can read it: {boot} must be open to that user"
    return _cause(program, "unreadable_agent", "runs as a user who cannot read the agent's files", hint)


def _unheard(program: Program, _: Path) -> Cause | None:
    if program.can_report:
        return None
    says = "runs as a user who cannot write the folder in which workers report"
    return _cause(program, "cannot_report", says, "make .hasten/policy/workers and give it to that user")


_LOOKS: tuple[Callable[[Program, Path], Cause | None], ...] = (
    _disabled, _isolated, _too_old, _away, _shadowed, _scrubbed, _unread, _unheard,
)  # fmt: skip


def _silent(pythons: list[Program]) -> Iterator[Cause]:
    """
    What is left where the agent has its way in: no server, or none that is known.
    """
    serving = [each for each in pythons if each.listens]
    for each in serving:
        says = f"{named(each)} listens on {', '.join(each.listens)}, and no server that the agent knows serves there"
        yield Cause(kind="unknown_server", pid=each.pid, says=says, hint=_way_of(each), is_certain=False)
    if not serving:
        yield Cause(
            kind="no_server",
            says="no Python of it listens on a port: it is still starting, or it is no web server",
            hint="the statements of every Python below it are counted all the same: `hasten telemetry` shows them",
            is_certain=False,
        )


def _way_of(program: Program) -> str:
    names = {Path(word).name for word in program.words[:4]}
    for name, hint in OTHER_WAYS.items():
        if name in names:
            return f"{hint}; or it is still loading the application"
    return f"known are {SERVERS}; one of these may still be loading the application; {PAGE}"


def _cause(program: Program, kind: str, says: str, hint: str) -> Cause:
    return Cause(kind=kind, pid=program.pid, says=f"{named(program)} {says}", hint=hint)


def _once(found: list[Cause]) -> list[Cause]:
    """
    The first of each kind: eight workers have one reason.
    """
    firsts: dict[str, Cause] = {}
    for cause in found:
        firsts.setdefault(cause.kind, cause)
    return list(firsts.values())


def _word(program: Program) -> str:
    return Path(program.words[0]).name if program.words else ""
