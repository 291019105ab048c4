"""
What a step is: one thing that set-up makes, from what, and how to see that it is made already.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.environment.commands import Commands
from scripts.environment.stamps import Stamp


def nothing_to_skip() -> str | None:
    """
    Give no reason to leave a step out.
    """
    return None


def always_whole() -> bool:
    """
    Trust the stamp: what it names is all there is to see.
    """
    return True


@dataclass(frozen=True)
class Step:
    """
    One thing that set-up makes.

    Args:
        name: How stamps, logs and `--json` call it.
        says: What a person reads.
        inputs: A digest of all it depends on.
        make: Makes it and returns the paths whose presence proves it.
        skip: Why there is nothing to do here at all, or None.
        is_whole: Asks the thing itself whether it works.
    """

    name: str
    says: str
    inputs: Callable[[], str]
    make: Callable[[Commands], Iterable[Path]]
    skip: Callable[[], str | None] = nothing_to_skip
    is_whole: Callable[[], bool] = always_whole


def stamps_of(root: Path) -> Path:
    """
    Name the folder of the stamps; no tool but set-up writes there.
    """
    return root / ".cache" / "setup"


def is_done(step: Step, root: Path) -> bool:
    """
    Say whether making the step would change nothing.
    """
    return Stamp(stamps_of(root), step.name).holds(step.inputs(), root) and step.is_whole()


def make(step: Step, root: Path, commands: Commands) -> None:
    """
    Make the step; it is stamped only when all of it succeeded.
    """
    stamp = Stamp(stamps_of(root), step.name)
    stamp.remove()
    inputs = step.inputs()
    made = list(step.make(commands))
    stamp.write(inputs, made, root)
