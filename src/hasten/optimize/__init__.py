"""
The catalogue of remedies: one file each, one folder per phase. The path is the id: `database.indexes`.

To add one is to add one file; there is no list to edit. Files whose name begins with an underscore are parts of a
remedy, not remedies.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from functools import cache
from typing import Protocol, cast

from hasten.application import App
from hasten.errors import ConfigError
from hasten.model import Change, Finding
from hasten.optimize.about import About

Progress = Callable[[float, str], None]


class Remedy(Protocol):
    """
    What a file of the catalogue offers; `hasten.testing.laws` says what must hold for it.

    A remedy that is better found for all findings together also has `propose_all(findings, app, progress)`.
    """

    __name__: str
    __doc__: str | None
    about: About

    def propose(self, finding: Finding, app: App) -> list[Change]:
        """
        The changes that would treat the finding; touches nothing of the application.
        """

    def apply(self, change: Change, app: App) -> None:
        """
        The change is in place; done twice is done once. Raises ApplyFailed: it is not, and nothing of it is left.
        """

    def revert(self, change: Change, app: App) -> None:
        """
        The application is as `change.before` says; done twice is done once. Raises RevertFailed.
        """

    def is_applied(self, change: Change, app: App) -> bool:
        """
        Whether the change is wholly in place, asked of the world.
        """

    def has_remains(self, change: Change, app: App) -> bool:
        """
        Whether anything of the change is there, be it half done.
        """

    def by_hand(self, change: Change) -> list[str]:
        """
        The exact commands with which a person undoes the change.
        """


@cache
def _found() -> dict[str, Remedy]:
    found: dict[str, Remedy] = {}
    for phase in pkgutil.iter_modules(__path__):
        if not phase.ispkg or phase.name.startswith("_"):
            continue
        package = importlib.import_module(f"{__name__}.{phase.name}")
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.startswith("_"):
                name = f"{phase.name}.{module.name}"
                found[name] = cast(Remedy, importlib.import_module(f"{__name__}.{name}"))
    return dict(sorted(found.items()))


def catalogue() -> dict[str, Remedy]:
    """
    Every remedy by its id, sorted.
    """
    return dict(_found())


def remedy(name: str) -> Remedy:
    """
    The remedy of that id.

    Raises:
        ConfigError: there is none.
    """
    try:
        return _found()[name]
    except KeyError:
        close = difflib.get_close_matches(name, _found(), n=1)
        raise ConfigError(
            f"there is no optimization {name!r}",
            hint=f"did you mean {close[0]!r}?" if close else f"known: {', '.join(_found()) or 'none'}",
        ) from None


def proposals(remedy: Remedy, findings: Sequence[Finding], app: App, progress: Progress) -> list[Change]:
    """
    What a remedy proposes for these findings, best first, each change once. Nothing of the application is touched.
    """
    together = getattr(remedy, "propose_all", None)
    if together is not None:
        found: list[Change] = together(list(findings), app, progress)
    else:
        found = [change for finding in findings for change in remedy.propose(finding, app)]
    return list({change.id: change for change in found}.values())
