"""
What `hasten check` found: one item for each budget, each route and whatever else was held against a limit.
"""

from enum import StrEnum

from hasten.model import Noun, Trial


class Status(StrEnum):
    """
    What is known of an item. Only HELD is good news.
    """

    HELD = "held"  # within its limit; of a regression: shown to be within it
    BROKEN = "broken"  # beyond its limit; of a regression: shown
    NOT_SHOWN = "not shown"  # neither the regression nor its absence is shown
    NO_DATA = "no data"  # nothing was measured


class Item(Noun, frozen=True, kw_only=True):
    """
    One thing that was held against a limit.

    group: budget · regression · answers · baseline. section, key: where hasten.toml says the limit.
    """

    group: str
    name: str
    status: Status
    says: str
    value: float | None = None
    limit: float | None = None
    section: str = "check"
    key: str = ""
    seconds: float = 0.0


class Checked(Noun, frozen=True, kw_only=True):
    """
    One run of `hasten check`.

    against: the commit that was run beside the working copy, if one was.
    """

    items: list[Item]
    against: str = ""
    objectives: dict[str, float | None] = {}
    trial: Trial | None = None
    notes: list[str] = []
    seconds: float = 0.0

    @property
    def broken(self) -> list[Item]:
        """
        What breaks the build.
        """
        return [item for item in self.items if item.status is Status.BROKEN]


def line_of(text: str, section: str, key: str) -> int:
    """
    The line of hasten.toml on which a key stands; that of its section, or the first, where it does not.
    """
    found, here = 1, ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if bare.startswith("["):
            here = bare.split("]")[0].strip("[] \t")
            if here == section:
                found = number
        name = bare.partition("=")[0].strip().strip("\"'")
        if "=" in bare and (here, name) in ((section, key), ("", f"{section}.{key}")):
            return number
    return found
