"""
Where the agent can be made to fail: what a server has really passed, from its start to its last answer.

A function that the agent calls itself fails at its beginning. One that others call (the server, the application, a
driver, the interpreter), or through which the agent calls them, cannot: nobody could tell its failure from theirs. Of
such a function each statement fails of which the agent says that it catches what goes wrong there, unless the statement
is the call to the others.
"""

from dataclasses import dataclass, field
from pathlib import Path

#: Call an application, or a server, that is a coroutine function: no frame shows that.
HANDS_ON = {
    "hasten_runtime.http.asgi:Agent._obedient",
    "hasten_runtime.telemetry.request:Doing.watched",
    "hasten_runtime.telemetry.traces.on_asgi:Traced._sending.sent",
}
#: What starts the program: nobody is there to do it instead.
PROGRAM = {f"hasten_runtime.launch:{name}" for name in ("<module>", "main", "become")}


@dataclass
class Seen:
    """
    What was passed, as the injector has written it down.

    Attributes:
        inner: Functions that were called by the agent.
        entry: Functions that were called by others.
        out: function → lines from which others were called.
    """

    inner: list[str] = field(default_factory=list)
    entry: set[str] = field(default_factory=set)
    out: dict[str, set[int]] = field(default_factory=dict)

    def points(self) -> list[str]:
        """
        What can be made to fail, in the order in which it was passed.
        """
        shared = self.entry | set(self.out) | HANDS_ON
        return [name for name in dict.fromkeys(self.inner) if self._is_point(name, shared)]

    def _is_point(self, name: str, shared: set[str]) -> bool:
        function, _, lines = name.partition("#")
        if name in PROGRAM:
            return False
        if not lines:
            return function not in shared
        first, last = map(int, lines.split("-"))
        # A statement of a function that fails as a whole tells nothing more.
        is_whole = function in self.inner and function not in shared
        return not is_whole and not any(first <= line <= last for line in self.out.get(function, ()))


def read(path: Path, begin: int = 0, end: int | None = None) -> Seen:
    """
    What stands in that part of the injector's file.
    """
    seen = Seen()
    for line in path.read_bytes()[begin:end].decode().splitlines():
        role, name, *more = line.split("\t")
        if role == "out":
            seen.out.setdefault(name, set()).add(int(more[0]))
        elif role == "entry" and "#" not in name:
            seen.entry.add(name)
        else:
            seen.inner.append(name)
    return seen
