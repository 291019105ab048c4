"""
Traces written by hand: what a request did, in the words of a test.
"""

from collections.abc import Sequence
from typing import Any

from hasten.trace import Step, Trace, Traces

MS = 1_000_000


class Written:
    """
    Traces with their names, as the evidence of an observation has them.
    """

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self.taken: list[Trace] = []

    def name(self, text: str) -> int:
        """
        The number of a name.
        """
        return self._names.setdefault(text, len(self._names))

    def step(
        self,
        kind: str,
        begins_ms: float,
        takes_ms: float,
        name: str = "",
        *,
        at: str | Sequence[str] = "shop/orders.py:42 show",
        detail: str = "v",
        rows: int = -1,
    ) -> Step:
        """
        One step; `at`: the line that made it, or several, nearest first.
        """
        places = [at] if isinstance(at, str) else at
        return Step(
            kind, int(begins_ms * MS), int(takes_ms * MS), self.name(name or kind), detail, rows,
            [self.name(place) for place in places if place],
        )  # fmt: skip

    def add(self, *steps: Step, route: str = "GET /api/inquiries", takes_ms: float = 100.0, **given: Any) -> None:
        """
        One more request, a second after the one before.
        """
        values: dict[str, Any] = {"pid": 7, "at": 1000.0 + len(self.taken), "status": 200, "identity": "agent"}
        values |= {"asked": f"{len(self.taken)}", "answer": f"{len(self.taken)}", "sent_bytes": 20_000}
        self.taken.append(Trace(route=route, duration_ns=int(takes_ms * MS), steps=list(steps), **values | given))

    @property
    def traces(self) -> Traces:
        """
        All of them.
        """
        return Traces(names=list(self._names), taken=self.taken, read=len(self.taken))


def healthy() -> Traces:
    """
    Thirty requests of an application that has none of the faults: a pool, two quick statements, nothing asked twice.
    """
    of = Written()
    for number in range(30):
        of.add(
            of.step("dependencies", 1, 2, "fastapi.solve_dependencies", at=""),
            of.step("pool", 4, 0.2, "sqlalchemy", detail=""),
            of.step("db", 5, 3, "SELECT id, subject FROM inquiries ORDER BY id OFFSET ?", detail=f"{number}", rows=50),
            of.step("db", 9, 2, "SELECT id, name FROM roles WHERE id = ANY(?)", detail=f"{number} ids", rows=4),
            of.step("serialize", 12, 1, "fastapi.serialize_response", at="", detail=""),
            takes_ms=15,
        )
    return of.traces
