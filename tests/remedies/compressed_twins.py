"""
Store a compressed twin beside each page, and have the server send it.

What it does: writes `pages/NAME.gz` for each page, switches twins on in server.conf, and removes the list of pages.
When it helps: pages are compressed for each request, or not at all.
What it changes: files below the application's folder: one is edited, one is removed, the others are new.
How it goes back: the edited and the removed file are put back from the saved bytes, the new ones are removed.
What could go wrong: somebody edits one of the files meanwhile; then nothing is done.
"""

import gzip

from hasten.application import App
from hasten.model import Change, Finding, Kind, Risk, Where
from hasten.optimize.about import About
from hasten.world import patches

about = About(title="Store compressed twins", kind=Kind.FILES, risk=Risk.R2, treats=("slow_page",), improves=("time",))


def propose(finding: Finding, app: App) -> list[Change]:
    """
    One change for all pages.
    """
    pages = [path for path in sorted((app.root / "pages").iterdir()) if path.suffix != ".gz"]
    wanted: dict[str, bytes | None] = {
        f"pages/{path.name}.gz": gzip.compress(path.read_bytes(), mtime=0) for path in pages
    }
    conf = (app.root / "server.conf").read_bytes().replace(b"twins off", b"twins on")
    wanted |= {"server.conf": conf, "cache/pages.list": None, "cache/twins/list": b"twins\n"}
    sides = app.files.prepare(wanted)
    if sides is None:
        return []
    return [
        Change(
            optimization="toy.files",
            kind=Kind.FILES,
            where=Where(kind="application", name="pages"),
            risk=Risk.R2,
            why=finding.says,
            expects="fewer bytes",
            finding=finding.id,
            **sides,
        )
    ]


def apply(change: Change, app: App) -> None:
    """
    The twins are there and sent.
    """
    app.files.apply(change)


def revert(change: Change, app: App) -> None:
    """
    They are gone, and the configuration is as it was.
    """
    app.files.revert(change)


def is_applied(change: Change, app: App) -> bool:
    """
    Whether all files are in place.
    """
    return app.files.is_applied(change)


def has_remains(change: Change, app: App) -> bool:
    """
    Whether any is.
    """
    return app.files.has_remains(change)


def by_hand(change: Change) -> list[str]:
    """
    How a person puts the files back.
    """
    return patches.by_hand(change)
