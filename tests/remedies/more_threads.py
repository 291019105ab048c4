"""
Run the web server with more threads and a larger pool.

What it does: adds an argument to the web server's command and sets one variable.
When it helps: requests wait for a thread.
What it changes: how one process is run, in Hasten's processes.json. hasten.toml is not edited.
How it goes back: the process is restarted as it was run before.
What could go wrong: it does not get ready with more threads. So it is tried beside the old one first.
"""

from hasten import fleet
from hasten.application import App
from hasten.model import Change, Finding, Kind, Risk, Where
from hasten.optimize.about import About

about = About(title="Run more threads", kind=Kind.PROCESS, risk=Risk.R2, treats=("thread_waits",), improves=("time",))


def propose(finding: Finding, app: App) -> list[Change]:
    """
    One change of the web server.
    """
    (web,) = [each for each in app.servers.target.application.processes if each.is_web]
    more = [*[word for word in web.command if word != "threads"], "threads"]
    sides = app.servers.prepare(web.name, command=more, env={"POOL": "9"})
    if sides is None:
        return []
    return [
        Change(
            optimization="toy.process",
            kind=Kind.PROCESS,
            where=Where(kind="process", name=web.name),
            risk=Risk.R2,
            why=finding.says,
            expects="shorter waits",
            finding=finding.id,
            **sides,
        )
    ]


def apply(change: Change, app: App) -> None:
    """
    The server runs with more threads.
    """
    app.servers.apply(change)


def revert(change: Change, app: App) -> None:
    """
    It runs as before.
    """
    app.servers.revert(change)


def is_applied(change: Change, app: App) -> bool:
    """
    Whether it runs with more threads.
    """
    return app.servers.is_applied(change)


def has_remains(change: Change, app: App) -> bool:
    """
    Whether anything of the change is in force or runs.
    """
    return app.servers.has_remains(change)


def by_hand(change: Change) -> list[str]:
    """
    How a person has it run as before.
    """
    return fleet.by_hand(change)
